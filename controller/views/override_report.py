"""What an override will do and did, as people and programs read it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, TypedDict

from controller.decisions.overlays import Overlay, overlays
from controller.engine.overrides.service import Done, Prepared
from controller.model.override import Override
from controller.model.plan import DONE, Status
from controller.planning.overrides import wholes
from controller.planning.wording import (
    counted_kind,
    end_text,
    maker_text,
    number,
    objects_text,
    what_text,
    whole_text,
)
from controller.scheduling.schedule import Schedule, State
from controller.scheduling.timeline import state_at
from controller.targets.power_parts.power_changes import PARKING
from controller.views.answer import Answer
from controller.views.documents.envelope import filled
from controller.views.override_text import OverrideObject, list_json, overlay_line
from controller.views.plan.wording import AS_USUAL, Asked, violation_lines

_STARTING: Final = frozenset({"start", "exitStandby"})
_STOPPING: Final = frozenset({"stop", "enterStandby"})
_SCHEDULES: Final = frozenset({"schedule", "spec.schedule"})


class PowerModeObject(TypedDict):
    """How power works in a scope."""

    scope: str
    power: Annotated[str, ("enforce", "observe", "off")]


class EffectObject(TypedDict):
    """What is switched at once, by group."""

    scopes: list[PowerModeObject]
    starts: Annotated[Mapping[str, int], "Group, or id -> instances."]
    stops: Annotated[Mapping[str, int], "Group, or id -> instances."]
    left: Annotated[Mapping[str, int], "Why instances are left as they are -> how many."]
    right: Annotated[int, "Instances that are as they are to be already."]
    unknown: Annotated[Mapping[str, str], "Scope -> why it could not be looked at."]


class SwitchOutcomeObject(TypedDict):
    """What became of one switch."""

    ref: str
    action: str
    status: Annotated[str, Status]
    message: str


class OverrideDocument(TypedDict):
    """Overrides written or released, and what became of the instances concerned."""

    at: datetime
    action: Annotated[str, ("make", "release")]
    written: bool
    transaction: str
    overrides: list[OverrideObject]
    effect: EffectObject
    outcomes: list[SwitchOutcomeObject]
    refused: Annotated[list[str], "Tokens of guards that stood in the way."]
    counts: Annotated[Mapping[str, int], "Status -> how many outcomes."]
    failed: Annotated[list[str], "What could not be done once it was written."]


def prepared_lines(prepared: Prepared) -> Iterator[str]:
    """Yield what is to be written, what it does at once, and what it does not do."""
    yield from (_first_line(parts, prepared) for parts in wholes(prepared.overrides))
    yield from _overlay_lines(prepared)
    effect = prepared.effect
    for verb, counts in (("Starts", effect.starts), ("Stops", effect.stops)):
        if counts:
            when = "now" if effect.enforced else "(not: power only observes here)"
            yield f"{verb} {when}: {_instances(counts)}"
    for scope, count in sorted(effect.beyond.items() if prepared.comes else ()):
        yield f"  {scope}: {number(count)} are more than guards.maxStopsByEdit lets an override stop; once written, it says how to approve them"
    if effect.scopes and not effect.switches:
        yield f"Nothing switches now{f': {number(effect.right)} as they are to be' if effect.right else ''}"
    if effect.empty and prepared.comes:
        yield f"  no instances yet in {', '.join(effect.empty)}: the next apply, or the daemon, gives groups their size"
    for reason, count in sorted(effect.stay.items()):
        yield f"  {number(count)} left as {'it is' if count == 1 else 'they are'}: {reason}"
    for scope, reason in sorted(effect.dark.items()):
        yield f"  {scope} could not be looked at: {reason.message}"
    for scope, mode in sorted(effect.modes.items()):
        if mode != "enforce":
            yield f"  mode of power in {scope}: {mode}; written down, and shown, but no instance is switched"
    if not effect.scopes and prepared.comes:
        yield "The next apply, or the daemon, brings it to the tables and what follows from them"


def _first_line(parts: Sequence[Override], prepared: Prepared) -> str:
    override = parts[0]
    end, what = end_text(override, prepared.zone), f"{objects_text(parts)} {whole_text(parts)}"
    if not prepared.comes:
        others = any(_overlays_concerned(prepared))
        again = "" if others or prepared.then is None else f", {prepared.then.label} again"
        override_id = override.id if len(parts) == 1 else override.whole_id
        return f"release {override_id}: {what} ({maker_text(override)}), {end}{again}"
    if override.path not in _SCHEDULES:
        return f"{what} {end}"
    name = override.ref.key.rpartition("/")[2]
    return f"{name} {override.value} {end}{_then(override, prepared)}"


def _overlays_concerned(prepared: Prepared) -> list[Overlay]:
    """Return where what is made, or released, goes before other overrides, or they before it."""
    ids = {override.id for override in prepared.overrides}
    others = [override for override in prepared.holding if override.id not in ids]
    refs = {override.ref for override in prepared.overrides}
    known = [*(other for other in others if other.ref in refs), *prepared.overrides]
    return [
        overlay
        for overlay in overlays(known)
        if overlay.beneath.id in ids or ids.intersection(above.id for above in overlay.above)
    ]


def _overlay_lines(prepared: Prepared) -> Iterator[str]:
    """Yield what of other overrides holds beside what is made, or once it is released."""
    new = prepared.overrides[0].whole_id
    released = () if prepared.comes else {override.id for override in prepared.overrides}
    still = {overlay.beneath.id for overlay in overlays(prepared.holding) if not overlay.path}
    for overlay in _overlays_concerned(prepared):
        own = overlay.beneath
        if not released or own.id in released:
            yield f"  {overlay_line(overlay, prepared.zone, new)}"
        elif own.id not in still:
            yield f"  then {own.whole_id} holds: {what_text(own)} {end_text(own, prepared.zone)}"


def _then(override: Override, prepared: Prepared) -> str:
    followed = prepared.then
    if override.until is None or followed is None or not isinstance(followed.schedule, Schedule):
        return ""
    if any(overlay.holds_again for overlay in _overlays_concerned(prepared)):
        return ""
    state = state_at(followed.schedule, override.until)
    same = str(override.value) == state.value
    if state not in (State.ON, State.OFF):
        return f", then {followed.label} again"
    return f", then {followed.label} again: {state.upper()}{' (no switch)' if same else ''}"


def done_lines(prepared: Prepared, done: Done, asked: Asked = AS_USUAL) -> Iterator[str]:
    """Yield what became of it, where to read more, and how to end it early, with what was ``asked`` for."""
    outcomes = [outcome for scope in done.outcomes for outcome in scope.outcomes]
    told = []
    for verb, actions in (("Started", _STARTING), ("Stopped", _STOPPING)):
        instances = {
            outcome.change.ref: outcome.status
            for outcome in outcomes
            if outcome.change.action in actions and outcome.change.ref.kind == "Instance"
        }
        if instances:
            statuses = Counter(instances.values())
            unknown = statuses[Status.UNKNOWN]
            more = f" ({number(unknown)} not known)" if unknown else ""
            finished = sum(statuses[status] for status in DONE)
            told.append(f"{verb} {number(finished)} of {number(len(instances))}{more}")
    scaled = [
        outcome.status in DONE
        for outcome in outcomes
        if outcome.change.action == "update" and outcome.change.ref.kind == PARKING
    ]
    if scaled:
        told.append(f"Scaled {sum(scaled)} of {len(scaled)} {counted_kind('Group', len(scaled))}")
    took = f" in {round(done.seconds)} s" if told else ""
    first = f"{', '.join(told)}{took}.   " if told else "Written.   "
    if prepared.comes:
        name = prepared.overrides[0].ref.key.rpartition("/")[2]
        early = f"envctl{asked.settings} override release {name}"
        yield f"{first}audit {done.transaction}   release early: {early}"
    else:
        yield f"{first}audit {done.transaction}"
    for outcome in outcomes:
        if outcome.status not in DONE:
            yield f"  {outcome.status.value}  {outcome.change.ref}  {outcome.message.message}"
    for violation in done.refused:
        yield f"  refused  {violation.scope}: {violation.message}"
        yield from (f"    {line}" for line in violation_lines(violation, asked))
    for scope in done.outcomes:
        if scope.stopped:
            yield f"  {scope.finding.scope}: {scope.stopped.message}"
    for error in done.failed:
        yield f"  what was written holds, but: {error}"


def _instances(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    names = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    return f"{number(total)} instance{'' if total == 1 else 's'} ({names})"


def report_json(prepared: Prepared, done: Done, now: datetime) -> OverrideDocument:
    """Return it for programs."""
    effect = prepared.effect
    outcomes = [outcome for scope in done.outcomes for outcome in scope.outcomes]
    return filled(
        OverrideDocument,
        done,
        at=now,
        action="make" if prepared.comes else "release",
        written=True,
        overrides=list_json(prepared.overrides),
        effect=filled(
            EffectObject,
            effect,
            scopes=[{"scope": name, "power": mode} for name, mode in sorted(effect.modes.items())],
            left=effect.stay,
            unknown=effect.dark,
        ),
        outcomes=[filled(SwitchOutcomeObject, outcome, outcome.change) for outcome in outcomes],
        refused=[violation.token for violation in done.refused],
        failed=[str(error) for error in done.failed],
        counts=Counter(outcome.status.value for outcome in outcomes),
    )


def override_answer(prepared: Prepared, done: Done, now: datetime) -> Answer:
    """What was written or released, and what became of it, where nobody is asked in between."""
    return Answer(
        document="override",
        fields=lambda: report_json(prepared, done, now),
        text=lambda: "\n".join((*prepared_lines(prepared), *done_lines(prepared, done))),
        exit_code=done.exit_code,
    )
