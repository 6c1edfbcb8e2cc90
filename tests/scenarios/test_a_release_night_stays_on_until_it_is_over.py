"""Somebody keeps an environment on for a release night: shown, recorded, started at once, announced and recorded at its end.

Covers: engine.live.run_memory, engine.overrides.check, engine.overrides.effect, engine.overrides.service,
engine.reconcile.combined_plan, engine.reconcile.ended_overrides.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from controller.engine.commit.lease import Claim
from controller.engine.config.observe import observe_config
from controller.engine.live.planner import LivePlanOptions
from controller.engine.overrides.service import OverrideAsked, Overrides, Prepared
from controller.engine.power.fleet import CachedLook, accepted_now, find_object
from controller.engine.queries.explain.explanation import Block, BlockCode, Explanation, StepKind
from controller.engine.queries.explain.instance import PowerExplainer
from controller.engine.reconcile.ended_overrides import announce, record_ends
from controller.engine.state.override_commit import Ending
from controller.errors import InvalidDesiredState, PlanRefused, WrongUsage
from controller.events import Event, OverrideEnded, OverrideEndsSoon
from controller.model.ledger_record import Requester
from controller.model.observed import ScopeState
from controller.model.override import Override
from controller.model.plan import Approval, Cause
from controller.model.ref import ResourceRef
from controller.planning.overrides import ended
from controller.settings import Mode, Settings, TargetModes
from controller.views.override_report import done_lines, prepared_lines, report_json
from tests.support.documents import printed
from tests.support.embedded_aws import AwsForTests
from tests.support.fleet_yaml import account
from tests.support.power_estate import EVENING, MORNING, PERSON, PowerEstate

WEB = "c50-ta-Web"
SCOPE = "staging-eu/eu-west-1"


class Night(PowerEstate):
    """An estate whose mode of power can be changed."""

    mode: Mode = "enforce"

    @property
    def settings(self) -> Settings:
        """The settings, in the mode of now."""
        return super().settings.model_copy(update={"targets": TargetModes(power=self.mode)})


@pytest.fixture
def evening(sandbox: AwsForTests, tmp_path: Path) -> Night:
    """Office hours are over: c50's group is parked, an instance of c51 is stopped."""
    made = Night(sandbox, tmp_path / "fleet")
    made.tick()
    made.group(WEB)
    made.instance("c51")
    made.at(EVENING).tick()
    assert set(made.states().values()) == {"stopped"}
    return made


def overrides(estate: PowerEstate) -> Overrides:
    now = estate.clock.now
    return Overrides(accepted_now(estate.installation, now, estate.accounts()), now, PERSON)


def asked(
    what: str, *assignments: str, until: str | None = "+5m", git: bool = False
) -> OverrideAsked:
    return OverrideAsked(
        what=what,
        assignments=assignments,
        until=until,
        until_git=git,
        reason="release night",
    )


def prepared(
    estate: PowerEstate, *words: str, until: str | None = "+5m"
) -> tuple[Overrides, Prepared]:
    made = overrides(estate)
    return made, made.prepare(asked(*words, until=until), lambda _: "")


def explained(estate: PowerEstate, what: str) -> Explanation:
    now = estate.clock.now
    state = accepted_now(estate.installation, now, estate.accounts())
    looked = CachedLook(state, now)
    ref = find_object(what, state.accepted, looked.evaluate)
    return PowerExplainer(state, looked.evaluate(ref), now, now).explain(ref)


def on_record(estate: PowerEstate) -> tuple[Override, ...]:
    return observe_config(estate.installation).overrides


def holds(estate: PowerEstate, what: str = "c50", until: str = "+5m") -> None:
    made, ready = prepared(estate, what, "schedule=on", until=until)
    made.carry_out(ready)


