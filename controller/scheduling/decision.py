"""What to do with one instance now, and every rule that was asked on the way.

Never touched: an instance of no known environment, one in maintenance, and one whose own schedule
(tag, group tag, role or environment, the first that is there) is ``noschedule``. Then the first of
these decides: override (narrowest first), instance tag, group tag, role, environment. An override to
off does not beat a tag that a person set. A schedule that is present but invalid is left alone: it
does not fall through to the next. A stop that is due may be postponed.

Why nothing is done now is decided by a code, and read by its text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from controller.scheduling.facts import (
    Candidate,
    DecisionRules,
    EnvironmentFacts,
    GroupFacts,
    InstanceFacts,
    PowerOverride,
    RoleFacts,
    Source,
    candidates,
    tag_value,
)
from controller.scheduling.schedule import InvalidSchedule, Schedule, State
from controller.scheduling.timeline import previous_event, state_at

_PASSED_OVER_OFF = "an override to off does not beat a tag that a person set"

_IN_SERVICE = "InService"
_STANDBY = "Standby"


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
    """One link of the chain that explain shows."""

    candidate: Candidate
    verdict: Verdict
    why: str = ""

    @property
    def source(self) -> Source:
        """Whose schedule it is."""
        return self.candidate.source

    @property
    def text(self) -> str:
        """The schedule as written or called; "" when there is none."""
        return self.candidate.text


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
    ROLE_IGNORES = "roleIgnores"
    ROLE_SCALES = "roleScales"
    CANNOT_STOP = "cannotStop"
    JUST_LAUNCHED = "justLaunched"
    DEPLOYING = "deploying"


ON_THE_WAY: Final = frozenset({SkipCode.TRANSITIONING, SkipCode.GROUP_TRANSITIONING})
"""Of what is neither here nor there."""
POSTPONED: Final = frozenset({SkipCode.JUST_LAUNCHED, SkipCode.DEPLOYING})
"""Of a stop that is made later, without anybody doing anything."""
STOP_NOT_MADE: Final = POSTPONED | {
    SkipCode.CANNOT_STOP,
    SkipCode.ROLE_IGNORES,
    SkipCode.ROLE_SCALES,
}
"""Of a stop that is due and is not made now."""

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
    SkipCode.ROLE_IGNORES: "The role says whenOff: ignore",
    SkipCode.ROLE_SCALES: "The role says whenOff: scaleToZero, so the size of its group changes instead",
    SkipCode.CANNOT_STOP: "This instance cannot be stopped: {}",
    SkipCode.JUST_LAUNCHED: "This instance was just launched; it is left running until {}",
    SkipCode.DEPLOYING: "A deployment is running; the stop waits for its end, until {} at most",
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

    @property
    def postponed(self) -> bool:
        """Whether it is to stop and is kept from it: just launched, being deployed to, or not to be stopped at all."""
        return self.reason is not None and self.reason.code in STOP_NOT_MADE

    @property
    def deciding(self) -> Rule | None:
        """The rule that decides, else the one that nobody can read and that therefore keeps everything as it is."""
        invalid = None
        for rule in self.chain:
            if rule.verdict is Verdict.DECIDES:
                return rule
            if rule.verdict is Verdict.INVALID and rule.candidate.blocks_when_invalid:
                invalid = invalid or rule
        return invalid

    def wanted_at(self, moment: datetime) -> State:
        """Return what the same candidates ask for at another aware moment: tags, schedules and overrides as they are now.

        What is wanted of nobody's instance, of one in maintenance and of one that settings leave out stays as it is.
        """
        if not self.chain:
            return self.wanted
        now = moment.astimezone(UTC)
        schedule = _deciding([rule.candidate for rule in self.chain], now)[2]
        return state_at(schedule, now) if isinstance(schedule, Schedule) else State.NONE


def decide(
    instance: InstanceFacts,
    group: GroupFacts | None,
    environment: EnvironmentFacts | None,
    now: datetime,
    *,
    role: RoleFacts | None = None,
    overrides: Sequence[PowerOverride] = (),
    rules: DecisionRules | None = None,
) -> Decision:
    """Return what to do with an instance at the aware moment ``now``.

    ``environment`` is None when the instance names none or one nobody knows. The decision is one step:
    carry it out, look again, decide again, until it says skip.
    """
    rules = rules or DecisionRules()
    # moments of one zone compare by their wall clocks, which lie in a repeated hour
    now = now.astimezone(UTC)
    if environment is None:
        return Decision(Action.SKIP, State.NONE, None, SkipReason(SkipCode.NO_ENVIRONMENT))
    if tag_value(instance.tags, rules.maintenance_tag).lower() == "true":
        return Decision(Action.SKIP, State.NONE, None, SkipReason(SkipCode.IN_MAINTENANCE))
    found = candidates(instance, group, role, environment, overrides, rules)
    chain, source, schedule = _deciding(found, now)
    if isinstance(schedule, InvalidSchedule):
        of_override = source is Source.OVERRIDE
        code = SkipCode.INVALID_OVERRIDE if of_override else SkipCode.INVALID_SCHEDULE
        return Decision(Action.SKIP, State.NONE, source, SkipReason(code, str(schedule)), chain)
    assert schedule is not None
    wanted = state_at(schedule, now)
    if wanted is State.NOSCHEDULE:
        reason = SkipReason(SkipCode.NOSCHEDULE)
        return Decision(Action.SKIP, wanted, source, reason, chain, schedule)
    if wanted is State.NONE:
        reason = SkipReason(SkipCode.CORRECT_STATE)
        return Decision(Action.SKIP, wanted, None, reason, chain, schedule)
    action, skip = _step(instance, group, wanted)
    if action in STOPPING:
        held = postponed(instance, group, role, environment, schedule, now, rules)
        if held is not None:
            return Decision(Action.SKIP, wanted, source, held, chain, schedule)
    told = source if skip in {None, SkipCode.CORRECT_STATE} else None
    return Decision(action, wanted, told, SkipReason(skip) if skip else None, chain, schedule)


def _deciding(
    found: Sequence[Candidate], now: datetime
) -> tuple[tuple[Rule, ...], Source, Schedule | InvalidSchedule | None]:
    """Return the chain of rules, and whose schedule decides: an instance's own ``noschedule`` before any other."""
    tagged = any(
        candidate.is_persons_tag and (candidate.until is None or now < candidate.until)
        for candidate in found
    )
    chain = []
    deciding = None
    for candidate in found:
        verdict, why = _verdict(candidate, now, tagged=tagged)
        blocks = verdict is Verdict.INVALID and candidate.blocks_when_invalid
        if deciding is None and (verdict is Verdict.DECIDES or blocks):
            deciding = candidate
        elif verdict is Verdict.DECIDES:
            verdict, why = Verdict.BEATEN, ""
        chain.append(Rule(candidate, verdict, why))
    assert deciding is not None
    # what would decide if there were no overrides
    own = next(
        candidate
        for candidate in found
        if candidate.source is not Source.OVERRIDE and candidate.schedule is not None
    )
    if isinstance(own.schedule, Schedule) and own.schedule.fixed is State.NOSCHEDULE:
        return _left_alone(chain, own), own.source, own.schedule
    return tuple(chain), deciding.source, deciding.schedule


