"""Schedule: when instances run, in the words of people; which one an environment or a server role follows, and the forms of text."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator

from controller.kinds.language.kind import (
    CONTROLLER_TABLE,
    Elsewhere,
    Finding,
    Findings,
    Kind,
    Path,
    World,
)
from controller.kinds.language.spec import (
    CONTROLLER_ONLY,
    Gives,
    RefTo,
    Says,
    ShortForm,
    Spec,
    unfit,
)
from controller.kinds.parts.texts import LongText, Text
from controller.model.ref import ProblemCode, ResourceRef
from controller.model.table import one_item
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import (
    Period,
    compile_periods,
    not_in_text,
    parse_clock,
    parse_days,
)
from controller.scheduling.schedule import ALWAYS_OFF, InvalidSchedule, State
from controller.scheduling.schedule import Schedule as CompiledSchedule
from controller.scheduling.wall_clock import alias_of, canonical_zone

FIXED_MODES = ("on", "off", "noschedule")
NOSCHEDULE = "noschedule"


def a_schedule(text: str) -> str:
    """Return the text. Raises ValueError with what to write instead if it is no schedule."""
    try:
        parse_schedule(text)
    except InvalidSchedule as refusal:
        place = f" at character {refusal.position + 1}" if refusal.position is not None else ""
        raise unfit(f"{text!r} is no schedule{place}: {refusal.message}", refusal.fix) from None
    return text


def a_time_zone(name: str) -> str:
    """Return the name. Raises ValueError with what to write instead if there is no such time zone."""
    try:
        canonical_zone(name)
    except InvalidSchedule as refusal:
        raise unfit(refusal.message, refusal.fix) from None
    return name


TimeZone = Annotated[Text, AfterValidator(a_time_zone)]


def zone_findings(zone: str, at: Path) -> Findings:
    """Warn of a time zone that is named by an abbreviation or a former name; ``at`` leads to what names it."""
    name = canonical_zone(zone)
    if target := alias_of(name):
        whose = f"the clock of {target}" if target != name else "a clock of no place"
        yield Finding(
            at,
            f"time zone {name} is an old name for {whose}",
            "write the place whose clock is meant, such as Europe/London: it says whether there is a summer time",
            warning=True,
            code=ProblemCode.ZONE_ALIAS,
        )


def text_findings(text: str, at: Path) -> Findings:
    """Warn of a schedule in one line that is read, and hardly meant; ``at`` leads to it."""
    schedule = parse_schedule(text)
    yield from zone_findings(schedule.zone, at)
    if schedule.entries and all(entry.power is State.ON for entry in schedule.entries):
        yield Finding(
            at,
            "the schedule starts and has no stop: what it started stays on",
            'add one, such as "; stop: 0 19 * * 1-5" before the zone',
            warning=True,
            code=ProblemCode.NEVER_STOPS,
        )


def choice_findings(choice: "ScheduleChoiceFacts", at: Path) -> Findings:
    """Warn of a choice that hardly says what is meant; ``at`` leads to it."""
    if choice.use is not None and choice.mode != "automatic":
        yield Finding(
            (*at, "use"),
            f"with mode {choice.mode} the schedule {choice.use} is not followed",
            "remove use, or write mode: automatic",
            warning=True,
            code=ProblemCode.NOT_FOLLOWED,
        )
    if choice.expression is not None:
        yield from text_findings(choice.expression, (*at, "expression"))


def _no_mode(text: str) -> str:
    if text == NOSCHEDULE:
        raise unfit("the expression 'noschedule' is a mode of its own", "write mode: noschedule")
    return text


Expression = Annotated[
    str,
    Field(min_length=1, max_length=1024),
    Says("a schedule in one line of text"),
    AfterValidator(a_schedule),
]


_STATES = {"yes": "on", "true": "on", "no": "off", "false": "off"}
_IN_ONE_LINE = re.compile(
    r"\s*(?:(?:start|stop)\s*:|[0-9*,/-]+(?:\s+[0-9A-Za-z*,/#?-]+){4})", re.IGNORECASE
)


def _a_name(name: str) -> str:
    if state := _STATES.get(name.lower()):
        raise unfit(f"{name!r} is no schedule", f"write {state}, or the name of a Schedule")
    if _IN_ONE_LINE.match(name):
        text = name if ":" in name else f"start: {name}; stop: …"
        fix = f'write schedule: {{expression: "{text}"}}'
        raise unfit(f"{name!r} is no name of a Schedule but one in a line of text", fix)
    return name


class ScheduleChoice(Spec):
    """A schedule: automatic by name or expression, or a fixed state.

    Short forms: ``on``, ``off``, ``noschedule``, or the name of a Schedule for ``{mode: automatic, use: NAME}``.
    """

    indivisible: ClassVar[bool] = True
    shorter: ClassVar[str] = "on, off, noschedule, the name of a Schedule"

    mode: Literal["automatic", "on", "off", "noschedule"] = "automatic"
    """``automatic`` follows the schedule, ``on`` and ``off`` are kept by hand, ``noschedule`` is left alone."""
    use: Annotated[
        Annotated[Text, RefTo("Schedule"), AfterValidator(_a_name)] | None,
        CONTROLLER_ONLY,
        Gives("expression"),
    ] = None
    """Name of a Schedule."""
    expression: Annotated[Expression, AfterValidator(_no_mode)] | None = None
    """A schedule in one line, such as "start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | Europe/London"."""

    @model_validator(mode="after")
    def _one_source(self) -> "ScheduleChoice":
        given = (self.use is not None) + (self.expression is not None)
        if given > 1:
            raise unfit(
                "use and expression are both given, expected one of them",
                "remove one; what a Defaults gives is cleared by null",
            )
        if self.mode == "automatic" and not given:
            raise unfit(
                "mode automatic needs a schedule to follow",
                "add use: NAME of a Schedule, or expression: TEXT",
            )
        if self.mode == "noschedule" and given:
            raise unfit(
                "mode noschedule follows no schedule", "remove use and expression, or the mode"
            )
        return self


SHORT_TEXT = ShortForm({"type": "string", "minLength": 1, "maxLength": 255})
"""Mark of a field whose short forms are text."""


class ScheduleChoiceFacts(NamedTuple):
    """What decides the text other programs read."""

    mode: str
    use: str | None
    expression: str | None


def expand_schedule(value: Any) -> Any:
    """Write a short form out; anything else is returned as it is."""
    if not isinstance(value, str):
        return value
    return {"mode": value} if value in FIXED_MODES else {"mode": "automatic", "use": value}


def derived_expression(use: str, world: World) -> str | None:
    """Return the text nearest to the Schedule of that name, None if there is none."""
    facts = world.facts("Schedule", use)
    return None if facts is None else str(facts.compiled(world).text)


def flags(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of the operational item for a dumped choice, but for a text that is derived.

    Domain rule: automatic is (true, false), on (false, true), off (false, false); noschedule is an automatic
    schedule that says so.
    """
    mode = spec["Mode"]
    text = NOSCHEDULE if mode == "noschedule" else spec.get("Expression")
    return {
        "ScheduleAutomatically": mode in {"automatic", "noschedule"},
        "ManualScheduleUp": mode == "on",
        **({} if text is None else {"DefaultSchedule": text}),
    }


