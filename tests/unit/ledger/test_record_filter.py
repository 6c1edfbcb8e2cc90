"""Lines of the ledger are kept by kind, name, environment, commit and type of change; all that is given has to fit."""

from dataclasses import replace

import pytest

from controller.ledger.record_filter import ANY_RECORD, RecordFilter
from controller.ledger.records import POWER, EntityKey
from controller.ledger.summaries import RecordSummary, summary_of
from tests.unit.ledger.ledgers import image, records_of, write

LINE = summary_of(records_of([[write("Search", None, image("Search", 1))]])[0])
IN_SCOPE = "staging/eu-west-1"
OF_ENVIRONMENTS = {"Environments": False, "Upstreams": True, "Group": True, POWER: False}


def of(table: str, hash_key: str, range_key: str | None = None) -> RecordSummary:
    return replace(LINE, entity=EntityKey(table, hash_key, range_key))


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (ANY_RECORD, True),
        (RecordFilter(tables=frozenset({"t-InfraConfigServices"})), True),
        (RecordFilter(tables=frozenset({"Group"})), False),
        (RecordFilter(name="Search"), True),
        (RecordFilter(name="Sea"), False),
        (RecordFilter(who="ada@example.com"), True),
        (RecordFilter(who="ADA"), True),
        (RecordFilter(who="ben"), False),
        (RecordFilter(commit="9f1e0aa"), True),
        (RecordFilter(commit="9f1e0ab"), False),
        (RecordFilter(change_types=frozenset({"Created"})), True),
        (RecordFilter(change_types=frozenset({"Deleted"}), name="Search"), False),
        (RecordFilter(environment="Search"), False),
    ],
)
def test_what_is_given_has_to_fit(wanted: RecordFilter, fits: bool) -> None:
    assert wanted.wants(LINE) is fits


@pytest.mark.parametrize(
    ("record", "fits"),
    [
        (of("Environments", "c50"), True),
        (of("Environments", "c5"), False),
        (of("Upstreams", "/c50_Search/config"), True),
        (of("Upstreams", "/c51_c50/config"), False),
        (of("Group", f"{IN_SCOPE}/c50-ta-Web"), True),
        (of("Group", f"{IN_SCOPE}/c500-ta-Web"), False),
        (of(POWER, f"{IN_SCOPE}/c50"), True),
        (of("Services", "c50"), False),
    ],
)
def test_what_belongs_to_an_environment(record: RecordSummary, fits: bool) -> None:
    wanted = RecordFilter(environment="c50", of_environments=OF_ENVIRONMENTS)
    assert wanted.wants(record) is fits


@pytest.mark.parametrize(
    ("of_what", "fits"),
    [
        ("Environment/c50", True),
        ("Environment/c5", False),
        (f"Group/{IN_SCOPE}/c50-ta-Web", True),
        ("Service/c50", False),
        ("", False),
    ],
)
def test_overrides_of_an_environment_belong_to_it(of_what: str, fits: bool) -> None:
    wanted = RecordFilter(
        environment="c50", overrides="State", of_kinds={"Environment": False, "Group": True}
    )
    assert wanted.wants(replace(of("State", "override#1"), origin=of_what)) is fits


@pytest.mark.parametrize(
    ("name", "fits"), [("c50", True), ("c50-ta-Web", False), ("override#1", True), ("c5", False)]
)
def test_an_override_goes_by_the_name_of_what_it_holds(name: str, fits: bool) -> None:
    held = replace(of("State", "override#1"), origin="Environment/c50")
    assert RecordFilter(name=name, overrides="State").wants(held) is fits
    assert not RecordFilter(name="Environment/c50").wants(held)


def test_power_is_left_out_and_kinds_of_one_table_are_told_by_their_key() -> None:
    assert not RecordFilter(power=False).wants(of(POWER, f"{IN_SCOPE}/c50"))
    one_kind = RecordFilter(tables=frozenset({"EnvctlConfig"}), hash_key="Schedule")
    assert one_kind.wants(of("EnvctlConfig", "Schedule", "office-hours"))
    assert not one_kind.wants(of("EnvctlConfig", "Calendar", "office-hours"))
