"""What to do with one instance now, and every rule that was asked on the way.

Never touched: an instance of no known environment, one in maintenance, and one whose own schedule
(tag, group tag, role or environment, the first that is there) is ``noschedule``. Then the first of
these decides: override (narrowest first), instance tag, group tag, role, environment. An override to
off does not beat a tag that a person set. A schedule that is present but invalid is left alone: it
does not fall through to the next. A stop that is due may be postponed.

Why nothing is done now is decided by a code, and read by its text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from controller.scheduling.facts import (
    LONG_AGO,
    DecisionRules,
    EnvironmentFacts,
    GroupFacts,
    InstanceFacts,
    Level,
    RoleFacts,
    Source,
    Tags,
)
from controller.scheduling.grammar import schedule_or_refusal
from controller.scheduling.schedule import ALWAYS_ON, InvalidSchedule, Schedule, State
from controller.scheduling.timeline import previous_event, state_at
from controller.scheduling.until import parse_override_tag

_PASSED_OVER_OFF = "an override to off does not beat a tag that a person set"


def tag_value(tags: Tags, key: str) -> str:
    """Return the trimmed value of the first tag with that key in any case; "" when there is none."""
    wanted = key.lower()
    return next((value.strip() for name, value in tags if name.lower() == wanted), "")


class Action(StrEnum):
    """What is to be done with one instance; each is one step of the way."""

    SWITCH_ON = "switchOn"
    SWITCH_OFF = "switchOff"
    PUT_IN_SERVICE = "putInService"
    PUT_OUT_OF_SERVICE = "putOutOfService"
    SKIP = "skip"


STOPPING = frozenset({Action.SWITCH_OFF, Action.PUT_OUT_OF_SERVICE})


class Verdict(StrEnum):
    """What became of a rule."""

    DECIDES = "decides"
    ABSENT = "absent"
    BEATEN = "beaten"
    ENDED = "ended"
    PASSED_OVER = "passed over"
    INVALID = "invalid"


class Rule(NamedTuple):
    """One link of the chain that explain shows: a place where a schedule may be found, and what became of it."""

    source: Source
    """Whose schedule it is."""
    text: str
    """The schedule as written or called; "" when there is none."""
    schedule: Schedule | InvalidSchedule | None
    """None: there is none in this place."""
    verdict: Verdict = Verdict.ABSENT
    why: str = ""
    """Before it is asked: what is to be said of it where it decides."""
    until: datetime | None = None
    """When an override ends. None: when Git changes."""
    is_persons_tag: bool = False
    blocks_when_invalid: bool = True
    """When it is invalid the instance is left alone; otherwise the next rule is asked."""
    tag: str = ""
    """Key of the tag it was read from; "" where it is none."""
    level: Level | None = None
    """How narrow an override is; None where it is none."""
    override: str = ""
    """Id of the recorded override it is; "" where it is none."""
    since: datetime | None = None
    """When that was made."""


class SkipCode(StrEnum):
    """Which reason it is."""

    NO_ENVIRONMENT = "noEnvironment"
    LEFT_OUT = "leftOut"
    IN_MAINTENANCE = "inMaintenance"
    INVALID_SCHEDULE = "invalidSchedule"
    INVALID_OVERRIDE = "invalidOverride"
    NOSCHEDULE = "noschedule"
    CORRECT_STATE = "correctState"
    TRANSITIONING = "transitioning"
    GROUP_TRANSITIONING = "groupTransitioning"
    NOT_LISTED = "notListed"
    ROLE_IGNORES = "roleIgnores"
    ROLE_SCALES = "roleScales"
    CANNOT_STOP = "cannotStop"
    JUST_LAUNCHED = "justLaunched"
    DEPLOYING = "deploying"
    MAY_BE_DEPLOYING = "mayBeDeploying"


ON_THE_WAY: Final = frozenset({SkipCode.TRANSITIONING, SkipCode.GROUP_TRANSITIONING})
"""Of what is neither here nor there."""
POSTPONED: Final = frozenset(
    {SkipCode.JUST_LAUNCHED, SkipCode.DEPLOYING, SkipCode.MAY_BE_DEPLOYING}
)
"""Of a stop that is made later, without anybody doing anything."""
STOP_NOT_MADE: Final = POSTPONED | {
    SkipCode.CANNOT_STOP,
    SkipCode.ROLE_IGNORES,
    SkipCode.ROLE_SCALES,
}
"""Of a stop that is due and is not made now: just launched, being deployed to, or not to be stopped at all."""

_TEXTS: Final = {
    SkipCode.NO_ENVIRONMENT: "This instance has no environment",
    SkipCode.LEFT_OUT: "power.limitTo in the settings leaves this environment out",
    SkipCode.IN_MAINTENANCE: "This instance is currently in Maintenance Mode",
    SkipCode.INVALID_SCHEDULE: "The schedule tag for this instance is not valid - Error: '{}'",
    SkipCode.INVALID_OVERRIDE: "The override tag for this instance is not valid - Error: '{}'",
    SkipCode.NOSCHEDULE: 'The schedule tag for this instance is set to "noschedule"',
    SkipCode.CORRECT_STATE: "The instance is already in the correct state",
    SkipCode.TRANSITIONING: "This instance is currently transitioning between states",
    SkipCode.GROUP_TRANSITIONING: "This instance is currently transitioning between ASG lifecycle states",
    SkipCode.NOT_LISTED: "The instance's group does not list it: it is being launched, or in a warm pool",
    SkipCode.ROLE_IGNORES: "The role says whenOff: ignore",
    SkipCode.ROLE_SCALES: "The role says whenOff: scaleToZero, so the size of its group changes instead",
    SkipCode.CANNOT_STOP: "This instance cannot be stopped: {}",
    SkipCode.JUST_LAUNCHED: "This instance was just launched; it is left running until {}",
    SkipCode.DEPLOYING: "A deployment is running; the stop waits for its end, until {} at most",
    SkipCode.MAY_BE_DEPLOYING: "Whether a deployment is running is not known; the stop waits until {} at most",
}


class SkipReason(NamedTuple):
    """Why nothing is done; ``str()`` is what people read, also in recorded decisions."""

    code: SkipCode
    detail: str = ""
    """What is wrong with the schedule, or why it cannot be stopped."""
    until: datetime | None = None
    """When it ends at the latest, where that is known."""

    def __str__(self) -> str:
        """Return it as people read it."""
        until = f"{self.until:%Y-%m-%d %H:%M %Z}" if self.until else ""
        return _TEXTS[self.code].format(self.detail or until)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one instance and why."""

    action: Action
    wanted: State
    """What the deciding schedule asks for; NONE when nothing does."""
    source: Source | None
    """Whose schedule decided; None where the state of the instance alone did."""
    reason: SkipReason | None
    """Why nothing is done; None for an action."""
    chain: tuple[Rule, ...] = ()
    """Every rule in order, with what became of it."""
    schedule: Schedule | None = None
    """The deciding schedule, where there is one and it is valid."""
    deciding: Rule | None = None
    """The rule that decides, else the one that nobody can read and that therefore keeps everything as it is."""

    def wanted_at(self, moment: datetime) -> State:
        """Return what the same candidates ask for at another aware moment: tags, schedules and overrides as they are now.

        What is wanted of nobody's instance, of one in maintenance and of one that settings leave out stays as it is.
        """
        if not self.chain:
            return self.wanted
        now = moment.astimezone(UTC)
        schedule = _deciding(self.chain, now)[1].schedule
        return state_at(schedule, now) if isinstance(schedule, Schedule) else State.NONE


