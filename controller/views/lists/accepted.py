"""Lists of what the tables hold: their columns, and their documents. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, TypedDict

from controller.engine.queries.listing import INVALID, RETIRED, ListedOverride
from controller.model.ref import Reason, ResourceRef
from controller.scheduling.schedule import State
from controller.views.answer import Answer
from controller.views.lists.table import (
    ACCOUNT,
    DRIFT,
    LABELS,
    NAME,
    NEXT,
    OVERRIDE,
    REGION,
    SCHEDULE,
    TYPE,
    WANTED,
    Column,
    Form,
    Shape,
    cell_text,
    column_of,
    table_text,
)
from controller.views.override_text import NONE, holding, list_document, list_rows, overlay_lines
from controller.views.style import fitted
from controller.views.time_text import age_text

Wanted = Annotated[str, (*State, INVALID, RETIRED)]
Next = Annotated[str, "What it is to be from `nextAt` on; empty if that never comes."]
Held = Annotated[list[str], "Ids of the overrides that hold on it."]
Drift = Annotated[
    tuple[str, ...], "`item`: others changed its item in the tables since it was applied last."
]


class ListedEnvironmentObject(TypedDict):
    """An environment, what its schedule asks for now, and what next."""

    name: str
    account: str
    region: str
    environmentType: str
    team: str
    deploymentMap: str
    schedule: Annotated[str, "What it is called, or its expression."]
    instancesOn: Annotated[int | None, "As the last look on record counted; null where none did."]
    instances: int | None
    seenAt: Annotated[datetime | None, "When they were counted."]
    wanted: Wanted
    nextAt: datetime | None
    nextWanted: Next
    overrides: Held
    drift: Drift
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
    drift: Drift
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
    drift: Drift
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
    drift: Drift
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


def _state(listed: Any, _now: datetime) -> str:
    """Return how much of an environment is on, as it was seen last: ``on (4)``, ``2 of 4 on``, ``off (4)``, ``off`` without instances."""
    if listed.seen_at is None:
        return "unknown"
    if listed.instances and listed.instances_on == listed.instances:
        return f"on ({listed.instances})"
    if not listed.instances_on:
        return f"off ({listed.instances})" if listed.instances else "off"
    return f"{listed.instances_on} of {listed.instances} on"


def _seen(listed: Any, now: datetime) -> str:
    return "-" if listed.seen_at is None else f"{age_text(now, listed.seen_at)} ago"


def _flags(listed: Any, _now: datetime) -> str:
    flags = (("locked", listed.deployments_locked), ("in maintenance", listed.in_maintenance))
    return ", ".join(name for name, is_set in flags if is_set) or "-"


_TEAM: Final = column_of("TEAM", "team")
_STATE: Final = Column("STATE", _state)
_SEEN: Final = Column("SEEN", _seen, is_wide=True)
_OF_LOOKS: Final = (_STATE, _SEEN)
_DESCRIPTION: Final = column_of("DESCRIPTION", "description", is_wide=True)
FORMS: Final[Mapping[str, Form]] = {
    "environments": Form(
        "Environment",
        "environment-list",
        ListedEnvironmentObject,
        (
            NAME,
            ACCOUNT,
            TYPE,
            SCHEDULE,
            _STATE,
            WANTED,
            NEXT,
            OVERRIDE,
            DRIFT,
            _SEEN,
            REGION,
            column_of("TEAM", "team", is_wide=True),
            column_of("MAP", "deployment_map", is_wide=True),
            Column("FLAGS", _flags, is_wide=True),
            LABELS,
        ),
    ),
    "services": Form(
        "Service",
        "service-list",
        ListedServiceObject,
        (
            NAME,
            _TEAM,
            column_of("BLUE", "blue_port"),
            column_of("GREEN", "green_port"),
            OVERRIDE,
            DRIFT,
            _DESCRIPTION,
            LABELS,
        ),
    ),
    "schedules": Form(
        "Schedule",
        "schedule-list",
        ListedScheduleObject,
        (
            NAME,
            column_of("ZONE", "timezone"),
            WANTED,
            NEXT,
            Column(
                "HOURS A WEEK",
                lambda one, _now: "-" if one.hours_per_week is None else f"{one.hours_per_week:g}",
            ),
            column_of("ENVIRONMENTS", "environments"),
            OVERRIDE,
            DRIFT,
            _DESCRIPTION,
            LABELS,
        ),
    ),
    "accounts": Form(
        "Account",
        "account-list",
        ListedAccountObject,
        (
            NAME,
            column_of("NUMBER", "account_number"),
            column_of("MODE", "mode"),
            Column("REGIONS", lambda one, _now: cell_text(", ".join(one.regions))),
            column_of("ENVIRONMENTS", "environments"),
            OVERRIDE,
            DRIFT,
            column_of("ROLE", "role_arn", is_wide=True),
            LABELS,
        ),
    ),
}
"""How each list is shown, but that of overrides."""


def list_answer(
    what: str,
    found: Sequence[Any],
    now: datetime,
    shape: Shape = "narrow",
    width: int | None = None,
    unreadable: Mapping[ResourceRef, str] = MappingProxyType({}),
    unseen: Mapping[str, Reason] | None = None,
) -> Answer:
    """Return a list as an answer; ``width`` is the most columns of characters its table may have, None for any.

    It is remarked which objects of the kind are left out, as they are ``unreadable``. ``unseen`` are the scopes whose looks do not
    tell how much of an environment is on, and why; None where looks were not read. Where that is known of none, there is no
    column of it.
    """
    if what == "overrides":
        return _overrides_answer(found, now, shape, width)
    form = FORMS[what]
    if what == "environments" and found and all(one.seen_at is None for one in found):
        left = [column for column in form.columns if column not in _OF_LOOKS]
        form = form._replace(columns=tuple(left))
    return Answer(
        document=form.document,
        fields=lambda: {"at": now, what: form.items(found)},
        text=lambda: table_text(form, what, found, now, shape, width),
        remarks=(
            *(
                f"envctl: {ref} is left out: {why}"
                for ref, why in sorted(unreadable.items())
                if ref.kind == form.kind
            ),
            *(_as_of(found, now, unseen) if what == "environments" else ()),
        ),
    )


def _as_of(
    found: Sequence[Any], now: datetime, unseen: Mapping[str, Reason] | None
) -> Iterator[str]:
    """Yield of when the states are, how to see those of now, and of which scopes they are not known."""
    moments = [one.seen_at for one in found if one.seen_at is not None]
    how = "" if unseen is not None else "; as it is now: envctl get groups"
    if moments:
        newest, oldest = age_text(now, max(moments)), age_text(now, min(moments))
        span = newest if newest == oldest else f"{newest} to {oldest}"
        yield f"envctl: STATE as the last looks saw it, {span} ago{how}"
    elif found and not unseen:
        yield f"envctl: without STATE, as no look at these accounts is on record{how}"
    if unseen:
        (scope, why), *others = sorted(unseen.items())
        more = f"; so it is in {len(others):,} more" if others else ""
        said = "STATE is unknown" if moments else "without STATE"
        yield f"envctl: {said} in {scope}: {why.partition(chr(10))[0]}{more}"


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
