"""What power wants changed in a scope: one change for each instance or group that is to be brought elsewhere. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from controller.decisions.evaluator import Evaluation, Evaluator, JudgedGroup
from controller.decisions.schedule_memory import ScheduleMemory, cause_of
from controller.model.live import FoundInstance, LiveLook
from controller.model.plan import Action as PlanAction
from controller.model.plan import Cause, Note, NoteCategory
from controller.model.ref import ResourceRef
from controller.ports import Shaping
from controller.scheduling.decision import (
    ON_THE_WAY,
    POSTPONED,
    STOPPING,
    Action,
    Decision,
    SkipCode,
    Verdict,
)
from controller.scheduling.group_sizes import STANDING_BY
from controller.scheduling.schedule import State
from controller.scheduling.timeline import previous_event
from controller.targets.power_parts.steps import (
    ANY,
    HELD_BACK,
    Forget,
    GroupSituation,
    Parked,
    Remember,
    Resize,
    Resume,
    Suspend,
    UnreadableTag,
    next_steps,
    parked_of,
    situation_of,
)

INSTANCE: Final = "Instance"
PARKING: Final = "ParkedGroup"
NO_START_FOR: Final = timedelta(hours=1)
"""So long what AWS took back the start of is not started again, unless it is asked for anew."""
NO_STOP_FOR: Final = timedelta(days=1)
"""So long what AWS refused for good to stop is not asked again, unless it is to stop anew."""
_PROTECTED_ALONE: Final = "AWS refuses to stop it (stop protection): it is asked again when it is to stop anew; take disableApiStop off"
_PROTECTED: Final = "AWS refuses to stop it (stop protection): it stays in service until its group wakes; take disableApiStop off"
_INTERRUPTED: Final = "AWS interrupted it (Spot), and alone starts it again, once it has capacity"
_STARTS: Final = frozenset({Action.SWITCH_ON, Action.PUT_IN_SERVICE})


class PowerChange(NamedTuple):
    """One change. ``after`` are the attributes it is to have, ``extra`` what acting has to know besides."""

    ref: ResourceRef
    environment: str
    after: dict[str, object]
    extra: dict[str, object]
    shaping: Shaping


@dataclass(frozen=True, slots=True)
class PowerChanges:
    """Everything for one scope. ``notes`` are on what is not done and why."""

    changes: tuple[PowerChange, ...]
    notes: tuple[Note, ...]
    stops: bool
    """Whether anything is to be stopped now: only then do running deployments count."""


def instance_attributes(state: str, lifecycle: str | None) -> dict[str, object]:
    """Return what is compared of an instance; of a member also its place in its group."""
    return {"state": state, **({"lifecycle": lifecycle} if lifecycle else {})}


def parking_attributes(
    minimum: int, suspended: frozenset[str], *, parked: bool
) -> dict[str, object]:
    """Return what is compared of a group: what parking changes about it."""
    return {
        "minSize": minimum,
        "parked": parked,
        "suspended": ", ".join(sorted(HELD_BACK & suspended)) or "none",
    }


_Said = dict[tuple[int, str, str, bool], tuple[str, Cause]]
"""By decision, environment, role, and whether its group's tag is ours: why, and what caused it. Instances that are alike have one decision."""


def power_changes_of(
    evaluator: Evaluator, look: LiveLook, memory: ScheduleMemory, now: datetime
) -> PowerChanges:
    """Return what is to be changed in a scope."""
    scope, groups = look.scope.name, evaluator.groups
    changes: list[PowerChange] = []
    notes: list[Note] = []
    members: dict[str, list[Evaluation]] = {}
    said: _Said = {}
    stops = any(group.decision.action in STOPPING for group in groups.values())
    for found in evaluator.instances:
        ref = ResourceRef(INSTANCE, f"{scope}/{found.instance.instance_id}")
        group = groups.get(found.group)
        change = _of_instance(ref, found, group, memory, now, said)
        if change is not None and (text := _cannot_stop(change, found, group, memory, now)):
            notes.append(Note(NoteCategory.CANNOT_STOP, ref, text))
        elif change is not None and found.instance.interrupted:
            notes.append(Note(NoteCategory.WAITING, ref, _INTERRUPTED))
        elif change is not None:
            changes.append(change)
        notes += _notes_on(ref, found, now)
        stops = stops or found.due.action in STOPPING
        if found.group and found.lifecycle is not None:
            members.setdefault(found.group, []).append(found)
    for name, group in groups.items():
        ref = ResourceRef(PARKING, f"{scope}/{name}")
        of_group = _of_group(ref, group, members.get(name, ()), memory, now)
        if isinstance(of_group, PowerChange):
            changes.append(of_group)
        elif of_group is not None:
            notes.append(of_group)
    return PowerChanges(tuple(changes), tuple(notes), stops)