def decide(
    instance: InstanceFacts,
    group: GroupFacts | None,
    environment: EnvironmentFacts | None,
    now: datetime,
    *,
    role: RoleFacts | None = None,
    overrides: Sequence[Rule] = (),
    rules: DecisionRules | None = None,
) -> Decision:
    """Return what to do with an instance at the aware moment ``now``.

    ``environment`` is None when the instance names none or one nobody knows. The decision is one step:
    carry it out, look again, decide again, until it says skip. ``overrides`` are the recorded ones.
    """
    rules = rules or DecisionRules()
    # moments of one zone compare by their wall clocks, which lie in a repeated hour
    now = now.astimezone(UTC)
    if environment is None:
        return Decision(Action.SKIP, State.NONE, None, SkipReason(SkipCode.NO_ENVIRONMENT))
    if tag_value(instance.tags, rules.maintenance_tag).lower() == "true":
        return Decision(Action.SKIP, State.NONE, None, SkipReason(SkipCode.IN_MAINTENANCE))
    found = _rules_to_ask(instance, group, role, environment, overrides, rules)
    chain, deciding = _deciding(found, now)
    source: Source | None = deciding.source
    schedule = deciding.schedule
    if isinstance(schedule, InvalidSchedule):
        of_override = source is Source.OVERRIDE
        code = SkipCode.INVALID_OVERRIDE if of_override else SkipCode.INVALID_SCHEDULE
        reason = SkipReason(code, str(schedule))
        return Decision(Action.SKIP, State.NONE, source, reason, chain, None, deciding)
    assert schedule is not None
    wanted = state_at(schedule, now)
    step: Action | SkipCode = SkipCode.CORRECT_STATE
    if wanted is State.NOSCHEDULE:
        step = SkipCode.NOSCHEDULE
    elif wanted is State.NONE:
        source = None
    else:
        step = _step(instance, group, wanted)
    if isinstance(step, SkipCode):
        source = None if step in ON_THE_WAY or step is SkipCode.NOT_LISTED else source
        return Decision(Action.SKIP, wanted, source, SkipReason(step), chain, schedule, deciding)
    held = None
    if step in STOPPING:
        held = _postponed(instance, group, role, environment, schedule, now, rules)
    action = Action.SKIP if held else step
    return Decision(action, wanted, source, held, chain, schedule, deciding)


