"""With the source gone, a broken commit or a refused plan, live accounts are kept as was last accepted.

Covers: engine.reconcile.partly_applied.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.items import to_wire
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.engine.state.override_rows import row_of_override
from controller.errors import ExitCode, InvalidDesiredState, PlanRefused, SourceUnavailable
from controller.model.override import Override
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from tests.support.fleet_yaml import account, environment
from tests.support.live_accounts import SCOPE, LiveEstate, live_changes, live_scopes
from tests.support.reconcilers import asked

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
    ("trouble", "error", "code"),
    [
        (source_is_gone, SourceUnavailable, ExitCode.TRY_AGAIN),
        (commit_is_broken, InvalidDesiredState, ExitCode.DESIRED_STATE_WRONG),
        (plan_is_refused, PlanRefused, ExitCode.REFUSED),
    ],
)
def test_drift_is_healed_all_the_same(
    estate: LiveEstate, trouble: Callable[[LiveEstate], None], error: type[Exception], code: int
) -> None:
    trouble(estate)
    estate.client("ssm").delete_parameter(Name="/owners/e0")

    done = estate.applied_once()

    assert done.exit_code == code
    assert isinstance(done.planned.source_error or done.refused, error)
    assert done.report is not None
    assert [outcome.status for outcome in done.report.outcomes] == ["applied"]
    assert estate.statuses()["config"].state in ("stalled", "refused")
    names = [f"/owners/e{n}" for n in range(5)]
    found = estate.client("ssm").get_parameters(Names=names)["Parameters"]
    assert {json.loads(one["Value"])["owner"] for one in found} == {"Tango"}
    assert len(found) == 5
    assert live_changes(estate.planned(SCOPE)) == []
    # With nothing to heal the trouble is all there is to say.
    with pytest.raises(error):
        estate.applied_once()


@pytest.mark.slow
def test_an_item_that_cannot_be_written_keeps_no_account_from_being_healed(
    estate: LiveEstate,
) -> None:
    estate.client("ssm").delete_parameter(Name="/owners/e4")
    estate.has({f"{name}.yaml": environment(name, owner="Search") for name in ("e0", "e1")})
    run, request = estate.reconciler(estate.live()), asked()
    planned = run.plan(request)
    # Another program writes the item meanwhile.
    estate.installation.master.client.update_item(
        TableName="ConfigEnvironments",
        Key={"EnvironmentName": {"S": "e0"}},
        UpdateExpression="SET Audit.Version = :version",
        ExpressionAttributeValues={":version": {"N": "77"}},
    )

    done = run.apply(planned, request)

    assert done.exit_code == ExitCode.FAILED
    assert done.report is not None
    became = {str(outcome.change.ref): outcome for outcome in done.report.outcomes}
    assert {name: outcome.status.value for name, outcome in became.items()} == {
        "Environment/e0": "conflicted",
        "Environment/e1": "applied",
        f"OwnerParameter/{SCOPE}/e0": "skipped",
        f"OwnerParameter/{SCOPE}/e1": "applied",
        f"OwnerParameter/{SCOPE}/e4": "applied",
    }
    said = became[f"OwnerParameter/{SCOPE}/e0"].message
    assert "did not become what it was planned from" in said
    assert owner(estate) == "Tango"


@pytest.mark.slow
@pytest.mark.parametrize(
    "needs", [{"adopt": True}, {"reviewed": "f" * 64}, {"scopes": ("config",)}]
)
def test_what_needs_the_source_is_not_done_without_it(
    estate: LiveEstate, needs: dict[str, Any]
) -> None:
    scopes = needs.get("scopes", ())
    options = {name: value for name, value in needs.items() if name != "scopes"}
    commit_is_broken(estate)
    estate.client("ssm").delete_parameter(Name="/owners/e0")

    with pytest.raises(InvalidDesiredState):
        estate.applied_once(*scopes, **options)

    assert [str(one.ref) for one in live_changes(estate.planned(SCOPE))] == [
        f"OwnerParameter/{SCOPE}/e0"
    ]


@pytest.mark.slow
def test_a_refused_plan_shows_live_accounts_as_they_stay(estate: LiveEstate) -> None:
    plan_is_refused(estate)
    whole = estate.planned()
    assert whole.plan.scopes[0].state == "refused"
    assert live_changes(whole) == []


@pytest.mark.slow
def test_a_pull_request_shows_what_it_means_for_live_accounts(estate: LiveEstate) -> None:
    estate.has({"e0.yaml": environment("e0", owner="Search"), "e9.yaml": environment("e9")})

    whole = estate.planned()

    assert {(one.action, one.ref.key) for one in live_changes(whole)} == {
        ("update", f"{SCOPE}/e0"),
        ("create", f"{SCOPE}/e9"),
    }
    # Nothing was written: the tables, and so what is accepted, are as they were.
    assert live_changes(estate.planned(SCOPE)) == []


@pytest.mark.slow
def test_a_new_account_appears_with_the_commit_that_brings_it(estate: LiveEstate) -> None:
    estate.has({"prod.yaml": account("prod-eu"), "p1.yaml": environment("p1", kind="prod-eu")})
    whole = estate.planned()
    assert [(scope.scope, scope.state) for scope in live_scopes(whole)] == [
        ("prod-eu/eu-west-1", "waiting"),
        (SCOPE, "ok"),
    ]
    assert live_changes(whole) == []
    estate.applied_once()
    assert estate.statuses()["prod-eu/eu-west-1"].state == "waiting"
    reached = live_changes(estate.planned())
    assert [str(one.ref) for one in reached] == ["OwnerParameter/prod-eu/eu-west-1/p1"]


@pytest.mark.slow
def test_what_we_made_and_somebody_deleted_is_drift(estate: LiveEstate) -> None:
    estate.client("ssm").delete_parameter(Name="/owners/e0")
    estate.has({"e9.yaml": environment("e9")})
    found = {one.ref.key: one.cause for one in live_changes(estate.planned())}
    assert found == {f"{SCOPE}/e0": Cause.DRIFTED, f"{SCOPE}/e9": Cause.EDITED}


def owner(estate: LiveEstate) -> str:
    (found,) = estate.client("ssm").get_parameters(Names=["/owners/e0"])["Parameters"]
    told: str = json.loads(found["Value"])["owner"]
    return told


def released(estate: LiveEstate) -> None:
    key = to_wire({"Id": "override#o1"})
    estate.installation.master.store.write(DeleteWrite("EnvctlState", key))


def time_is_up(estate: LiveEstate) -> None:
    # Not by an hour: credentials of the sandbox last so long by the real clock.
    estate.clock.sleep(1801)


@pytest.mark.slow
@pytest.mark.parametrize("ends", [time_is_up, released])
def test_an_override_ends_where_git_is_out_of_reach(
    estate: LiveEstate, ends: Callable[[LiveEstate], None]
) -> None:
    now = estate.clock.now
    ref, until = ResourceRef("Environment", "e0"), now + timedelta(minutes=30)
    one = Override("o1", ref, "tonight", "ada", now, "owningCluster", "Search", until)
    row = to_wire(row_of_override(one))
    estate.installation.master.store.write(PutWrite("EnvctlState", row))
    estate.applied()
    assert owner(estate) == "Search"
    assert estate.planned().exit_code == 0

    files = {path.name: path.read_text() for path in estate.folder.iterdir()}
    source_is_gone(estate)
    estate.applied(SCOPE)
    assert owner(estate) == "Search"
    ends(estate)

    assert estate.applied(SCOPE).exit_code == 0
    assert owner(estate) == "Tango"
    # The tables follow when the source is back; accounts have nothing left to do then.
    estate.has(files)
    assert estate.planned().exit_code == 2
    assert estate.applied().exit_code == 0
    assert estate.planned().exit_code == 0
    assert owner(estate) == "Tango"