def test_it_says_what_starts_and_when_it_ends_and_starts_at_once(evening: PowerEstate) -> None:
    made, ready = prepared(evening, "c50", "schedule=on")
    first, starts = prepared_lines(ready)
    assert first.startswith("c50 on until ")
    assert first.endswith(", then office-hours again: OFF")
    assert starts == f"Starts now: 3 instances ({WEB} 3)"
    assert on_record(evening) == ()

    done = made.carry_out(ready)

    (line,) = done_lines(ready, done)
    assert line.startswith("Started 3 of 3 in ")
    assert line.endswith("release early: envctl override release c50")
    assert evening.lifecycles(WEB) == ["InService"] * 3
    assert sorted(evening.states().values()) == ["running"] * 3 + ["stopped"]
    (row,) = on_record(evening)
    assert (str(row.ref), row.value, row.reason) == ("Environment/c50", "on", "release night")
    (record,) = [one for one in evening.records("config") if one.entity_type == "EnvctlState"]
    assert (record.change_type, record.cause, record.changed_by) == (
        "Created",
        "overridden",
        "envctl",
    )
    assert (record.new_value or {})["Reason"] == "release night"
    shown = printed("override", report_json(ready, done, evening.clock.now))
    assert shown["effect"]["starts"] == {WEB: 3}
    assert shown["written"] is True


@pytest.mark.slow
def test_before_it_ends_it_is_announced_and_its_end_is_recorded_once(evening: PowerEstate) -> None:
    holds(evening)
    told: list[Event] = []
    now = EVENING + timedelta(minutes=2)
    assert announce(on_record(evening), now, timedelta(minutes=1), told.append) == ()
    (soon,) = announce(on_record(evening), now, timedelta(minutes=30), told.append)
    assert isinstance(told[-1], OverrideEndsSoon)

    evening.tick(*on_record(evening))
    assert evening.lifecycles(WEB) == ["InService"] * 3
    later = evening.at(EVENING + timedelta(minutes=6)).clock.now
    evening.tick(*on_record(evening))
    assert evening.lifecycles(WEB) == ["Standby"] * 3
    ends = [Ending(override, why) for override, why in ended(on_record(evening), later, {})]
    gone = record_ends(
        evening.installation, ends, Claim("worker"), Requester("worker", "schedule"), told.append
    )

    assert [one.override.id for one in gone] == [soon.id]
    assert isinstance(told[-1], OverrideEnded)
    assert told[-1].because.startswith("its time was up at ")
    assert on_record(evening) == ()
    made, gone_again = [
        one for one in evening.records("config") if one.entity_type == "EnvctlState"
    ]
    assert (made.change_type, gone_again.change_type) == ("Created", "Deleted")
    assert gone_again.actor.trigger.startswith("override ended: its time was up")
    assert (
        record_ends(
            evening.installation,
            ends,
            Claim("worker"),
            Requester("worker", "schedule"),
            told.append,
        )
        == ()
    )


@pytest.mark.slow
def test_its_end_is_the_clocks_and_meets_no_limit_of_edits(evening: Night) -> None:
    evening.guards = {"maxStopsByEdit": 1}
    holds(evening)
    evening.tick(*on_record(evening))

    ended = evening.at(EVENING + timedelta(minutes=6)).tick(*on_record(evening))

    assert ended.plan.refused == ()
    assert evening.lifecycles(WEB) == ["Standby"] * 3
    assert {one.cause for one in ended.plan.changes} == {Cause.SCHEDULED}


@pytest.mark.slow
def test_more_than_an_edit_may_stop_an_override_stops_once_that_is_approved(evening: Night) -> None:
    evening.at(MORNING).tick()
    evening.guards = {"maxStopsByEdit": 1}

    made, ready = prepared(evening, "c50", "schedule=off")
    assert f"  {SCOPE}: 3 are more than guards.maxStopsByEdit" in list(prepared_lines(ready))[2]
    done = made.carry_out(ready)

    assert done.exit_code == 3
    lines = list(done_lines(ready, done))
    assert lines[1].startswith(f"  refused  {SCOPE}: 3 instances would be stopped by an edit")
    assert f"--approve {done.refused[0].token}" in lines[3]
    assert evening.lifecycles(WEB) == ["InService"] * 3
    # What it says to type then does it.
    accounts, accepted = evening.accounts(), evening.accepted(on_record(evening))
    ask = LivePlanOptions(now=evening.clock.now, approvals=[Approval(done.refused[0].token, "ann")])
    assert accounts.plan(accepted, accounts.scopes(accepted), ask).plans[0].state is ScopeState.OK


