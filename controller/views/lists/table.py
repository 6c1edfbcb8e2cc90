"""A list as a table no wider than the terminal, or as names: which columns it has, and what a cell says. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from controller.engine.queries.listing import ITEM
from controller.model.override import Override
from controller.model.printable import printable
from controller.planning.wording import what_text
from controller.views.documents.envelope import filled
from controller.views.style import GAP, fitted
from controller.views.time_text import clock_text, relative_day_text

Shape = Literal["narrow", "wide", "name"]
"""A table, one with every column, or ``Kind/name`` a line."""
_NOTHING: Final = "-"
_ITEM: Final = (ITEM,)


class Column(NamedTuple):
    """A heading, and what a row says beneath it at a moment."""

    heading: str
    text: Callable[[Any, datetime], str]
    is_wide: bool = False


class Form(NamedTuple):
    """How one list is shown: what its objects are called, its document and the objects in it, its columns."""

    kind: str
    document: str
    item: Callable[..., Mapping[str, object]]
    columns: tuple[Column, ...]
    name: Callable[[Any], str] = lambda listed: str(listed.name)
    """What stands behind the kind where one is named."""

    def items(self, found: Sequence[Any]) -> list[Mapping[str, object]]:
        """Return the objects for programs; overrides by their ids."""
        return [
            filled(self.item, listed, overrides=[held.whole_id for held in listed.overrides])
            for listed in found
        ]


def column_of(heading: str, attribute: str, *, is_wide: bool = False) -> Column:
    """Return the column of an attribute as it is."""
    return Column(heading, lambda listed, _now: cell_text(getattr(listed, attribute)), is_wide)


def cell_text(value: object) -> str:
    """Return a value as it stands in a table; ``-`` where there is none."""
    return _NOTHING if value in (None, "") else printable(str(value))


def table_text(
    form: Form, what: str, found: Sequence[Any], now: datetime, shape: Shape, width: int | None
) -> str:
    """Return the table, or names, a line each; ``width`` is the most characters a line may have, None for any.

    Columns that say nothing of any row are left out where the table would be too wide with them.
    """
    if not found:
        return "" if shape == "name" else f"no {what}"
    if shape == "name":
        return "\n".join(f"{form.kind}/{form.name(listed)}" for listed in found)
    columns = [
        [column.heading, *(column.text(listed, now) for listed in found)]
        for column in form.columns
        if shape == "wide" or not column.is_wide
    ]
    widths = [max(map(len, column)) + GAP for column in columns]
    if width is not None and sum(widths) - GAP > width:
        columns = [column for column in columns if any(cell != _NOTHING for cell in column[1:])]
    return "\n".join(fitted(list(zip(*columns, strict=True)), width))


def _next(listed: Any, now: datetime) -> str:
    return _NOTHING if listed.next_at is None else _switch(listed.next_wanted, listed.next_at, now)


@lru_cache(maxsize=256)
def _switch(wanted: str, at: datetime, now: datetime) -> str:
    """Return what is to be at a moment: many rows follow one schedule."""
    utc = at.astimezone(UTC)
    return f"{wanted} {relative_day_text(utc, now)} {clock_text(utc)}"


def _held(listed: Any, now: datetime) -> str:
    return "; ".join(_override(held, now) for held in listed.overrides) or _NOTHING


def _override(override: Override, now: datetime) -> str:
    what = what_text(override)
    if override.until is None:
        return f"{what} until Git changes it" if override.until_git else what
    until = override.until.astimezone(UTC)
    return f"{what} until {relative_day_text(until, now)} {clock_text(until)}"


def _drift(listed: Any, _now: datetime) -> str:
    if listed.drift is None:
        return "unknown"
    return "changed outside" if listed.drift == _ITEM else ", ".join(listed.drift) or _NOTHING


def _labels(listed: Any, _now: datetime) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(listed.labels.items())) or _NOTHING


NAME: Final = column_of("NAME", "name")
ACCOUNT: Final = column_of("ACCOUNT", "account")
TYPE: Final = column_of("TYPE", "environment_type")
SCHEDULE: Final = column_of("SCHEDULE", "schedule")
WANTED: Final = column_of("WANTED", "wanted")
NEXT: Final = Column("NEXT", _next)
OVERRIDE: Final = Column("OVERRIDE", _held)
DRIFT: Final = Column("DRIFT", _drift)
REGION: Final = column_of("REGION", "region", is_wide=True)
LABELS: Final = Column("LABELS", _labels, is_wide=True)
