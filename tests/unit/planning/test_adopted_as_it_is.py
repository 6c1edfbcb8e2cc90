"""Taking over changes nothing that other programs act on without a word of its own, and the refusal says what would change."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.model.canonical import canonical_bytes
from controller.model.plan import Cause, Change
from tests.unit.planning.guarded import judge
from tests.unit.planning.worlds import change

KINDS = kinds()


def adopted(text: str, table: str, before: Any, after: Any, **more: Any) -> Change:
    old, new = (canonical_bytes({table: item}) for item in (before, after))
    return change(text, **{"cause": Cause.ADOPTED, "before": old, "after": new, **more})


def upstream(**host: Any) -> dict[str, Any]:
    return {"Upstream": "c50-a", "Hosts": [{"DnsName": "a-b", "Port": 1, **host}]}


ROUTE = "InfraConfigLBUpstream"


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (adopted("Upstream/a", ROUTE, upstream(State="up"), upstream(State="up")), ""),
        (
            adopted("Upstream/a", ROUTE, upstream(Weight="1"), upstream(Weight=1, MaxFails=None)),
            "",
        ),
        (
            adopted("Upstream/a", ROUTE, upstream(State="up"), upstream(State="down")),
            "Upstream/a (Hosts.a-b:1.State)",
        ),
        (
            adopted("Upstream/a", ROUTE, {**upstream(), "SchemaVersion": "1"}, upstream()),
            "",
        ),
        (
            adopted("Upstream/a", ROUTE, upstream(), {**upstream(), "AccountId": "x"}),
            "Upstream/a (AccountId)",
        ),
        (
            adopted("Account/a", "InfraConfigAccounts", {"IsProd": True}, {}),
            "",
        ),
        (adopted("Nobody/knows", ROUTE, upstream(), {}), ""),
        (
            adopted("Upstream/a", ROUTE, upstream(), {}, cause=Cause.EDITED),
            "",
        ),
    ],
)
def test_what_would_change_for_others_is_refused_and_named(made: Change, told: str) -> None:
    found = judge([], [made], kinds=KINDS)

    assert [one.guard for one in found] == (["adoptAsItIs"] if told else [])
    assert all(told in one.message and one.overridable for one in found)


def test_many_are_told_by_their_first_and_counted_all() -> None:
    made = [
        adopted(f"Upstream/u{n:02}", ROUTE, upstream(Weight=1), upstream(Weight=2))
        for n in range(12)
    ]
    (violation,) = judge([], made, kinds=KINDS)

    assert len(violation.counted) == 12
    assert "Upstream/u09" in violation.message
    assert "Upstream/u10" not in violation.message
    assert violation.message.endswith("and 2 more")