def test_released_early_it_stops_again(evening: PowerEstate) -> None:
    holds(evening)
    made = overrides(evening)

    ready = made.to_release("c50")
    done = made.carry_out(ready)

    assert list(prepared_lines(ready))[1] == f"Stops now: 3 instances ({WEB} 3)"
    assert next(done_lines(ready, done)).startswith("Stopped 3 of 3 in ")
    assert evening.lifecycles(WEB) == ["Standby"] * 3
    assert on_record(evening) == ()
    with pytest.raises(WrongUsage, match="there is no override 'c50'"):
        overrides(evening).to_release("c50")


@pytest.mark.slow
def test_a_group_that_was_scaled_to_zero_comes_back_at_once(evening: PowerEstate) -> None:
    evening.environment("c51", more=", roles: {Web: {whenOff: scaleToZero}}")
    evening.accept()
    web, never = "c51-ta-Web", "c51-ta-Api"
    evening.at(MORNING).group(web)
    evening.group(never, MinSize=0, DesiredCapacity=0)
    made, ready = prepared(evening, "c51", "schedule=off")
    assert list(prepared_lines(ready))[1] == f"Stops now: 3 instances ({web} 3)"
    done = made.carry_out(ready)
    assert evening.look(web)["Instances"] == []
    overrides_of_c51 = overrides(evening)

    ready = overrides_of_c51.to_release("c51")
    assert list(prepared_lines(ready))[1].startswith("Starts now: 4 instances")
    done = overrides_of_c51.carry_out(ready)

    assert ready.effect.empty == (never,)
    assert next(done_lines(ready, done)).startswith("Started 1 of 1, Scaled 1 of 1 group in ")
    assert evening.lifecycles(web) == ["InService"] * 3


@pytest.mark.slow
def test_a_single_instance_and_a_group(evening: PowerEstate) -> None:
    first, *_ = [one["InstanceId"] for one in evening.look(WEB)["Instances"]]

    holds(evening, first)
    states = evening.states()
    holds(evening, WEB)

    assert states[first] == "running"
    assert sorted(states.values()) == ["running", "stopped", "stopped", "stopped"]
    assert {one.ref for one in on_record(evening)} == {
        ResourceRef("Instance", f"{SCOPE}/{first}"),
        ResourceRef("Group", f"{SCOPE}/{WEB}"),
    }
    assert evening.lifecycles(WEB) == ["InService"] * 3


@pytest.mark.slow
def test_an_override_to_off_leaves_what_a_person_tagged_and_says_so(evening: PowerEstate) -> None:
    evening.at(MORNING).tick()
    first, *_ = [one["InstanceId"] for one in evening.look(WEB)["Instances"]]
    evening.tag(first, Schedule="on")

    made, ready = prepared(evening, "c50", "schedule=off")
    made.carry_out(ready)

    assert "  1 left as it is: a person's tag goes before an override to off" in prepared_lines(
        ready
    )
    assert evening.lifecycles(WEB) == ["InService", "Standby", "Standby"]


@pytest.mark.slow
def test_what_is_told_once_is_not_told_again_as_passed_over(evening: PowerEstate) -> None:
    evening.at(MORNING).tick()
    on, never, _ = [one["InstanceId"] for one in evening.look(WEB)["Instances"]]
    evening.tag(on, Schedule="on")
    evening.tag(never, Schedule="noschedule")

    _, ready = prepared(evening, "c50", "schedule=off")

    assert sum(ready.effect.stay.values()) == 2
    assert ready.effect.stops == {WEB: 1}


@pytest.mark.slow
def test_released_where_nothing_switches_a_group_gets_its_sizes_back(evening: PowerEstate) -> None:
    evening.at(MORNING).tick()
    made, ready = prepared(evening, "c50", "schedule=off")
    made.carry_out(ready)
    for one in evening.look(WEB)["Instances"]:
        evening.tag(one["InstanceId"], Schedule="on")
    evening.tick(*on_record(evening))
    assert evening.lifecycles(WEB) == ["InService"] * 3

    made = overrides(evening)
    ready = made.to_release("c50")
    made.carry_out(ready)

    assert ready.effect.switches == 0
    assert evening.look(WEB)["MinSize"] == 1
    assert "envctl:parked" not in {one["Key"] for one in evening.look(WEB)["Tags"]}