def choice_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dumped choice that the attributes of an operational item mean; the inverse of ``flags``.

    Domain rule: off only if both flags are false, automatic only if automatic is true and manual is not; else on.
    """
    automatic, manual = value.get("ScheduleAutomatically"), value.get("ManualScheduleUp")
    text = value.get("DefaultSchedule")
    if automatic is True and manual is not True:
        if text == NOSCHEDULE:
            return {"Mode": "noschedule"}
        mode = "automatic"
    else:
        mode = "off" if automatic is False and manual is False else "on"
    return {"Mode": mode, "Expression": text} if text else {"Mode": mode}


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
        dates = tuple(date for calendar in found if calendar is not None for date in calendar)
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
        code = ProblemCode.DATES_NOT_IN_TEXT
        calendars = [name for name in facts.calendars if world.facts("Calendar", name)]
        yield Finding(
            ("spec", "except"),
            not_in_text(compiled),
            warning=True,
            code=code,
            elsewhere=tuple([Elsewhere.of("Calendar", name, "dates") for name in calendars]),
        )


def _means_what_it_says(_ref: ResourceRef, facts: ScheduleFacts, _world: World) -> Findings:
    if facts.timezone is not None:
        yield from zone_findings(facts.timezone, ("spec", "timezone"))
    if facts.expression is not None:
        yield from text_findings(facts.expression, ("spec", "expression"))


def _name_is_no_state(ref: ResourceRef, _facts: ScheduleFacts, _world: World) -> Findings:
    if ref.key in {*FIXED_MODES, "automatic"}:
        yield Finding(
            ("metadata", "name"),
            f"{ref.key!r} is a state; 'schedule: {ref.key}' could not mean this Schedule",
            "give the Schedule another name",
        )


KIND: Kind[Any] = Kind(
    name="Schedule",
    summary="When instances run, in the words of people.",
    spec=ScheduleSpec,
    **one_item(CONTROLLER_TABLE, kind="Schedule"),
    facts=lambda _key, spec: ScheduleFacts(
        spec.timezone,
        tuple(hours.period() for hours in spec.periods or ()),
        tuple(spec.except_ or ()),
        spec.expression,
    ),
    rules=(_name_is_no_state, _has_one_form, _other_programs_read_it, _means_what_it_says),
)
