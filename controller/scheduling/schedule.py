"""The one value both ways of writing a schedule compile to, and how one that cannot be read is refused."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class InvalidSchedule(ValueError):
    """A schedule that is reported and left alone, never guessed.

    ``message`` says what is wrong, ``fix`` what to write instead, ``position`` where it begins in the
    text (0-based column; None for forms that are not one line of text).
    """

    def __init__(self, message: str, fix: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.position = position

    def __str__(self) -> str:
        return f"{self.message}; {self.fix}"

    def __eq__(self, other: object) -> bool:
        """Two refusals of one text are one: decisions about alike instances are compared."""
        return type(other) is type(self) and str(other) == str(self)

    def __hash__(self) -> int:
        return hash(str(self))

    def moved(self, columns: int) -> "InvalidSchedule":
        """Return the same refusal with its position shifted into the surrounding text."""
        return InvalidSchedule(self.message, self.fix, (self.position or 0) + columns)


class ScheduleNeverRuns(InvalidSchedule):
    """A schedule none of whose entries matches a date in the year ahead."""


FIRST_YEAR = 1970
LAST_YEAR = 2099
"""Years a schedule can speak about (the grammar's year field). No event lies outside of them."""
ALL_YEARS = (1 << (LAST_YEAR - FIRST_YEAR + 1)) - 1
ALL_MONTHS = (1 << 13) - 2
MINUTES_PER_DAY = 1440
ANY_DAY = (1 << 32) - 2


class State(StrEnum):
    """What a schedule asks for at a moment."""

    ON = "on"
    OFF = "off"
    NOSCHEDULE = "noschedule"
    """Whoever wrote it wants the instance left alone."""
    NONE = "none"
    """All events of the schedule lie in the future: nothing is asked for yet."""


class DayRule(NamedTuple):
    """The two day fields of a cron: a day matches when the month part and the weekday part both do.

    Weekdays count from Sunday = 0.
    """

    days: int
    """Bit d: the d-th of the month (1-31)."""
    last: bool = False
    """``L``: the last day of the month."""
    nearest: int = 0
    """Bit d: ``dW``, the weekday (Mon-Fri) nearest to the d-th within the month."""
    last_weekday: bool = False
    """``LW``: the last Mon-Fri day of the month."""
    weekdays: int = 0
    """Bit w: every weekday w."""
    nth: int = 0
    """Bit (n-1)*7+w: ``w#n``, the n-th weekday w of the month."""
    last_of: int = 0
    """Bit w: ``wL``, the last weekday w of the month."""


class Entry(NamedTuple):
    """One ``start:`` or ``stop:`` with its cron as bit masks."""

    power: State
    """ON for a start, OFF for a stop."""
    times: int
    """Bit m: minute m of the day (0-1439), wall clock."""
    days: DayRule
    months: int
    """Bit m: month m (1-12)."""
    years: int
    """Bit y: year 1970 + y; ALL_YEARS when no year is given."""
    text: str
    """As written, spaces evened out: ``start: 0 8 * * 1-5``."""

    @property
    def is_weekly(self) -> bool:
        """Whether it says the same for every week."""
        days = self.days
        every_day = days.days == ANY_DAY and not days.nth and not days.last_of
        return every_day and self.months == ALL_MONTHS and self.years == ALL_YEARS


class ExceptDates(NamedTuple):
    """Local dates, both ends included, on which the schedule is off."""

    first: date
    last: date
    name: str
    """Shown to people: ``Good Friday``."""
    calendar: str = ""
    """The Calendar it comes from, if any."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A power schedule: either one fixed state, or entries in a time zone with days excepted.

    Two schedules are equal when they ask for the same in the same words; ``text`` is what was
    written, without the dates excepted, and does not count.
    """

    fixed: State | None
    """ON, OFF or NOSCHEDULE; None when the entries decide."""
    entries: tuple[Entry, ...] = ()
    zone: str = "UTC"
    """IANA name as the time zone data spell it."""
    exceptions: tuple[ExceptDates, ...] = ()
    text: str = field(default="", compare=False)


ALWAYS_ON = Schedule(State.ON, text="on")
ALWAYS_OFF = Schedule(State.OFF, text="off")
NOSCHEDULE = Schedule(State.NOSCHEDULE, text="noschedule")
FIXED = {schedule.text: schedule for schedule in (ALWAYS_ON, ALWAYS_OFF, NOSCHEDULE)}
"""The fixed states by what they are called."""

SCHEDULE_ATTRIBUTES = ("ManualScheduleUp", "ScheduleAutomatically", "DefaultSchedule")
"""Attributes of an environment's operational item that say what schedule it has."""