def _of_instance(
    ref: ResourceRef,
    found: Evaluation,
    group: JudgedGroup | None,
    memory: ScheduleMemory,
    now: datetime,
    said: _Said,
) -> PowerChange | None:
    decision, member = found.due, found.lifecycle is not None
    effects: dict[str, int] = {}
    since, stuck = found.stuck_since(now), ""
    action: PlanAction
    if decision.action in STOPPING:
        runs = found.instance.state not in ("stopped", "stopping")
        action, effects = ("stop", {"stopped": 1}) if runs else ("enterStandby", {})
        after = instance_attributes("stopped", "Standby" if member else None)
    elif decision.action in _STARTS:
        action = "start" if decision.action is Action.SWITCH_ON else "exitStandby"
        after = instance_attributes("running", "InService" if member else None)
    elif since is not None and found.role is not None and found.role.replaces_stuck and member:
        action, effects = "update", {"replaced": 1}
        after = instance_attributes("replaced", found.lifecycle)
        stuck = f"should have been in service by {_minute_text(since)}"
    else:
        return None
    role = found.role.facts.name if found.role else ""
    ours = group is not None and group.tag_is_ours
    same = (id(decision), found.environment, role, ours)
    if same not in said:
        cause = cause_of(decision, found.environment, role, memory, now, tag_is_ours=ours)
        said[same] = because(decision), cause
    text, cause = said[same]
    text = stuck or text
    extra: dict[str, object] = {}
    if group is not None and member:
        extra = {"group": found.group, "groupWanted": group.decision.wanted.value}
    if action == "start" and (held := _held(found.instance, decision, now)):
        extra["held"] = held
        text = f"{text}; {held}"
    return PowerChange(
        ref, found.environment, after, extra, Shaping(action, cause, text, effects or None)
    )


def _cannot_stop(
    change: PowerChange,
    found: Evaluation,
    group: JudgedGroup | None,
    memory: ScheduleMemory,
    now: datetime,
) -> str:
    """Say that AWS refused for good to stop an instance since its group was parked, or, within the day, since it is to stop; else nothing."""
    if change.shaping.action not in ("stop", "enterStandby"):
        return ""
    name = found.instance.instance_id
    parked = parked_of(group.group) if group is not None else None
    if isinstance(parked, Parked):
        stay = ANY in parked.cannot_stop and found.lifecycle == "InService"
        if stay or name in parked.cannot_stop:
            return _PROTECTED
    at = memory.cannot_stop.get(name)
    if at is None or not timedelta() <= now - at < NO_STOP_FOR:
        return ""
    asked = _asked_at(found.due, now)
    return _PROTECTED_ALONE if asked is None or asked <= at else ""


def _held(instance: FoundInstance, decision: Decision, now: datetime) -> str:
    """Return why a start is not asked for yet: AWS took the last one back, and nothing asks for another since; else nothing."""
    at = instance.launched_at
    if not instance.failed_start or at is None or now >= at + NO_START_FOR:
        return ""
    asked = _asked_at(decision, now)
    if asked is not None and asked > at:
        return ""
    again = _minute_text(at + NO_START_FOR)
    return f"AWS took back its start of {_minute_text(at)} ({instance.failed_start}); it is tried again from {again} on"


def _asked_at(decision: Decision, now: datetime) -> datetime | None:
    """Return since when what a decision wants is wanted, by its rule or the schedule's last event; None where nothing says."""
    rule, schedule = decision.deciding, decision.schedule
    if rule is not None and rule.since is not None:
        return rule.since
    event = previous_event(schedule, now) if schedule and schedule.fixed is None else None
    return event.at if event else None


def _notes_on(ref: ResourceRef, judged: Evaluation, now: datetime) -> Iterator[Note]:
    decision, reason, now_reason = judged.due, judged.due.reason, judged.decision.reason
    code = reason and reason.code
    if decision.source is not None and decision.schedule is None:
        yield Note(NoteCategory.INVALID, ref, str(reason))
    elif code is SkipCode.CANNOT_STOP:
        yield Note(NoteCategory.CANNOT_STOP, ref, str(reason))
    elif code in POSTPONED:
        yield Note(NoteCategory.POSTPONED, ref, str(reason))
    elif now_reason and now_reason.code in ON_THE_WAY and decision.action is Action.SKIP:
        place = f", {judged.lifecycle} in {judged.group}" if judged.lifecycle else ""
        yield Note(NoteCategory.WAITING, ref, f"on its way: {judged.instance.state}{place}")
    for rule in decision.chain:
        if rule.verdict is Verdict.INVALID and rule.source is not decision.source:
            yield Note(NoteCategory.INVALID, ref, f"{rule.source} {rule.text!r}: {rule.why}")
    since = judged.stuck_since(now)
    if since is not None and not (judged.role and judged.role.replaces_stuck):
        place = f", {judged.lifecycle}" if judged.lifecycle else ""
        yield Note(
            NoteCategory.STUCK,
            ref,
            f"is {judged.instance.state}{place}; should have been in service by {_minute_text(since)}"
            " (whenStuck: replace would end it for another)",
        )


