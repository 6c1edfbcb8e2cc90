"""With the source gone, a broken commit or a refused plan, live accounts are kept as was last accepted."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from controller.errors import InvalidDesiredState, PlanRefused, SourceUnavailable
from tests.support.live_accounts import (
    SCOPE,
    LiveEstate,
    account,
    environment,
    live_changes,
    live_scopes,
)

FLEET = {f"e{n}.yaml": environment(f"e{n}") for n in range(5)}


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    with mock_aws():
        made = LiveEstate(tmp_path / "fleet").has(FLEET)
        made.applied()
        yield made


def source_is_gone(estate: LiveEstate) -> None:
    for path in list(estate.folder.iterdir()):
        path.unlink()


def commit_is_broken(estate: LiveEstate) -> None:
    estate.has({"e0.yaml": environment("e0", owner="Nobody")})


def plan_is_refused(estate: LiveEstate) -> None:
    estate.has(dict.fromkeys(FLEET))


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (source_is_gone, SourceUnavailable),
        (commit_is_broken, InvalidDesiredState),
        (plan_is_refused, PlanRefused),
    ],
)
def test_drift_is_healed_all_the_same(
    estate: LiveEstate, trouble: Callable[[LiveEstate], None], error: type[Exception]
) -> None:
    trouble(estate)
    estate.client("ssm").delete_parameter(Name="/owners/e0")

    with pytest.raises(error):
        estate.applied()
    report = estate.applied(SCOPE)

    assert report.exit_code == 0
    names = [f"/owners/e{n}" for n in range(5)]
    found = estate.client("ssm").get_parameters(Names=names)["Parameters"]
    assert {json.loads(one["Value"])["owner"] for one in found} == {"Tango"}
    assert len(found) == 5
    assert live_changes(estate.planned(SCOPE)) == []


def test_a_refused_plan_shows_live_accounts_as_they_stay(estate: LiveEstate) -> None:
    plan_is_refused(estate)
    whole = estate.planned()
    assert whole.plan.scopes[0].state == "refused"
    assert live_changes(whole) == []


def test_a_pull_request_shows_what_it_means_for_live_accounts(estate: LiveEstate) -> None:
    estate.has({"e0.yaml": environment("e0", owner="Search"), "e9.yaml": environment("e9")})

    whole = estate.planned()

    assert {(one.action, one.ref.key) for one in live_changes(whole)} == {
        ("update", f"{SCOPE}/e0"),
        ("create", f"{SCOPE}/e9"),
    }
    # Nothing was written: the tables, and so what is accepted, are as they were.
    assert live_changes(estate.planned(SCOPE)) == []


def test_a_new_account_appears_with_the_commit_that_brings_it(estate: LiveEstate) -> None:
    estate.has({"prod.yaml": account("prod-eu"), "p1.yaml": environment("p1", kind="prod-eu")})
    whole = estate.planned()
    assert [scope.scope for scope in live_scopes(whole)] == ["prod-eu/eu-west-1", SCOPE]
    assert [str(one.ref) for one in live_changes(whole)] == ["OwnerParameter/prod-eu/eu-west-1/p1"]
