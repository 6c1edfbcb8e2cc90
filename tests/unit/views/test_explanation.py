"""An explanation as people read it, and as programs do."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.engine.queries.explain.explanation import (
    Block,
    BlockCode,
    Explanation,
    LastChange,
    NextChange,
    NextStep,
    PowerFacts,
    StepKind,
    Subject,
    Written,
)
from controller.kinds.schedule import ScheduleChoice, ScheduleSpec
from controller.model.ledger_record import Actor, LedgerRecord
from controller.model.live import FoundGroup, FoundInstance, Member
from controller.model.override import Override
from controller.model.ref import Origin, ResourceRef
from controller.scheduling.decision import Rule, Verdict, decide
from controller.scheduling.facts import EnvironmentFacts, InstanceFacts, Level, Source, Tags
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import ALWAYS_ON, State
from controller.views.documents.explanation import explanation_json
from controller.views.explanation import explanation_lines, order_of
from tests.support.documents import printed

NOW = datetime(2026, 7, 24, 20, tzinfo=UTC)
SCOPE = "staging-eu/eu-west-1"
INSTANCE = ResourceRef("Instance", f"{SCOPE}/i-1")
ENVIRONMENT = ResourceRef("Environment", "c50")
FACTS = EnvironmentFacts(
    "c50",
    parse_schedule("start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | Europe/London"),
    "office-hours",
)


def record(**more: Any) -> LedgerRecord:
    given: dict[str, Any] = {
        "audit_id": "A2",
        "source": "",
        "scope": SCOPE,
        "sequence": 2,
        "previous_hash": "",
        "hash": "",
        "phase": "succeeded",
        "cause": "scheduled",
        "change_type": "Updated",
        "entity_type": "Power",
        "entity_key": f"{SCOPE}/c50",
        "entity_range": None,
        "entity_version": None,
        "iso_timestamp": "2026-07-24T18:00:41.000Z",
        "transaction_id": "01JDF",
        "changed_by": "envctl",
        "actor": Actor("", "", "envctl", "schedule"),
        "plan_digest": "",
        "origin": "",
        "before": "",
        "after": "",
        "old_value": {"state": "running", "lifecycle": "InService"},
        "new_value": {"state": "stopped", "lifecycle": "Standby"},
        **more,
    }
    return LedgerRecord(**given)


def power(tags: Tags = (), *overrides: Rule, **more: Any) -> PowerFacts:
    given: dict[str, Any] = {
        "scope": SCOPE,
        "subject": Subject("c50", "Web", "c50-ta-Web", "i-1"),
        "instance": FoundInstance("i-1", "stopped", (("Name", "web"),), None, "10.0.0.1"),
        "lifecycle": "Standby",
        "states": {"stopped": 1},
        "decision": decide(
            InstanceFacts("i-1", "stopped", tags), None, FACTS, NOW, overrides=overrides
        ),
        "environment": FACTS,
        "owner": ENVIRONMENT,
        "choice": ScheduleChoice(mode="automatic", use="office-hours"),
        **more,
    }
    return PowerFacts(**given)


def explanation(ref: ResourceRef = INSTANCE, **more: Any) -> Explanation:
    given: dict[str, Any] = {
        "at": NOW,
        "now": NOW,
        "zone": ZoneInfo("Europe/London"),
        "last": LastChange(None),
        **more,
    }
    return Explanation(ref=ref, **given)


@pytest.mark.parametrize(
    ("verdict", "shown"),
    [
        ("decides", "[environment office-hours]"),
        ("absent", "environment \N{EN DASH}"),
        ("beaten", "environment office-hours"),
        ("ended", "environment office-hours (ended)"),
        ("passed over", "environment office-hours (passed over)"),
    ],
)
def test_a_rule_of_the_order(verdict: str, shown: str) -> None:
    decision = power().decision
    chain = (decision.chain[-1]._replace(verdict=Verdict(verdict)),)
    (rule,) = order_of(explanation(power=power(decision=replace(decision, chain=chain))))

    assert rule.shown == shown


def test_of_a_document_what_does_not_apply_is_not_shown() -> None:
    assert explanation_lines(explanation(ResourceRef("Service", "Search"))) == (
        "Service/Search",
        "",
        "Last change   the ledger has no record of it",
        "Blocks        nothing",
    )


def test_everything_has_its_line() -> None:
    set_by = record(
        iso_timestamp="2026-07-03T08:00:00.000Z", actor=Actor("tango-dev", "4e0c2d1aa", "ci", "")
    )
    hours = ScheduleSpec.model_validate({"expression": "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"})
    told = explanation(
        power=power(next=(NextChange(datetime(2026, 7, 27, 7, tzinfo=UTC), State.ON),)),
        last=LastChange(record(), record(iso_timestamp="2026-07-24T18:00:22.000Z")),
        written=(
            Written(ENVIRONMENT, Origin("c50.yaml", 1), set_by),
            Written(ResourceRef("Schedule", "office-hours"), Origin("shared.yaml", 6), None, hours),
        ),
        overrides=(
            Override("A1", ENVIRONMENT, "release", "ada", NOW, "schedule", "on", until_git=True),
        ),
        blocks=(Block(BlockCode.MODE, SCOPE, "observe"), Block(BlockCode.NOT_VALID, detail="odd")),
        information=(Block(BlockCode.MAINTENANCE), Block(BlockCode.DEPLOYMENTS_LOCKED)),
        steps=(
            NextStep(StepKind.OVERRIDE, "c50", state=State.ON, instances=3),
            NextStep(StepKind.OVERRIDE, "i-1", state=State.ON),
        ),
    )

    assert explanation_lines(told) == (
        "i-1  web  10.0.0.1    stopped, Standby in c50-ta-Web    staging-eu/eu-west-1",
        "Wanted OFF, is off since Fri 24 Jul 19:00:41 BST (in order)",
        "",
        "Last change   Fri 24 Jul 19:00:22\N{EN DASH}19:00:41 BST  InService, running → Standby, stopped",
        "              by envctl (scheduled), audit 01JDF",
        "Why           Environment/c50 follows Schedule/office-hours",
        "              c50.yaml:1   set by tango-dev, 4e0c2d1, 3 Jul, audit 01JDF",
        "              shared.yaml:6   start: 0 8 * * 1-5; stop: 0 19 * * 1-5",
        "Order         override \N{EN DASH} · instance tag \N{EN DASH} · group tag \N{EN DASH} · role Web \N{EN DASH} · [environment office-hours]",
        "Overrides     A1  Environment/c50 schedule=on until Git changes it (ada: release)",
        "Blocks        mode of power in staging-eu/eu-west-1: observe; nothing is switched (environment in maintenance; deployments locked: information only)",
        "              odd; until that is put right it is left as it is",
        "Next          ON   Mon 27 Jul 08:00 BST  07:00 UTC",
        "",
        'Have it on:   envctl override c50 schedule=on --until 10:00 --reason "…"      (all 3 instances)',
        '              envctl override i-1 schedule=on --until 10:00 --reason "…"',
    )


@pytest.mark.parametrize(
    ("coming", "line"),
    [
        ((), "Next          it changes no more"),
        ((NextChange(NOW, State.OFF),), "Next          OFF  Fri 24 Jul 20:00 UTC"),
    ],
    ids=["nothing to come", "a time of UTC is said once"],
)
def test_what_comes_next(coming: tuple[NextChange, ...], line: str) -> None:
    assert explanation_lines(explanation(power=power(next=coming), zone=UTC))[-1] == line


def test_the_rule_that_decides_and_what_is_to_be_done_about_it() -> None:
    tagged = explanation(
        power=power((("Schedule", "on"),), owner=None),
        steps=(NextStep(StepKind.REMOVE_TAG, "i-1", "Schedule"),),
    )
    overridden = Rule(
        Source.OVERRIDE, "on", ALWAYS_ON, why="Environment/c50", level=Level.ENVIRONMENT
    )
    unreadable = explanation(
        power=power((("Schedule", "odd"),)),
        steps=(NextStep(StepKind.CORRECT_TAG, "i-1", "Schedule"),),
    )

    assert explanation_json(tagged)["why"] == [
        "tag Schedule = on on i-1, put there by a person (AWS does not say who)"
    ]
    assert explanation_lines(tagged)[-1] == (
        "Let it follow: take the tag Schedule off i-1; an override to off does not go before it"
    )
    assert explanation_json(explanation(power=power((), overridden, owner=None)))["why"] == [
        "Environment/c50: on"
    ]
    assert "not valid" in explanation_json(unreadable)["why"][0]
    assert explanation_lines(unreadable)[-1] == (
        "Put it right: correct the tag Schedule of i-1, or take it off"
    )


def test_what_was_started_by_others_and_what_failed() -> None:
    launched = datetime(2026, 7, 24, 18, 30, tzinfo=UTC)
    by_others = explanation(power=power(), last=LastChange(record(), None, launched))
    failed = record(phase="failed", new_meta={"Message": "no capacity", "Action": "start"})
    whole = power(instance=None, subject=Subject("c50"), groups=2, environment_type="staging-eu")

    assert explanation_json(by_others)["lastChange"][2] == (
        "started outside envctl after that, Fri 24 Jul 18:30 UTC"
    )
    assert explanation_json(explanation(power=power(), last=LastChange(None, None, launched)))[
        "lastChange"
    ] == [
        "none by envctl that the ledger knows: outside, or before it was installed; last started Fri 24 Jul 18:30 UTC"
    ]
    nothing = replace(whole, states=Counter())
    assert explanation_json(explanation(ENVIRONMENT, power=nothing, last=LastChange(None)))[
        "lastChange"
    ] == ["none: it has no instances, and the ledger has no change of any"]
    launching = record(entity_type="Group", entity_key="staging-eu/eu-west-1/c50-ta-Web")
    made = explanation(ENVIRONMENT, power=whole, last=LastChange(launching))
    assert explanation_json(made)["lastChange"][0].endswith("updated Group/c50-ta-Web")
    told = explanation_json(explanation(ENVIRONMENT, power=whole, last=LastChange(failed)))
    assert told["heading"] == ["Environment/c50  staging-eu", "stopped in 2 groups", SCOPE]
    assert told["lastChange"][0] == "Fri 24 Jul 19:00:41 BST  start × 2  FAILED: no capacity"
    assert told["verdict"] == "Wanted OFF, is off (in order)"


def test_a_group_that_is_short_says_how_many_are_in_service() -> None:
    def heading(*lifecycles: str) -> str:
        members = tuple(Member(f"i-{n}", one, "", "", "", True) for n, one in enumerate(lifecycles))
        nothing: tuple[()] = ()
        web = FoundGroup("web", "", 1, 3, 6, nothing, frozenset(), nothing, frozenset(), members)
        told = explanation_json(explanation(power=power(instance=None, group=web)))
        return str(told["heading"][1])

    assert heading("InService", "Standby") == "1 of 3 in service: 1 InService, 1 Standby"
    assert heading() == "0 of 3 in service: no instances"
    assert heading("InService", "InService", "Pending") == "2 InService, 1 Pending"


def test_what_is_short_of_instances_is_not_in_order() -> None:
    on = Rule(Source.OVERRIDE, "on", ALWAYS_ON, why="Environment/c50", level=Level.ENVIRONMENT)
    whole = power((), on, instance=None, subject=Subject("c50"), states=Counter(running=1))
    asked = explanation(ENVIRONMENT, power=replace(whole, short=("c50-ta-Web",)))

    assert explanation_json(explanation(ENVIRONMENT, power=whole))["inOrder"]
    told = explanation_json(asked)
    assert told["inOrder"] is False
    assert told["verdict"] == "Wanted ON, is running; short of instances: c50-ta-Web"
    group = explanation(ResourceRef("Group", f"{SCOPE}/c50-ta-Web"), power=asked.power)
    assert explanation_json(group)["verdict"] == "Wanted ON, is running"


def test_what_is_noschedule_is_said_apart_and_is_in_order() -> None:
    def verdict(left_alone: int, **states: int) -> tuple[str, bool | None]:
        whole = power(
            instance=None,
            subject=Subject("c50"),
            states=states,
            left_alone=Counter(running=left_alone),
        )
        told = explanation_json(explanation(ENVIRONMENT, power=whole))
        return told["verdict"], told["inOrder"]

    assert verdict(1, running=1, stopped=6) == (
        "Wanted OFF, is off (in order); left alone: running",
        True,
    )
    assert verdict(1, running=3) == ("Wanted OFF, is 2 running; left alone: running", False)
    assert verdict(2, running=2) == ("Wanted OFF, is off (in order); left alone: 2 running", True)


def test_a_record_of_a_group_counts_once_however_many_fields_it_has() -> None:
    group = ResourceRef("Group", f"{SCOPE}/c50-ta-Web")
    made = record(
        entity_type="Group",
        entity_key=group.key,
        change_type="Created",
        new_value={"desiredCapacity": 1, "maxSize": 2},
    )
    told = explanation_json(explanation(group, power=power(instance=None), last=LastChange(made)))

    assert told["lastChange"][0].endswith(" created")


def test_another_moment_and_what_belongs_nowhere() -> None:
    later = explanation(power=power(), at=datetime(2026, 7, 25, 3, tzinfo=UTC))
    stranger = replace(power(), environment=None, known_as_ours=True)

    assert explanation_json(later)["verdict"] == (
        "At Sat 25 Jul 04:00 BST wanted OFF, as schedules and overrides are now"
    )
    assert explanation_json(later)["inOrder"] is None
    assert explanation_lines(explanation(power=stranger))[1] == (
        "It belongs to no environment that is known; the ledger knows it as ours: it is never touched"
    )


def test_programs_get_times_in_both_zones() -> None:
    told = explanation(
        power=power(next=(NextChange(NOW, State.ON),)),
        steps=(NextStep(StepKind.HISTORY, "Environment/c50"),),
    )

    found = printed("explain", explanation_json(told))

    assert found["next"] == [
        {"at": "2026-07-24T21:00:00+01:00", "utc": "2026-07-24T20:00:00.000Z", "state": "on"}
    ]
    assert found["order"][0]["verdict"] == "absent"
    assert found["commands"] == [
        {"purpose": "History", "text": "envctl audit list --entity Environment/c50"}
    ]
