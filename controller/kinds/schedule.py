"""Schedule: when instances run, in the words of people."""

from functools import lru_cache
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from controller.kinds.language.kind import Finding, Findings, Kind, World, controller_kind
from controller.kinds.language.spec import RefTo, Says, Spec, unfit
from controller.kinds.parts.schedule_choice import FIXED_MODES, Expression, TimeZone
from controller.kinds.parts.texts import LongText, Text
from controller.model.ref import ResourceRef
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import (
    Period,
    compile_periods,
    not_in_text,
    parse_clock,
    parse_days,
)
from controller.scheduling.schedule import ALWAYS_OFF, InvalidSchedule
from controller.scheduling.schedule import Schedule as CompiledSchedule

Clock = Annotated[
    str, Field(pattern=r"^([01][0-9]|2[0-4]):[0-5][0-9]$"), Says("a time of day such as 08:00")
]
Days = Annotated[
    str,
    Field(pattern=r"^[A-Za-z]+([ ,-]+[A-Za-z]+)*$", max_length=100),
    Says("days of the week, such as mon-fri, sat or mon,wed"),
]


class HoursOfDays(Spec):
    """Hours of some days of the week. An end that is not after its beginning lies on the next day."""

    indivisible: ClassVar[bool] = True

    days: Annotated[
        Days | Annotated[list[Days], Field(min_length=1)],
        Says("days of the week, such as mon-fri, sat or [mon, wed]"),
    ]
    """``mon-fri``, ``mon,wed``, or a list of such."""
    from_: Annotated[Clock, Field(validation_alias="from", serialization_alias="From")]
    """When they begin, such as 08:00."""
    to: Clock
    """When they end, such as 19:00 or 24:00."""

    @model_validator(mode="after")
    def _can_be_read(self) -> "HoursOfDays":
        try:
            parse_days(self.days)
            parse_clock(self.from_)
            parse_clock(self.to, end=True)
        except InvalidSchedule as refusal:
            raise unfit(refusal.message, refusal.fix) from None
        return self

    def period(self) -> Period:
        """Return the value the compiler takes."""
        return Period(
            self.days if isinstance(self.days, str) else tuple(self.days), self.from_, self.to
        )


class ScheduleSpec(Spec):
    """What a Schedule is: periods of the week in a time zone, or one line of text."""

    description: LongText | None = None
    """For people."""
    timezone: TimeZone | None = None
    """IANA name of the time zone the periods are in, such as Europe/London. Default: UTC."""
    periods: Annotated[list[HoursOfDays], Field(min_length=1)] | None = None
    """When instances are on; at all other times they are off."""
    except_: Annotated[
        list[Annotated[Text, RefTo("Calendar")]] | None,
        Field(validation_alias="except", serialization_alias="Except"),
    ] = None
    """Calendars on whose dates instances are off."""
    expression: Expression | None = None
    """Instead of periods: one line such as "start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | Europe/London"."""


class ScheduleFacts(NamedTuple):
    """What environments and roles ask."""

    timezone: str | None
    periods: tuple[Period, ...]
    calendars: tuple[str, ...]
    expression: str | None

    def compiled(self, world: World) -> CompiledSchedule:
        """Return the schedule with the dates of its calendars; a calendar that does not exist excepts nothing."""
        if self.expression is not None:
            return parse_schedule(self.expression)
        if not self.periods:
            return ALWAYS_OFF
        found = (world.facts("Calendar", name) for name in self.calendars)
        dates = tuple(date for calendar in found if calendar is not None for date in calendar.dates)
        return _compiled(self.timezone or "UTC", self.periods, dates)


_compiled = lru_cache(maxsize=16384)(compile_periods)


def _has_one_form(_ref: ResourceRef, facts: ScheduleFacts, _world: World) -> Findings:
    # A rule and no part of the model, for a Defaults may give one of these fields alone.
    if bool(facts.periods) == (facts.expression is not None):
        yield Finding(
            ("spec",),
            "expected either periods or expression",
            "write periods: [{days: mon-fri, from: 08:00, to: 19:00}], or expression: TEXT",
        )
    elif facts.expression is not None and (facts.timezone is not None or facts.calendars):
        yield Finding(
            ("spec", "expression"),
            "timezone and except belong to periods, not to an expression",
            "write the zone into the expression (… | Europe/London), or use periods",
        )


def _other_programs_read_it(_ref: ResourceRef, facts: ScheduleFacts, world: World) -> Findings:
    compiled = facts.compiled(world)
    if compiled.exceptions:
        yield Finding(("spec", "except"), not_in_text(compiled), warning=True)


def _name_is_no_state(ref: ResourceRef, _facts: ScheduleFacts, _world: World) -> Findings:
    if ref.key in {*FIXED_MODES, "automatic"}:
        yield Finding(
            ("metadata", "name"),
            f"{ref.key!r} is a state; 'schedule: {ref.key}' could not mean this Schedule",
            "give the Schedule another name",
        )


KIND: Kind[Any] = controller_kind(
    "Schedule",
    "When instances run, in the words of people.",
    ScheduleSpec,
    lambda _key, spec: ScheduleFacts(
        spec.timezone,
        tuple(hours.period() for hours in spec.periods or ()),
        tuple(spec.except_ or ()),
        spec.expression,
    ),
    _name_is_no_state,
    _has_one_form,
    _other_programs_read_it,
)