def _verdict(candidate: Candidate, now: datetime, *, tagged: bool) -> tuple[Verdict, str]:
    schedule = candidate.schedule
    if schedule is None:
        return Verdict.ABSENT, ""
    if candidate.until is not None and now >= candidate.until:
        return Verdict.ENDED, f"ended {candidate.until:%Y-%m-%d %H:%M %Z}"
    if isinstance(schedule, InvalidSchedule):
        return Verdict.INVALID, str(schedule)
    if candidate.source is Source.OVERRIDE:
        state = state_at(schedule, now)
        if state is State.NONE:
            return Verdict.PASSED_OVER, "it asks for nothing yet"
        if state is State.OFF and tagged:
            return Verdict.PASSED_OVER, _PASSED_OVER_OFF
    return Verdict.DECIDES, candidate.note


def _left_alone(chain: Sequence[Rule], own: Candidate) -> tuple[Rule, ...]:
    """Return the chain of an instance whose own schedule says noschedule: that decides."""
    return tuple(
        rule._replace(verdict=Verdict.DECIDES, why="noschedule: never touched")
        if rule.source is own.source
        else rule._replace(verdict=Verdict.BEATEN, why="")
        if rule.verdict is Verdict.DECIDES
        else rule
        for rule in chain
    )


def _step(
    instance: InstanceFacts, group: GroupFacts | None, wanted: State
) -> tuple[Action, SkipCode | None]:
    """Return the next step towards ON or OFF, or skip with the reason."""
    if wanted is State.ON:
        return _step_on(instance, group)
    if group is not None:
        if group.lifecycle == _IN_SERVICE:
            return Action.PUT_OUT_OF_SERVICE, None
        if group.lifecycle != _STANDBY:
            return Action.SKIP, SkipCode.GROUP_TRANSITIONING
    if instance.state == "running":
        return Action.SWITCH_OFF, None
    return (
        Action.SKIP,
        SkipCode.CORRECT_STATE if instance.state == "stopped" else SkipCode.TRANSITIONING,
    )


def _step_on(instance: InstanceFacts, group: GroupFacts | None) -> tuple[Action, SkipCode | None]:
    if instance.state == "stopped":
        return Action.SWITCH_ON, None
    if instance.state != "running":
        return Action.SKIP, SkipCode.TRANSITIONING
    if group is None or group.lifecycle == _IN_SERVICE:
        return Action.SKIP, SkipCode.CORRECT_STATE
    if group.lifecycle == _STANDBY:
        return Action.PUT_IN_SERVICE, None
    return Action.SKIP, SkipCode.GROUP_TRANSITIONING


def postponed(
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
    due or the deployment began, whichever is later. ``scaleToZero`` is of groups: an instance in none is stopped.
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
        event = previous_event(schedule, now) if schedule.fixed is None else None
        due = max(since, event.at.astimezone(UTC)) if event else since
        until = due + timedelta(seconds=rules.deployment_postpones_s)
        if now < until:
            return SkipReason(SkipCode.DEPLOYING, until=until)
    return None