def _rules_to_ask(
    instance: InstanceFacts,
    group: GroupFacts | None,
    role: RoleFacts | None,
    environment: EnvironmentFacts,
    overrides: Sequence[Rule],
    rules: DecisionRules,
) -> list[Rule]:
    """Return every rule, absent ones included, so that a chain always shows the whole order.

    Overrides go first, the narrowest of them first; of equally narrow ones a person's tag goes first.
    """
    group_tags = group.tags if group else ()
    found = [
        _override_tag(level, rules.override_tag, text)
        for level, tags in ((Level.INSTANCE, instance.tags), (Level.GROUP, group_tags))
        if (text := tag_value(tags, rules.override_tag))
    ]
    found = sorted((*found, *overrides), key=lambda rule: rule.level or Level.INSTANCE)
    if not found:
        found.append(Rule(Source.OVERRIDE, "", None))
    for source, tags, ours in (
        (Source.INSTANCE, instance.tags, False),
        (Source.GROUP, group_tags, group is not None and group.schedule_tag_is_ours),
    ):
        text, key = tag_value(tags, rules.schedule_tag), rules.schedule_tag
        schedule = schedule_or_refusal(text) if text else None
        found.append(Rule(source, text, schedule, is_persons_tag=bool(text) and not ours, tag=key))
    for source, label, schedule in (
        (Source.ROLE, "", role.schedule if role else None),
        (Source.ENVIRONMENT, environment.label, environment.schedule),
    ):
        text = schedule.text if isinstance(schedule, Schedule) else ""
        found.append(Rule(source, label or text, schedule))
    return found


def _override_tag(level: Level, key: str, text: str) -> Rule:
    found = Rule(
        Source.OVERRIDE,
        text,
        ALWAYS_ON,
        why=f"tag on the {level.name.lower()}",
        is_persons_tag=True,
        tag=key,
        level=level,
    )
    try:
        return found._replace(until=parse_override_tag(text))
    except InvalidSchedule as refusal:
        # a person meant to keep it on: stopping it because of a slip of the pen would be a guess
        return found._replace(schedule=refusal)


def _deciding(rules: Sequence[Rule], now: datetime) -> tuple[tuple[Rule, ...], Rule]:
    """Return the chain of rules, and the one that decides: an instance's own ``noschedule`` before any other."""
    tagged = any(rule.is_persons_tag and (rule.until is None or now < rule.until) for rule in rules)
    # what would decide if there were no overrides
    own = next(
        rule for rule in rules if rule.source is not Source.OVERRIDE and rule.schedule is not None
    )
    untouched = isinstance(own.schedule, Schedule) and own.schedule.fixed is State.NOSCHEDULE
    chain = []
    deciding = None
    for rule in rules:
        verdict, why = _verdict(rule, now, tagged=tagged)
        if untouched and rule is own:
            why = "noschedule: never touched"
        elif verdict is Verdict.DECIDES and (untouched or deciding is not None):
            verdict, why = Verdict.BEATEN, ""
        asked = rule._replace(verdict=verdict, why=why)
        blocks = verdict is Verdict.INVALID and rule.blocks_when_invalid and not untouched
        if deciding is None and (verdict is Verdict.DECIDES or blocks):
            deciding = asked
        chain.append(asked)
    assert deciding is not None
    return tuple(chain), deciding


