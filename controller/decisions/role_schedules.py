"""The schedules of environments and roles, compiled from the accepted state."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from controller.kinds import calendar, schedule
from controller.kinds.parts.schedule_choice import FIXED_MODES, ScheduleChoice
from controller.model.accepted import AcceptedState
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import nearest_expression
from controller.scheduling.refusals import InvalidSchedule
from controller.scheduling.schedule import ALWAYS_OFF, ALWAYS_ON, NOSCHEDULE, Schedule

Compiled = Schedule | InvalidSchedule

_FACTS = {"Schedule": schedule.KIND.facts, "Calendar": calendar.KIND.facts}
_FIXED = dict(zip(FIXED_MODES, (ALWAYS_ON, ALWAYS_OFF, NOSCHEDULE), strict=True))


class _AcceptedWorld:
    """Answers what schedules ask of their calendars."""

    compatibility = "none"

    def __init__(self, accepted: AcceptedState) -> None:
        self._accepted = accepted
        self.default_region = accepted.options.default_region

    def facts(self, kind: str, key: str) -> Any:
        spec = self._accepted.spec(kind, key)
        return None if spec is None else _FACTS[kind](key, spec)

    def names(self, kind: str) -> Iterable[str]:
        return [ref.key for ref in self._accepted.of_kind(kind)]


def compiled(choice: ScheduleChoice, accepted: AcceptedState) -> Compiled:
    """Return the schedule that is chosen; why it cannot be told where it cannot."""
    if choice.mode in _FIXED:
        return _FIXED[choice.mode]
    if choice.expression is not None:
        return _parsed(choice.expression)
    world = _AcceptedWorld(accepted)
    facts = world.facts("Schedule", str(choice.use))
    if facts is None:
        return InvalidSchedule(
            f"Schedule {choice.use} is not among the accepted documents, or cannot be read",
            "envctl doctor says what is wrong with it",
        )
    try:
        found: Schedule = facts.compiled(world)
    except InvalidSchedule as refusal:
        return refusal
    return found


def schedule_tag(choice: ScheduleChoice, accepted: AcceptedState) -> str | InvalidSchedule:
    """Return the text of the Schedule tag for a role that chooses a schedule: a mode, or one line of text."""
    if choice.mode in _FIXED:
        return choice.mode
    if choice.expression is not None:
        return choice.expression
    found = compiled(choice, accepted)
    return found if isinstance(found, InvalidSchedule) else nearest_expression(found)[0]


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Compiled:
    try:
        return parse_schedule(text)
    except InvalidSchedule as refusal:
        return refusal
