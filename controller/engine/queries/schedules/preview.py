"""What a preview shows: the schedule that a name or a text means, and where it comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from controller.decisions.power_map import (
    SCHEDULE_PATH,
    FollowedSchedule,
    compiled,
    of_environment,
    of_role,
    roles_of,
    roles_using,
    users_of,
)
from controller.errors import WrongUsage
from controller.kinds.schedule import ScheduleChoice
from controller.model.accepted import AcceptedState
from controller.model.closest import did_you_mean
from controller.model.override import Override
from controller.model.ref import Origin, ResourceRef
from controller.planning.overrides import segments
from controller.scheduling.calendar_view import (
    MOST_EVENTS,
    CalendarView,
    TooManyEvents,
    calendar_view,
)
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import InvalidSchedule, Schedule
from controller.scheduling.wall_clock import zone_of

MOST_DAYS = 366
_WORDS = ("on", "off", "247", "noschedule")


@dataclass(frozen=True, slots=True)
class PreviewedSchedule:
    """A schedule, the place it was written, and who follows it; of an environment what it and its roles follow."""

    name: str
    schedule: Schedule
    origin: Origin | None = None
    environments: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    follows: FollowedSchedule | None = None
    own: Mapping[str, FollowedSchedule] = field(default_factory=dict)
    """Roles of an environment that have a schedule of their own."""
    overrides: tuple[Override, ...] = ()
    """Overrides that hold something else until they end."""


def is_expression(text: str) -> bool:
    """Tell whether a text is meant as a schedule and not as a name."""
    return ":" in text or text.strip().lower() in _WORDS


def previewed(text: str, accepted: Callable[[], AcceptedState]) -> PreviewedSchedule:
    """Return the schedule that a text means; what is accepted is only asked for where it is a name. Raises WrongUsage."""
    return of_expression(text) if is_expression(text) else of_name(text, accepted())


def of_expression(text: str) -> PreviewedSchedule:
    """Return the schedule that is written out. Raises WrongUsage with the place of what is wrong."""
    try:
        return PreviewedSchedule(text.strip(), parse_schedule(text))
    except InvalidSchedule as refusal:
        at = refusal.position
        mark = "" if at is None else f"  {text}\n  {' ' * at}^"
        raise WrongUsage(f"no schedule: {refusal.message}", detail=mark, fix=refusal.fix) from None


def of_name(text: str, accepted: AcceptedState) -> PreviewedSchedule:
    """Return the schedule that ``Schedule/NAME``, ``Environment/NAME`` or a bare name means, as it is written; overrides are noted.

    Raises WrongUsage.
    """
    held, accepted = accepted.overrides, accepted.written
    ref = find_scheduled(text, accepted)
    origin = accepted.resources[ref].origin._replace(column=0)
    if ref.kind == "Schedule":
        return PreviewedSchedule(
            str(ref),
            _valid(ref, compiled(ScheduleChoice(use=ref.key), accepted)),
            origin,
            tuple(users_of(ref.key, accepted)),
            tuple(roles_using(ref.key, accepted)),
        )
    followed = of_environment(ref.key, accepted)
    assert followed is not None, "it can be read: it was found among the documents"
    roles = roles_of(ref.key, accepted).items()
    own = {role: schedule for role, spec in roles if (schedule := of_role(spec, accepted))}
    holding = tuple(
        override
        for override in held
        if override.ref == ref and segments(override.path) == SCHEDULE_PATH
    )
    return PreviewedSchedule(
        str(ref),
        _valid(ref, followed.schedule),
        origin,
        follows=followed,
        own=own,
        overrides=holding,
    )


def find_scheduled(text: str, accepted: AcceptedState) -> ResourceRef:
    """Return the Schedule or Environment a text names; a bare name may be either. Raises WrongUsage."""
    kinds = ("Schedule", "Environment")
    kind, slash, key = text.partition("/")
    wanted = [ResourceRef(kind, key)] if slash else [ResourceRef(name, text) for name in kinds]
    found = [ref for ref in wanted if ref in accepted.resources and ref.kind in kinds]
    if len(found) == 1:
        return found[0]
    if found:
        raise WrongUsage(
            f"{text!r} is a Schedule and an Environment",
            fix=f"write Schedule/{text} or Environment/{text}",
        )
    unreadable = next((ref for ref in wanted if ref in accepted.unreadable), None)
    if unreadable is not None:
        raise WrongUsage(
            f"{unreadable}: {accepted.unreadable[unreadable]}",
            fix="envctl plan shows how it differs from the source; envctl apply heals what was changed outside",
        )
    known = [ref for name in kinds for ref in accepted.of_kind(name)]
    names = [*map(str, known), *(() if slash else (ref.key for ref in known))]
    otherwise = "name a Schedule, an Environment, or write a schedule out"
    fix = did_you_mean(text, names, otherwise, quoted=False)
    raise WrongUsage(f"there is no schedule and no environment {text!r}", fix=fix)


def view_of(shown: PreviewedSchedule, first: str | None, days: int, now: datetime) -> CalendarView:
    """Return the calendar of some days, from ``first`` (a date; None for today in its zone). Raises WrongUsage."""
    if not 1 <= days <= MOST_DAYS:
        raise WrongUsage(f"--days {days}: a calendar has 1 to {MOST_DAYS} days", fix="choose fewer")
    try:
        day = (
            date.fromisoformat(first)
            if first
            else now.astimezone(zone_of(shown.schedule.zone)).date()
        )
    except ValueError:
        raise WrongUsage(f"--from {first}: no date", fix="write it as 2027-03-25") from None
    try:
        return calendar_view(shown.schedule, day, days, now)
    except TooManyEvents:
        raise WrongUsage(
            f"it switches more than {MOST_EVENTS} times in {days} days", fix="choose fewer days"
        ) from None
    except InvalidSchedule as refusal:
        raise WrongUsage(refusal.message, fix=refusal.fix) from None
    except OverflowError:
        raise WrongUsage(
            "the calendar ends with the year 9999", fix="choose an earlier day"
        ) from None


def _valid(ref: ResourceRef, schedule: Schedule | InvalidSchedule) -> Schedule:
    if isinstance(schedule, InvalidSchedule):
        raise WrongUsage(f"{ref}: its schedule is not valid: {schedule.message}", fix=schedule.fix)
    return schedule
