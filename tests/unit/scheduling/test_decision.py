"""What is done with one instance now: order of the rules, transitions, and what holds a stop back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.scheduling.decision import (
    STOP_NOT_MADE,
    STOPPING,
    Action,
    Decision,
    Rule,
    Verdict,
    decide,
)
from controller.scheduling.facts import (
    LONG_AGO,
    DecisionRules,
    EnvironmentFacts,
    GroupFacts,
    InstanceFacts,
    Level,
    RoleFacts,
    Source,
    WhenOff,
)
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import (
    ALWAYS_OFF,
    ALWAYS_ON,
    NOSCHEDULE,
    InvalidSchedule,
    Schedule,
    State,
)

NOW = datetime(2026, 11, 24, 19, 30, tzinfo=UTC)
OFFICE = parse_schedule("start: 0 8 * * *; stop: 0 19 * * *")
BROKEN = InvalidSchedule("broken", "mend it")
RUNNING = InstanceFacts("i-1", "running")
STOPPED = InstanceFacts("i-1", "stopped")
ENVIRONMENT = EnvironmentFacts("c50", OFFICE, "office-hours")


def tagged(value: str, key: str = "Schedule") -> InstanceFacts:
    return InstanceFacts("i-1", "running", ((key, value),))


def group(value: str = "", *, ours: bool = False, key: str = "Schedule") -> GroupFacts:
    return GroupFacts("c50-ta-Web", ((key, value),), "InService", schedule_tag_is_ours=ours)


def override(
    schedule: Schedule | InvalidSchedule, level: Level = Level.ENVIRONMENT, hours: int | None = 1
) -> Rule:
    return Rule(
        Source.OVERRIDE,
        schedule.text if isinstance(schedule, Schedule) else "",
        schedule,
        why="c50 by dev: release night",
        until=None if hours is None else NOW + timedelta(hours=hours),
        blocks_when_invalid=False,
        level=level,
    )


def verdicts(decision: Decision) -> dict[Source, Verdict]:
    return {rule.source: rule.verdict for rule in decision.chain}


ON, OFF = ALWAYS_ON, ALWAYS_OFF
NARROW_ON = (override(OFF), override(ON, Level.INSTANCE))
ORDER = [
    # instance tag, group tag, role, overrides -> wanted, source, because
    ("", "", None, (), State.OFF, Source.ENVIRONMENT, "office hours are over"),
    ("", "", ON, (), State.ON, Source.ROLE, "a role goes before its environment"),
    ("", "on", OFF, (), State.ON, Source.GROUP, "a group tag goes before the role"),
    ("on", "off", None, (), State.ON, Source.INSTANCE, "an instance tag goes before the group's"),
    ("off", "on", None, (override(ON),), State.ON, Source.OVERRIDE, "an override before tags"),
    ("", "", None, (override(ON),), State.ON, Source.OVERRIDE, "an override on"),
    ("", "", ON, (override(OFF),), State.OFF, Source.OVERRIDE, "an override off beats a role"),
    ("on", "", None, (override(OFF),), State.ON, Source.INSTANCE, "but not a person's tag"),
    ("", "on", None, (override(OFF),), State.ON, Source.GROUP, "nor one on the group"),
    ("", "on", None, (override(OFF, Level.INSTANCE),), State.ON, Source.GROUP, "however narrow"),
    ("", "", None, (override(ON, hours=0),), State.OFF, Source.ENVIRONMENT, "it has ended"),
    ("", "", None, (override(ON, hours=None),), State.ON, Source.OVERRIDE, "until Git changes"),
    ("", "", None, NARROW_ON, State.ON, Source.OVERRIDE, "narrowest first"),
    (
        "",
        "",
        None,
        (override(ON, Level.GROUP), override(OFF, Level.INSTANCE)),
        State.OFF,
        Source.OVERRIDE,
        "narrowest first",
    ),
    ("", "", None, (override(BROKEN),), State.OFF, Source.ENVIRONMENT, "invalid: the next"),
    (
        "",
        "",
        None,
        (override(parse_schedule("start: 0 0 1 1 * 2099")),),
        State.OFF,
        Source.ENVIRONMENT,
        "it asks for nothing yet",
    ),
    ("", "", None, (override(NOSCHEDULE),), State.NOSCHEDULE, Source.OVERRIDE, "left alone"),
    ("noschedule", "", None, (override(ON),), State.NOSCHEDULE, Source.INSTANCE, "untouched"),
    ("", "noschedule", None, (override(ON),), State.NOSCHEDULE, Source.GROUP, "untouched"),
    ("", "", NOSCHEDULE, (override(ON),), State.NOSCHEDULE, Source.ROLE, "untouched"),
    ("", "", NOSCHEDULE, (), State.NOSCHEDULE, Source.ROLE, "untouched"),
    ("on", "noschedule", None, (), State.ON, Source.INSTANCE, "the group's is not its own"),
    ("rubbish", "on", None, (), State.NONE, Source.INSTANCE, "invalid does not fall through"),
    ("rubbish", "", None, (override(ON),), State.ON, Source.OVERRIDE, "an override goes first"),
    ("rubbish", "", None, (override(OFF),), State.NONE, Source.INSTANCE, "not to off"),
    ("", "", BROKEN, (), State.NONE, Source.ROLE, "invalid does not fall through"),
]


@pytest.mark.parametrize(
    ("instance_tag", "group_tag", "role", "overrides", "wanted", "source", "because"), ORDER
)
def test_whose_schedule_decides(
    instance_tag: str,
    group_tag: str,
    role: Schedule | InvalidSchedule | None,
    overrides: tuple[Rule, ...],
    wanted: State,
    source: Source,
    because: str,
) -> None:
    decision = decide(
        tagged(instance_tag),
        group(group_tag),
        ENVIRONMENT,
        NOW,
        role=RoleFacts("Web", role),
        overrides=overrides,
    )

    assert decision.wanted is wanted, because
    assert decision.source is source
    assert [rule.source for rule in decision.chain if rule.verdict is Verdict.DECIDES] in (
        [source],
        [],
    )
    if wanted in {State.NONE, State.NOSCHEDULE}:
        assert decision.action is Action.SKIP
        assert decision.reason is not None


def test_a_tag_of_ours_is_no_persons_tag() -> None:
    decision = decide(RUNNING, group("on", ours=True), ENVIRONMENT, NOW, overrides=(override(OFF),))
    assert (decision.action, decision.source) == (Action.PUT_OUT_OF_SERVICE, Source.OVERRIDE)


def test_the_chain_shows_every_rule_with_what_became_of_it() -> None:
    decision = decide(
        tagged(" On "),
        group("rubbish"),
        ENVIRONMENT,
        NOW,
        overrides=(override(OFF), override(ON, hours=0)),
    )

    assert [(rule.source, rule.text, rule.verdict) for rule in decision.chain] == [
        (Source.OVERRIDE, "off", Verdict.PASSED_OVER),
        (Source.OVERRIDE, "on", Verdict.ENDED),
        (Source.INSTANCE, "On", Verdict.DECIDES),
        (Source.GROUP, "rubbish", Verdict.INVALID),
        (Source.ROLE, "", Verdict.ABSENT),
        (Source.ENVIRONMENT, "office-hours", Verdict.BEATEN),
    ]
    whys = [rule.why for rule in decision.chain]
    assert whys[0] == "an override to off does not beat a tag that a person set"
    assert whys[1] == "ended 2026-11-24 19:30 UTC"
    assert "'rubbish' is no schedule" in whys[3]


def test_an_override_that_decides_says_whose_it_is() -> None:
    decision = decide(RUNNING, None, ENVIRONMENT, NOW, overrides=(override(ON),))
    assert decision.chain[0].why == "c50 by dev: release night"


@pytest.mark.parametrize(
    ("instance", "group_facts", "environment", "reason"),
    [
        (RUNNING, None, None, "This instance has no environment"),
        (tagged(" TRUE ", "MAINTENANCE"), None, ENVIRONMENT, "Maintenance Mode"),
        (tagged("noschedule"), None, ENVIRONMENT, 'set to "noschedule"'),
        (tagged("start"), None, ENVIRONMENT, "is not valid - Error: ''start' is no schedule"),
        (RUNNING, None, replace(ENVIRONMENT, schedule=BROKEN), "broken; mend it"),
        (tagged("stop: 0 0 1 1 * 2099"), None, ENVIRONMENT, "already in the correct state"),
    ],
)
def test_what_is_left_alone(
    instance: InstanceFacts,
    group_facts: GroupFacts | None,
    environment: EnvironmentFacts | None,
    reason: str,
) -> None:
    decision = decide(instance, group_facts, environment, NOW, overrides=())

    assert decision.action is Action.SKIP
    assert reason in str(decision.reason or "")


def test_maintenance_is_not_touched_by_an_override() -> None:
    decision = decide(
        tagged("true", "Maintenance"), None, ENVIRONMENT, NOW, overrides=(override(ON),)
    )
    assert (decision.action, decision.source) == (Action.SKIP, None)


def test_tag_names_are_settings_and_case_does_not_count() -> None:
    rules = DecisionRules(schedule_tag="Uptime", maintenance_tag="hands-off")

    on = decide(tagged("on", "UPTIME"), None, ENVIRONMENT, NOW, rules=rules)
    hands_off = decide(tagged("true", "Hands-Off"), None, ENVIRONMENT, NOW, rules=rules)

    assert on.source is Source.INSTANCE
    assert hands_off.source is None


@pytest.mark.parametrize(
    ("instance_tag", "group_tag", "action", "source", "because"),
    [
        ("on until 2026-11-24T20:00Z", "", Action.SKIP, Source.OVERRIDE, "kept on"),
        ("On Until 2026-11-24 20:30+01:00", "", Action.PUT_OUT_OF_SERVICE, Source.ENVIRONMENT, "at 19:30 UTC it ends"),
        ("", "on until 2026-11-24 20:00", Action.SKIP, Source.OVERRIDE, "on the group, UTC"),
        ("on until tonight", "", Action.SKIP, Source.OVERRIDE, "a slip of the pen stops nothing"),
    ],
)  # fmt: skip
def test_the_override_tag(
    instance_tag: str, group_tag: str, action: Action, source: Source, because: str
) -> None:
    key = "Envctl:Override"
    decision = decide(tagged(instance_tag, key), group(group_tag, key=key), ENVIRONMENT, NOW)

    assert (decision.action, decision.source) == (action, source), because


def test_an_override_to_off_does_not_beat_the_override_tag() -> None:
    kept = tagged("on until 2026-11-24T20:00Z", "envctl:override")
    decision = decide(kept, None, ENVIRONMENT, NOW, overrides=(override(OFF, Level.INSTANCE),))
    assert (decision.wanted, decision.source) == (State.ON, Source.OVERRIDE)

    broken = tagged("on until tonight", "envctl:override")
    decision = decide(broken, None, ENVIRONMENT, NOW, overrides=(override(OFF, Level.INSTANCE),))
    assert decision.action is Action.SKIP
    assert "override tag for this instance is not valid" in str(decision.reason or "")


HELD = [
    ({"launched_at": NOW - timedelta(minutes=9)}, {}, "standby", "just launched"),
    ({"launched_at": NOW - timedelta(minutes=10)}, {}, "standby", None),
    ({"cannot_stop": "a Spot request"}, {}, "standby", "cannot be stopped: a Spot request"),
    ({}, {"deploying_since": NOW - timedelta(hours=4)}, "standby", "until 2026-11-24 20:00 UTC at most"),
    ({}, {"deploying_since": NOW - timedelta(minutes=5)}, "standby", "until 2026-11-24 20:25 UTC"),
    ({}, {"deploying_since": NOW - timedelta(hours=1), "schedule": OFF}, "standby", None),
    ({}, {"deploying_since": NOW - timedelta(minutes=59), "schedule": OFF}, "standby", "deployment"),
    ({}, {"deploying_since": NOW + timedelta(days=9000)}, "standby", "not known; the stop waits until 2026-11-24 20:00 UTC at most"),
    ({}, {"deploying_since": NOW + timedelta(days=9000), "schedule": OFF}, "standby", None),
    ({}, {"deploying_since": LONG_AGO}, "standby", "not known; the stop waits until 2026-11-24 20:00 UTC at most"),
    ({}, {"deploying_since": LONG_AGO, "schedule": OFF}, "standby", None),
    ({}, {}, "ignore", "whenOff: ignore"),
    ({}, {}, "scaleToZero", "whenOff: scaleToZero"),
]  # fmt: skip


@pytest.mark.parametrize(("instance", "environment", "when_off", "reason"), HELD)
def test_what_holds_a_stop_back(
    instance: dict[str, object],
    environment: dict[str, object],
    when_off: WhenOff,
    reason: str | None,
) -> None:
    decision = decide(
        replace(RUNNING, **instance),  # type: ignore[arg-type] # the table holds fields of each type
        GroupFacts("c50-ta-Web", lifecycle="Standby"),
        replace(ENVIRONMENT, **environment),  # type: ignore[arg-type] # see above
        NOW,
        role=RoleFacts("Web", when_off=when_off),
    )

    assert decision.action is (Action.SWITCH_OFF if reason is None else Action.SKIP)
    assert (
        str(decision.reason or "") == "" if reason is None else reason in str(decision.reason or "")
    )
    assert decision.wanted is State.OFF


def test_an_instance_in_no_group_is_stopped_where_groups_scale_to_zero() -> None:
    role = RoleFacts("Web", when_off="scaleToZero")
    assert decide(RUNNING, None, ENVIRONMENT, NOW, role=role).action is Action.SWITCH_OFF


def test_a_deployment_holds_nothing_back_for_longer_than_an_hour() -> None:
    deploying = replace(ENVIRONMENT, deploying_since=NOW - timedelta(hours=2))

    actions = [
        decide(RUNNING, None, deploying, NOW + timedelta(minutes=minutes)).action
        for minutes in (0, 29, 30)
    ]

    assert actions == [Action.SKIP, Action.SKIP, Action.SWITCH_OFF]


def carried_out(
    decision: Decision, instance: InstanceFacts, member: GroupFacts | None
) -> tuple[InstanceFacts, GroupFacts | None]:
    """The facts once AWS has done what was decided."""
    match decision.action:
        case Action.SWITCH_ON:
            return replace(instance, state="running"), member
        case Action.SWITCH_OFF:
            return replace(instance, state="stopped"), member
        case Action.PUT_IN_SERVICE:
            assert member is not None
            return instance, replace(member, lifecycle="InService")
        case Action.PUT_OUT_OF_SERVICE:
            assert member is not None
            return instance, replace(member, lifecycle="Standby")
        case Action.SKIP:
            return instance, member


STATES = st.sampled_from(["pending", "running", "stopping", "stopped", "terminated"])
LIFECYCLES = st.sampled_from(
    ["InService", "Standby", "Pending", "EnteringStandby", "Terminating", None]
)
TAGS = st.sampled_from(["", "on", "off", "noschedule", "rubbish", "stop: 0 0 1 1 * 2099"])
INSTANCES = st.builds(
    lambda state, tag: InstanceFacts("i-1", state, (("schedule", tag),)), STATES, TAGS
)
GROUPS = st.none() | st.builds(
    lambda lifecycle, tag: GroupFacts("g", (("Schedule", tag),), lifecycle), LIFECYCLES, TAGS
)


@given(INSTANCES, GROUPS)
def test_decisions_come_to_rest(instance: InstanceFacts, member: GroupFacts | None) -> None:
    for _ in range(3):
        decision = decide(instance, member, ENVIRONMENT, NOW)
        assert decide(instance, member, ENVIRONMENT, NOW) == decision
        instance, member = carried_out(decision, instance, member)

    assert decision.action is Action.SKIP


@given(
    INSTANCES,
    GROUPS,
    st.sampled_from([None, replace(ENVIRONMENT, schedule=BROKEN), ENVIRONMENT]),
    st.lists(st.sampled_from([override(OFF), override(ON), override(BROKEN)]), max_size=2),
)
def test_nothing_is_stopped_unless_a_valid_schedule_says_off(
    instance: InstanceFacts,
    member: GroupFacts | None,
    environment: EnvironmentFacts | None,
    overrides: list[Rule],
) -> None:
    decision = decide(instance, member, environment, NOW, overrides=overrides)

    if decision.action in STOPPING:
        assert environment is not None
        assert decision.wanted is State.OFF
        assert decision.schedule is not None
        assert decision.source is not None


@pytest.mark.parametrize(
    ("instance", "environment", "deciding"),
    [
        (RUNNING, ENVIRONMENT, Source.ENVIRONMENT),
        (tagged("on"), ENVIRONMENT, Source.INSTANCE),
        (tagged("nonsense"), EnvironmentFacts("c50", BROKEN), Source.INSTANCE),
        (RUNNING, EnvironmentFacts("c50", BROKEN), Source.ENVIRONMENT),
        (RUNNING, None, None),
    ],
    ids=["a schedule", "a tag", "a tag nobody can read", "a broken schedule", "no environment"],
)
def test_the_rule_that_decides_is_told(
    instance: InstanceFacts, environment: EnvironmentFacts | None, deciding: Source | None
) -> None:
    rule = decide(instance, None, environment, NOW).deciding
    assert (rule.source if rule else None) == deciding


def test_a_stop_that_is_held_back_is_postponed() -> None:
    launched = replace(RUNNING, launched_at=NOW - timedelta(seconds=1))
    facts = (launched, RUNNING, STOPPED)
    reasons = [decide(instance, None, ENVIRONMENT, NOW).reason for instance in facts]
    held = [reason is not None and reason.code in STOP_NOT_MADE for reason in reasons]
    assert held == [True, False, False]
