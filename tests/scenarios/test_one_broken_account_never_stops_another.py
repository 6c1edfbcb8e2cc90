"""What cannot be reached waits or is unknown, with what mends it; modes, locks and freezes hold what they should and nothing else.

Covers: engine.live.finding, engine.live.observe.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from moto import mock_aws

from controller.aws.errors import RoleNotReady
from controller.aws.live_look import look
from controller.aws.sessions import AwsAccess
from controller.errors import AccessDenied, Throttled
from controller.model.live import LiveLook, LiveScope
from controller.model.observed import ObservedState, ScopeState
from controller.model.plan import ScopePlan
from controller.ports import LiveReads
from tests.support.extension_targets.owners import OwnerParameters
from tests.support.fleet_yaml import account, environment
from tests.support.live_accounts import SCOPE, LiveEstate, live_changes, live_scopes

PROD = "prod-eu/eu-west-1"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    with mock_aws():
        made = LiveEstate(tmp_path / "fleet").has({"prod.yaml": account("prod-eu")}).connected()
        yield made.has(
            {"c50.yaml": environment("c50"), "p1.yaml": environment("p1", kind="prod-eu")}
        )


def states(estate: LiveEstate, *scopes: str) -> dict[str, ScopePlan]:
    return {one.scope: one for one in live_scopes(estate.planned(*scopes))}


def break_look(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def look_or_fail(access: AwsAccess, scope: LiveScope, now: datetime) -> LiveLook:
        if scope.name == PROD:
            raise error
        return look(access, scope, now)

    monkeypatch.setattr("controller.engine.live.observe.look", look_or_fail)


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (RoleNotReady("account 9: no role\n  fix: make one"), "waiting", 6),
        (AccessDenied("look: access denied"), "unknown", 6),
        (Throttled("look: AWS throttles"), "unknown", 5),
    ],
)
def test_what_cannot_be_looked_at(
    estate: LiveEstate,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    state: str,
    code: int,
) -> None:
    break_look(monkeypatch, error)

    whole = estate.planned()
    found = states(estate)
    report = estate.applied()

    assert whole.exit_code == 2
    assert estate.planned(strict_live=True).exit_code == code
    assert found[PROD].state == state
    assert str(error).partition("\n")[0] in found[PROD].reason
    assert ("envctl doctor prod-eu/eu-west-1" in found[PROD].reason) is (state == "waiting")
    assert found[PROD].changes == ()
    assert found[SCOPE].state is ScopeState.OK
    assert report.exit_code == 0
    assert estate.client("ssm").get_parameter(Name="/owners/c50")
    status = estate.statuses()[PROD]
    assert (status.state, status.failures, status.looked_at) == (state, 1, None)
    assert status.retry_at is not None
    assert status.retry_at > estate.clock.now
    monkeypatch.undo()
    estate.applied()
    assert estate.statuses()[PROD].state is ScopeState.OK
    assert estate.client("ssm", "prod-eu").get_parameter(Name="/owners/p1")


@pytest.mark.slow
def test_one_target_that_cannot_look_leaves_the_others(estate: LiveEstate) -> None:
    class Blind(OwnerParameters):
        name = "blind"
        kinds = ("Blind",)

        def observe(self, look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
            raise AccessDenied("blind: access denied to ssm:GetParameter")

    estate.targets = (*estate.targets, Blind())
    found = [one for one in live_scopes(estate.planned()) if one.scope == SCOPE]
    assert [one.state for one in found] == ["ok", "unknown"]
    assert found[1].reason.startswith("blind: access denied")
    assert estate.applied().exit_code == 0
    assert estate.statuses()[SCOPE].state == "unknown"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "of_account", "state"),
    [
        ("enforce", "enforce", "ok"),
        ("enforce", "observe", "observe"),
        ("observe", "enforce", "observe"),
        ("enforce", "off", None),
        ("off", "enforce", None),
    ],
)
def test_the_weaker_mode_wins(
    estate: LiveEstate, target: str, of_account: str, state: str | None
) -> None:
    estate.settings_text = f"targets: {{others: {{owners: {target}}}}}"
    estate.has({"staging.yaml": account("staging-eu", mode=of_account)})
    found = states(estate).get(SCOPE)
    assert (found.state if found else None) == state
    if found:
        assert len(found.changes) == 1
    estate.applied("config")
    # What is only observed is shown; a plan has nothing to apply for it.
    assert estate.planned(SCOPE if state else "config").exit_code == (2 if state == "ok" else 0)
    estate.applied()
    parameters = estate.client("ssm").get_parameters(Names=["/owners/c50"])["Parameters"]
    assert bool(parameters) is (state == "ok")


@pytest.mark.slow
def test_a_fresh_install_observes(estate: LiveEstate) -> None:
    estate.settings_text = ""
    assert {one.state for one in states(estate).values()} == {ScopeState.OBSERVE}
    targets = estate.settings.targets
    modes = {name: targets.of(name) for name in ("tables", "groups", "power", "replicas", "x")}
    assert modes == {
        "tables": "enforce",
        "groups": "observe",
        "power": "observe",
        "replicas": "off",
        "x": "observe",
    }


@pytest.mark.slow
def test_a_deploy_lock_holds_that_environment_alone(estate: LiveEstate) -> None:
    estate.has(
        {
            "c50.yaml": environment("c50", more=", deploymentsLocked: true"),
            "c51.yaml": environment("c51"),
        }
    )
    plan = states(estate)[SCOPE]
    assert [one.ref.key for one in plan.changes] == [f"{SCOPE}/c51"]
    (note,) = [note for note in plan.notes if note.category == "blocked"]
    assert note.text == (
        "deployments to Environment/c50 are locked until its deploymentsLocked says false"
    )


def freeze(day: date) -> dict[str, str]:
    return {
        "freeze.yaml": "apiVersion: envctl/v1\nkind: Calendar\nmetadata: {name: launch}\n"
        f'spec: {{dates: [{{date: "{day}", name: Launch day}}]}}\n',
        "staging.yaml": account("staging-eu", of_type=", freeze: [launch]"),
    }


@pytest.mark.slow
def test_a_freeze_holds_until_it_is_over_or_approved(estate: LiveEstate) -> None:
    today = estate.clock.now.date()
    estate.has(freeze(today))
    plan = states(estate)[SCOPE]
    assert plan.changes == ()
    (note,) = plan.notes
    assert "EnvironmentType/staging-eu is frozen: Launch day (Calendar/launch)" in note.text
    token = note.text.rpartition("--approve ")[2]
    estate.applied("config")
    assert len(live_changes(estate.planned(SCOPE, approvals=(token,)))) == 1
    estate.has(freeze(today - timedelta(days=1)))
    assert [one.scope for one in live_scopes(estate.planned()) if one.changes] == [PROD]
    estate.applied("config")
    assert len(live_changes(estate.planned())) == 2


@pytest.mark.slow
def test_reading_writes_nothing(estate: LiveEstate, monkeypatch: pytest.MonkeyPatch) -> None:
    estate.applied()
    sent: list[str] = []

    def spy(self: OwnerParameters, seen: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
        events = reads.client("ssm").meta.events
        events.register("before-call", lambda model, **_: sent.append(model.name))
        return observe(self, seen, reads, deep)

    observe = OwnerParameters.observe
    monkeypatch.setattr(OwnerParameters, "observe", spy)
    rows = estate.rows()
    estate.planned()
    assert set(sent) == {"GetParametersByPath"}
    assert estate.rows() == rows


@pytest.mark.slow
def test_a_protected_schedule_changes_in_a_revision_after_the_one_that_gives_the_protection_up(
    estate: LiveEstate,
) -> None:
    protected = account("staging-eu", of_type=", protectedActions: [SCHEDULE_ENVIRONMENT]")
    estate.has({"staging.yaml": protected, "c51.yaml": environment("c51")})
    estate.applied("config")
    estate.has(
        {
            "staging.yaml": account("staging-eu"),
            "c50.yaml": environment("c50", more=", schedule: on"),
            "c51.yaml": environment("c51", owner="Search"),
            "p1.yaml": environment("p1", kind="prod-eu", more=", schedule: on"),
        }
    )
    (config,) = estate.planned("config").plan.scopes
    (violation,) = config.violations
    assert (
        "EnvironmentType/staging-eu is protected against SCHEDULE_ENVIRONMENT" in violation.message
    )
    assert not violation.overridable

    # Lifting a protection and using it take two revisions.
    estate.has({"c50.yaml": environment("c50")})
    changed = {str(change.ref) for change in estate.planned("config").plan.changes}
    assert changed == {"EnvironmentType/staging-eu", "Environment/c51", "Environment/p1"}
    estate.applied("config")
    estate.has({"c50.yaml": environment("c50", more=", schedule: on")})
    assert [str(one.ref) for one in estate.planned("config").plan.changes] == ["Environment/c50"]
