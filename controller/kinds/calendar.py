"""Calendar: dates that schedules except and on which environment types are frozen."""

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, model_validator

from controller.kinds.language.kind import CONTROLLER_TABLE, Kind
from controller.kinds.language.spec import Says, Spec, unfit
from controller.kinds.parts.texts import Text
from controller.model.accepted import AcceptedState
from controller.model.table import one_item
from controller.scheduling.schedule import ExceptDates


def _in_the_calendar(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise unfit(f"there is no {text}", "write a date of the calendar") from None
    return text


Date = Annotated[
    str,
    Field(pattern=r"^(19[7-9][0-9]|20[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"),
    Says("a date such as 2027-03-26"),
    AfterValidator(_in_the_calendar),
]


def _no_form() -> Exception:
    return unfit(
        "expected either date, or from and to",
        "write {date: 2027-03-26, name: …} or {from: …, to: …, name: …}",
    )


class CalendarDates(Spec):
    """One date, or all from one to another, both included."""

    indivisible: ClassVar[bool] = True

    date: Date | None = None
    """The date, where it is one alone."""
    from_: Annotated[Date | None, Field(validation_alias="from", serialization_alias="From")] = None
    """First of several dates."""
    to: Date | None = None
    """Last of several dates."""
    name: Text
    """What people call it: Good Friday."""

    @model_validator(mode="before")
    @classmethod
    def _has_a_form(cls, found: Any) -> Any:
        """Say all that there is to write where nothing is written yet, not the name alone."""
        if found == {}:
            raise _no_form()
        return found

    @model_validator(mode="after")
    def _one_form(self) -> "CalendarDates":
        if (self.from_ is None) != (self.to is None) or (self.date is None) == (self.from_ is None):
            raise _no_form()
        if self.from_ and self.to and self.to < self.from_:
            raise unfit(f"to {self.to} is before from {self.from_}", "exchange the two")
        return self

    def excepted(self, calendar: str) -> ExceptDates:
        """Return the dates as schedules take them."""
        first, last = str(self.from_ or self.date), str(self.to or self.date)
        return ExceptDates(date.fromisoformat(first), date.fromisoformat(last), self.name, calendar)


class CalendarSpec(Spec):
    """What a Calendar is."""

    dates: list[CalendarDates]
    """Its dates, in any order."""


KIND: Kind[Any] = Kind(
    name="Calendar",
    summary="Dates that schedules except and on which environment types are frozen.",
    spec=CalendarSpec,
    **one_item(CONTROLLER_TABLE, kind="Calendar"),
    facts=lambda key, spec: tuple(dates.excepted(key) for dates in spec.dates),
)


def frozen_because(accepted: AcceptedState, calendar: str, day: date) -> str:
    """Return why a calendar freezes a day (of UTC); empty if it does not.

    A calendar that cannot be read freezes: what it would have held back cannot be known.
    """
    spec = accepted.spec("Calendar", calendar)
    if spec is None:
        return f"Calendar/{calendar} cannot be read"
    for dates in spec.dates:
        excepted = dates.excepted(calendar)
        if excepted.first <= day <= excepted.last:
            return f"{dates.name} (Calendar/{calendar}), until the end of {excepted.last} UTC"
    return ""