def _verdict(rule: Rule, now: datetime, *, tagged: bool) -> tuple[Verdict, str]:
    schedule = rule.schedule
    if schedule is None:
        return Verdict.ABSENT, ""
    if rule.until is not None and now >= rule.until:
        return Verdict.ENDED, f"ended {rule.until:%Y-%m-%d %H:%M %Z}"
    if isinstance(schedule, InvalidSchedule):
        return Verdict.INVALID, str(schedule)
    if rule.source is Source.OVERRIDE:
        state = state_at(schedule, now)
        if state is State.NONE:
            return Verdict.PASSED_OVER, "it asks for nothing yet"
        if state is State.OFF and tagged:
            return Verdict.PASSED_OVER, _PASSED_OVER_OFF
    return Verdict.DECIDES, rule.why


_OF_INSTANCE: Final[Mapping[State, Mapping[str | None, Action | None]]] = {
    State.ON: {"stopped": Action.SWITCH_ON, "running": None},
    State.OFF: {"running": Action.SWITCH_OFF, "stopped": None},
}
"""The step of an instance in a state towards the one that is wanted; None where it is there. In any other it is on its way."""
_OF_MEMBER: Final[Mapping[State, Mapping[str | None, Action | None]]] = {
    State.ON: {"Standby": Action.PUT_IN_SERVICE, "InService": None},
    State.OFF: {"InService": Action.PUT_OUT_OF_SERVICE, "Standby": None},
}
"""The same by its lifecycle state in its group."""


def _step(instance: InstanceFacts, group: GroupFacts | None, wanted: State) -> Action | SkipCode:
    """Return the next step towards ON or OFF, or the reason to skip: first it starts, last it stops.

    What its group does not list is the group's affair: it would start what is kept stopped, and stop what is about to serve.
    """
    steps = [_OF_INSTANCE[wanted].get(instance.state, SkipCode.TRANSITIONING)]
    if group is not None and group.lifecycle is None and steps[0] is not SkipCode.TRANSITIONING:
        return SkipCode.NOT_LISTED
    if group is not None:
        of_member = _OF_MEMBER[wanted].get(group.lifecycle, SkipCode.GROUP_TRANSITIONING)
        steps.insert(wanted is State.ON, of_member)
    return next((step for step in steps if step is not None), SkipCode.CORRECT_STATE)


def _postponed(
    instance: InstanceFacts,
    group: GroupFacts | None,
    role: RoleFacts | None,
    environment: EnvironmentFacts,
    schedule: Schedule,
    now: datetime,
    rules: DecisionRules,
) -> SkipReason | None:
    """Return the reason for not stopping an instance now that its schedule wants off, or None.

    A running deployment postpones a stop by at most an hour, counted from the moment the stop became
    due or the deployment began, whichever is later; one yet to begin counts as not known. ``scaleToZero`` is of groups alone.
    """
    when_off = role.when_off if role is not None else "standby"
    if when_off == "ignore":
        return SkipReason(SkipCode.ROLE_IGNORES)
    if when_off == "scaleToZero" and group is not None:
        return SkipReason(SkipCode.ROLE_SCALES)
    if instance.cannot_stop:
        return SkipReason(SkipCode.CANNOT_STOP, instance.cannot_stop)
    if instance.launched_at is not None:
        until = instance.launched_at + timedelta(seconds=rules.grace_period_s)
        if now < until:
            return SkipReason(SkipCode.JUST_LAUNCHED, until=until)
    since = environment.deploying_since
    if since is not None:
        since = since if since <= now else LONG_AGO
        event = previous_event(schedule, now) if schedule.fixed is None else None
        due = max(since, event.at.astimezone(UTC)) if event else since
        until = due + timedelta(seconds=rules.deployment_postpones_s)
        if now < until:
            known = since != LONG_AGO
            code = SkipCode.DEPLOYING if known else SkipCode.MAY_BE_DEPLOYING
            return SkipReason(code, until=until)
    return None