def _of_group(
    ref: ResourceRef,
    judged: JudgedGroup,
    members: Sequence[Evaluation],
    memory: ScheduleMemory,
    now: datetime,
) -> PowerChange | Note | None:
    group, role, decision = judged.group, judged.role, judged.decision
    parked = parked_of(group)
    ignored = role is not None and role.facts.when_off == "ignore"
    if not judged.environment or ignored or group.status:
        return None
    if isinstance(parked, UnreadableTag):
        text = f"its tag envctl:parked cannot be read ({parked.text!r}): its sizes are left as they are"
        return Note(NoteCategory.INVALID, ref, text)
    scales, goes_off = judged.scales, decision.action in STOPPING
    here = {member.instance.instance_id for member in members}
    lost = sum(m.lifecycle == "Standby" and m.instance_id not in here for m in group.members)
    if parked is None and not (scales and goes_off) and not lost:
        return None
    if scales and goes_off:
        for member in members:
            if member.decision.wanted is not State.OFF:
                told = f"{member.instance.instance_id} is to stay on, so the group is not scaled to zero"
                return Note(NoteCategory.POSTPONED, ref, told)
    elif decision.wanted is not State.ON:
        return None
    wanted = State.OFF if goes_off else State.ON
    situation = _when_members_are_there(judged, members, wanted)
    steps = next_steps(situation)
    if steps.stays and not steps.chain and scales:
        category = NoteCategory.SHORT if steps.short else NoteCategory.CANNOT_STOP
        return Note(category, ref, ": ".join(filter(None, (steps.short, steps.stays))))
    if not (steps.chain or steps.short) or (
        not scales and any(isinstance(step, Remember) for step in steps.chain)
    ):
        return None
    cause = cause_of(decision, judged.environment, role.facts.name if role else "", memory, now)
    ends = len(group.members) if wanted is State.OFF else 0
    effects = {"ended": ends} if ends else None
    action: PlanAction = "update" if scales else "exitStandby"
    return PowerChange(
        ref,
        judged.environment,
        _after(situation, steps.chain),
        {"groupWanted": wanted.value, "scales": scales},
        Shaping(action, cause, because(decision) + _of_lost(lost, wanted), effects),
    )


def _of_lost(lost: int, wanted: State) -> str:
    """Say what is done about members that ended in standby; their group lists them until they are put back."""
    if not lost or wanted is not State.ON:
        return ""
    which = f"{lost} members that ended" if lost > 1 else "1 member that ended"
    return f"; {which} in standby: put back, AWS replaces what is gone"


def _when_members_are_there(
    judged: JudgedGroup, decided: Sequence[Evaluation], wanted: State
) -> GroupSituation:
    """Return a group as it will be once each of its members is where it is wanted; one that scales as it is."""
    group = situation_of(
        judged.group,
        {member.instance.instance_id: member.instance for member in decided},
        wanted,
        {member.instance.instance_id: member.decision.wanted for member in decided},
        parked=parked_of(judged.group),
        scales=judged.scales,
    )
    if group.scales:
        return group
    back = sum(
        member.wanted is State.ON and member.lifecycle in STANDING_BY for member in group.members
    )
    gone = len(group.members_that(State.OFF, "InService"))
    places = {State.ON: ("InService", "running"), State.OFF: ("Standby", "stopped")}
    members = tuple(
        member._replace(lifecycle=places[member.wanted][0], state=places[member.wanted][1])
        if member.wanted in places
        else member
        for member in group.members
    )
    return replace(group, members=members, desired=min(group.maximum, group.desired + back - gone))


def _after(group: GroupSituation, chain: tuple[object, ...]) -> dict[str, object]:
    minimum, suspended, parked = group.minimum, group.suspended, group.parked is not None
    for step in chain:
        match step:
            case Resize(minimum=size):
                minimum = size
            case Suspend(processes):
                suspended |= frozenset(processes)
            case Resume(processes):
                suspended -= frozenset(processes)
            case Remember():
                parked = True
            case Forget():
                parked = False
    return parking_attributes(minimum, suspended, parked=parked)


def because(decision: Decision) -> str:
    """Say in a few words which rule decides: ``environment office-hours says off``."""
    rule = next((rule for rule in decision.chain if rule.verdict is Verdict.DECIDES), None)
    if rule is None:
        return str(decision.reason or "")
    note = f" ({rule.why})" if rule.why else ""
    return f"{rule.source.value} {rule.text} says {decision.wanted.value}{note}"


def _minute_text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"
