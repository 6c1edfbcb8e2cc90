"""Which schedule an environment or a server role follows, and the forms of text schedules are written in."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator

from controller.kinds.language.kind import World
from controller.kinds.language.spec import CONTROLLER_ONLY, RefTo, Says, ShortForm, Spec, unfit
from controller.kinds.parts.texts import Text
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.wall_clock import canonical_zone

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


class ScheduleChoice(Spec):
    """A schedule: automatic by name or expression, or a fixed state.

    Short forms: ``on``, ``off``, ``noschedule``, or the name of a Schedule for ``{mode: automatic, use: NAME}``.
    """

    indivisible: ClassVar[bool] = True
    shorter: ClassVar[str] = "on, off, noschedule, the name of a Schedule"

    mode: Literal["automatic", "on", "off", "noschedule"] = "automatic"
    """``automatic`` follows the schedule, ``on`` and ``off`` are kept by hand, ``noschedule`` is left alone."""
    use: Annotated[Annotated[Text, RefTo("Schedule")] | None, CONTROLLER_ONLY] = None
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


SCHEDULE = ShortForm({"type": "string", "minLength": 1, "maxLength": 255})
"""Mark of a field of this type: the short forms are text."""


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
    attributes: dict[str, Any] = {
        "ScheduleAutomatically": mode in {"automatic", "noschedule"},
        "ManualScheduleUp": mode == "on",
    }
    if mode == "noschedule":
        attributes["DefaultSchedule"] = NOSCHEDULE
    elif "Expression" in spec:
        attributes["DefaultSchedule"] = spec["Expression"]
    return attributes


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


def as_written(value: Mapping[str, Any], use: str | None) -> str:
    """Return in its short form the choice that the attributes of an operational item mean, with the Schedule it names."""
    choice = choice_of(value)
    if choice["Mode"] != "automatic":
        return str(choice["Mode"])
    return use or str(choice.get("Expression", "automatic"))


def undo_derived_expression(spec: dict[str, Any]) -> dict[str, Any]:
    """Drop, in place, the text of a spec's choice (YAML names) that names a Schedule."""
    schedule = spec.get("schedule")
    if isinstance(schedule, dict) and schedule.get("use") is not None:
        schedule.pop("expression", None)
    return spec
