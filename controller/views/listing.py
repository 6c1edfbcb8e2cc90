"""Lists of what there is as tables no wider than the terminal, as names, and as JSON. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, NamedTuple, TypedDict

from controller.engine.queries.listing import INVALID, RETIRED, ListedOverride
from controller.model.override import Override
from controller.model.printable import printable
from controller.model.ref import ResourceRef
from controller.planning.wording import what_text
from controller.scheduling.schedule import State
from controller.views.answer import Answer
from controller.views.documents.envelope import filled
from controller.views.override_text import NONE, holding, list_document, list_rows, overlay_lines
from controller.views.style import fitted
from controller.views.time_text import clock_text, relative_day_text

Shape = Literal["narrow", "wide", "name"]
"""A table, one with every column, or ``Kind/name`` a line."""
Wanted = Annotated[str, (*State, INVALID, RETIRED)]
Next = Annotated[str, "What it is to be from `nextAt` on; empty if that never comes."]
Held = Annotated[list[str], "Ids of the overrides that hold on it."]


class ListedEnvironmentObject(TypedDict):
    """An environment, what its schedule asks for now, and what next."""

    name: str
    account: str
    region: str
    environmentType: str
    team: str
    deploymentMap: str
    schedule: Annotated[str, "What it is called, or its expression."]
    wanted: Wanted
    nextAt: datetime | None
    nextWanted: Next
    overrides: Held
    deploymentsLocked: bool
    inMaintenance: bool
    labels: Mapping[str, str]


class ListedServiceObject(TypedDict):
    """A service."""

    name: str
    team: str
    bluePort: int | None
    greenPort: int | None
    description: str
    overrides: Held
    labels: Mapping[str, str]


class ListedScheduleObject(TypedDict):
    """A Schedule, what it asks for now, and what next."""

    name: str
    timezone: str
    wanted: Wanted
    nextAt: datetime | None
    nextWanted: Next
    hoursPerWeek: Annotated[float | None, "Hours on in an ordinary week."]
    environments: Annotated[int, "How many follow it."]
    description: str
    overrides: Held
    labels: Mapping[str, str]


class ListedAccountObject(TypedDict):
    """An account."""

    name: str
    accountNumber: str
    mode: Annotated[str, ("off", "observe", "enforce")]
    regions: tuple[str, ...]
    environments: Annotated[int, "How many are in it."]
    roleArn: str
    overrides: Held
    labels: Mapping[str, str]


class EnvironmentListDocument(TypedDict):
    """Environments, by name."""

    at: datetime
    environments: list[ListedEnvironmentObject]


class ServiceListDocument(TypedDict):
    """Services, by name."""

    at: datetime
    services: list[ListedServiceObject]


class ScheduleListDocument(TypedDict):
    """Schedules, by name."""

    at: datetime
    schedules: list[ListedScheduleObject]


class AccountListDocument(TypedDict):
    """Accounts, by name."""

    at: datetime
    accounts: list[ListedAccountObject]


class _Column(NamedTuple):
    heading: str
    text: Callable[[Any, datetime], str]
    is_wide: bool = False


class _Form(NamedTuple):
    kind: str
    document: str
    item: Callable[..., Mapping[str, object]]
    columns: tuple[_Column, ...]


def _of(heading: str, attribute: str, *, is_wide: bool = False) -> _Column:
    """Return the column of an attribute as it is."""
    return _Column(heading, lambda listed, _now: _text(getattr(listed, attribute)), is_wide)


def _text(value: object) -> str:
    return "-" if value in (None, "") else printable(str(value))


def _next(listed: Any, now: datetime) -> str:
    if listed.next_at is None:
        return "-"
    at = listed.next_at.astimezone(UTC)
    return f"{listed.next_wanted} {relative_day_text(at, now)} {clock_text(at)}"


def _held(listed: Any, now: datetime) -> str:
    return "; ".join(_override(held, now) for held in listed.overrides) or "-"


def _override(override: Override, now: datetime) -> str:
    what = what_text(override)
    if override.until is None:
        return f"{what} until Git changes it" if override.until_git else what
    until = override.until.astimezone(UTC)
    return f"{what} until {relative_day_text(until, now)} {clock_text(until)}"


def _labels(listed: Any, _now: datetime) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(listed.labels.items())) or "-"


def _flags(listed: Any, _now: datetime) -> str:
    flags = (("locked", listed.deployments_locked), ("in maintenance", listed.in_maintenance))
    return ", ".join(name for name, is_set in flags if is_set) or "-"


_NAME: Final = _of("NAME", "name")
_WANTED: Final = _of("WANTED", "wanted")
_NEXT: Final = _Column("NEXT", _next)
_OVERRIDE: Final = _Column("OVERRIDE", _held)
_LABELS: Final = _Column("LABELS", _labels, is_wide=True)
_TEAM: Final = _of("TEAM", "team")
_DESCRIPTION: Final = _of("DESCRIPTION", "description", is_wide=True)
FORMS: Final[Mapping[str, _Form]] = {
    "environments": _Form(
        "Environment",
        "environment-list",
        ListedEnvironmentObject,
        (
            _NAME,
            _of("ACCOUNT", "account"),
            _of("TYPE", "environment_type"),
            _of("SCHEDULE", "schedule"),
            _WANTED,
            _NEXT,
            _OVERRIDE,
            _of("REGION", "region", is_wide=True),
            _of("TEAM", "team", is_wide=True),
            _of("MAP", "deployment_map", is_wide=True),
            _Column("STATE", _flags, is_wide=True),
            _LABELS,
        ),
    ),
    "services": _Form(
        "Service",
        "service-list",
        ListedServiceObject,
        (
            _NAME,
            _TEAM,
            _of("BLUE", "blue_port"),
            _of("GREEN", "green_port"),
            _OVERRIDE,
            _DESCRIPTION,
            _LABELS,
        ),
    ),
    "schedules": _Form(
        "Schedule",
        "schedule-list",
        ListedScheduleObject,
        (
            _NAME,
            _of("ZONE", "timezone"),
            _WANTED,
            _NEXT,
            _Column("HOURS A WEEK", lambda one, _now: _hours(one.hours_per_week)),
            _of("ENVIRONMENTS", "environments"),
            _OVERRIDE,
            _DESCRIPTION,
            _LABELS,
        ),
    ),
    "accounts": _Form(
        "Account",
        "account-list",
        ListedAccountObject,
        (
            _NAME,
            _of("NUMBER", "account_number"),
            _of("MODE", "mode"),
            _Column("REGIONS", lambda one, _now: _text(", ".join(one.regions))),
            _of("ENVIRONMENTS", "environments"),
            _OVERRIDE,
            _of("ROLE", "role_arn", is_wide=True),
            _LABELS,
        ),
    ),
}
"""How each list is shown, but that of overrides."""


def _hours(hours: float | None) -> str:
    return "-" if hours is None else f"{hours:g}"


def list_answer(
    what: str,
    found: Sequence[Any],
    now: datetime,
    shape: Shape = "narrow",
    width: int | None = None,
    unreadable: Mapping[ResourceRef, str] = MappingProxyType({}),
) -> Answer:
    """Return a list as an answer; ``width`` is the most columns of characters its table may have, None for any.

    It is remarked which objects of the kind are left out, as they are ``unreadable``.
    """
    if what == "overrides":
        return _overrides_answer(found, now, shape, width)
    form = FORMS[what]

    def text() -> str:
        if not found:
            return "" if shape == "name" else f"no {what}"
        if shape == "name":
            return "\n".join(f"{form.kind}/{listed.name}" for listed in found)
        columns = [column for column in form.columns if shape == "wide" or not column.is_wide]
        rows = [[column.text(listed, now) for column in columns] for listed in found]
        return "\n".join(fitted([[column.heading for column in columns], *rows], width))

    return Answer(
        document=form.document,
        fields=lambda: {"at": now, what: [_item(form, listed) for listed in found]},
        text=text,
        remarks=tuple(
            f"envctl: {ref} is left out: {why}"
            for ref, why in sorted(unreadable.items())
            if ref.kind == form.kind
        ),
    )


def _item(form: _Form, listed: Any) -> Mapping[str, object]:
    return filled(form.item, listed, overrides=[held.whole_id for held in listed.overrides])


def _overrides_answer(
    found: Sequence[ListedOverride], now: datetime, shape: Shape, width: int | None
) -> Answer:
    overrides = [listed.override for listed in found]

    def text() -> str:
        rows = list_rows(overrides, now)
        if shape == "name":
            return "\n".join(row[0] for row in rows[1:])
        if not overrides:
            return NONE
        return "\n".join([*fitted(rows, width), *overlay_lines(holding(overrides, now))])

    return Answer(
        document="override-list",
        fields=lambda: list_document(overrides, now),
        text=text,
    )