REFUSED = (
    (("c50", "schedule=offce-hours"), InvalidDesiredState, "did you mean 'office-hours'"),
    (("c50", "shedule=on"), InvalidDesiredState, "did you mean"),
    (("c50", "deploymentMap.x=1"), WrongUsage, "leads into a single value"),
    (("c99", "schedule=on"), WrongUsage, "nothing is called 'c99'"),
    ((WEB, "minSize=3"), WrongUsage, "only the schedule"),
    ((WEB, "schedule=never"), InvalidDesiredState, "no Schedule named 'never'"),
    (("Environment/c59", "schedule=on"), WrongUsage, "did you mean Environment/c5"),
)


@pytest.mark.slow
def test_what_git_could_not_say_an_override_cannot_either(evening: PowerEstate) -> None:
    made = overrides(evening)
    for words, error, match in REFUSED:
        with pytest.raises(error, match=match):
            made.prepare(asked(*words), lambda _: "")
    for until, git in ((None, False), ("+5m", True), ("10 o'clock", False)):
        with pytest.raises(WrongUsage):
            made.prepare(asked("c50", "schedule=on", until=until, git=git), lambda _: "")
    assert on_record(evening) == ()


@pytest.mark.slow
def test_where_power_only_observes_it_is_written_and_said(evening: "Night") -> None:
    evening.mode = "observe"

    made, ready = prepared(evening, "c50", "schedule=on")
    done = made.carry_out(ready)

    lines = list(prepared_lines(ready))
    assert lines[1] == f"Starts (not: power only observes here): 3 instances ({WEB} 3)"
    assert lines[2].startswith(f"  mode of power in {SCOPE}: observe")
    assert next(done_lines(ready, done)).startswith("Written. ")
    assert set(evening.states().values()) == {"stopped"}
    assert len(on_record(evening)) == 1


@pytest.mark.slow
def test_what_is_written_as_noschedule_is_touched_by_no_override(evening: PowerEstate) -> None:
    evening.at(MORNING)
    made, ready = prepared(evening, "c50", "schedule=off")
    made.carry_out(ready)
    evening.environment("c50", schedule="noschedule")
    evening.accept()
    first, *_ = [one["InstanceId"] for one in evening.look(WEB)["Instances"]]
    evening.client("ec2").start_instances(InstanceIds=[first])

    # Also one that was made while the document still had a schedule.
    evening.tick(*on_record(evening))
    _, ready = prepared(evening, WEB, "schedule=off")

    assert evening.states()[first] == "running"
    assert ready.effect.stay == {"its environment is noschedule: never touched": 3}
    with pytest.raises(WrongUsage, match=r"will not be touched, because .* in c50\.yaml:1"):
        prepared(evening, "c50", "schedule=off")


@pytest.mark.slow
def test_a_protected_schedule_is_followed_and_nobody_changes_it(evening: PowerEstate) -> None:
    protected = account(of_type=", protectedActions: [SCHEDULE_ENVIRONMENT]")
    (evening.folder / "staging-eu.yaml").write_text(protected)
    evening.accept()
    evening.environment("c50", schedule="off")
    evening.accept()

    evening.at(MORNING).tick()
    assert evening.lifecycles(WEB) == ["InService"] * 3, "the edit was not made"
    with pytest.raises(PlanRefused, match="protected against SCHEDULE_ENVIRONMENT"):
        prepared(evening, "c50", "schedule=off")
    told = explained(evening, WEB)
    assert told.information == (Block(BlockCode.SCHEDULE_PROTECTED, "staging-eu"),)
    (step,) = told.steps
    assert (step.kind, step.target) == (StepKind.OVERRIDE, WEB), "what is not refused"
    assert step.state == "off"
    made, ready = prepared(evening, WEB, "schedule=off")
    made.carry_out(ready)

    assert evening.lifecycles(WEB) == ["Standby"] * 3, "a group is no environment"
