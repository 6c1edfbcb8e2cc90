"""Lists of groups and instances: their columns, their documents, and what is said of where they come from. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypedDict

from controller.engine.queries.live_listing import LiveList
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
    column_of,
    table_text,
)
from controller.views.time_text import age_text

Wanted = Annotated[str, tuple(State)]
Chosen = Annotated[str, "The schedule that decides, as it was chosen; empty where none does."]
Next = Annotated[str, "What it is to be from `nextAt` on; empty if that never comes."]
Held = Annotated[list[str], "Ids of the overrides that hold on it or on its environment."]
Labels = Annotated[Mapping[str, str], "Of its environment."]


class ListedGroupObject(TypedDict):
    """A group of an environment, what schedules ask of it now, and what next."""

    name: str
    scope: str
    account: str
    region: str
    environment: str
    environmentType: str
    team: str
    role: str
    schedule: Chosen
    on: Annotated[int, "Members that run and are in service."]
    size: Annotated[int, "Members it is to have, parked ones among them."]
    desired: int
    wanted: Wanted
    nextAt: datetime | None
    nextWanted: Next
    overrides: Held
    drift: Annotated[
        tuple[str, ...] | None,
        "Fields that others changed since they were applied; null where that was not looked for, or where a plan changes it for another cause, too.",
    ]
    labels: Labels


class ListedInstanceObject(TypedDict):
    """An instance of an environment, what schedules ask of it now, and what next."""

    name: Annotated[str, "Its id."]
    tagName: str
    group: str
    scope: str
    account: str
    region: str
    environment: str
    environmentType: str
    team: str
    role: str
    schedule: Chosen
    state: Annotated[str, "As EC2 calls it."]
    lifecycle: Annotated[str, "In its group, as Auto Scaling calls it; empty where it is in none."]
    privateIp: str
    launchedAt: datetime | None
    wanted: Wanted
    nextAt: datetime | None
    nextWanted: Next
    overrides: Held
    drift: Annotated[
        tuple[str, ...], "`state`: on or off against its schedule, and may be switched."
    ]
    labels: Labels


Seen = Annotated[Mapping[str, datetime], "Scope -> when it was looked at."]
Unknown = Annotated[Mapping[str, str], "Scope -> why nothing of it is listed."]
Place = Annotated[str, "Where the looks were published; empty: it was looked now."]


class GroupListDocument(TypedDict):
    """Groups of environments, by scope and name."""

    at: datetime
    place: Place
    seen: Seen
    unknown: Unknown
    deleted: Annotated[list[str], "Groups that others deleted."]
    groups: list[ListedGroupObject]


class InstanceListDocument(TypedDict):
    """Instances of environments, by scope and group."""

    at: datetime
    place: Place
    seen: Seen
    unknown: Unknown
    instances: list[ListedInstanceObject]


def _on(listed: Any, _now: datetime) -> str:
    """Return how much of a group is on: ``on (4)``, ``2 of 4 on``, ``off (4)``."""
    if listed.on == listed.size and listed.size:
        return f"on ({listed.on})"
    if not listed.on and not listed.desired:
        return f"off ({listed.size})"
    return f"{listed.on} of {listed.size} on"


_ENVIRONMENT: Final = column_of("ENVIRONMENT", "environment", is_wide=True)
_TEAM: Final = column_of("TEAM", "team", is_wide=True)
_ROLE: Final = column_of("ROLE", "role", is_wide=True)
_SHARED: Final = (WANTED, NEXT, OVERRIDE, DRIFT, REGION, _ENVIRONMENT, _TEAM, _ROLE)
FORMS: Final[Mapping[str, Form]] = {
    "groups": Form(
        "Group",
        "group-list",
        ListedGroupObject,
        (NAME, ACCOUNT, TYPE, SCHEDULE, Column("STATE", _on), *_SHARED, LABELS),
        lambda listed: f"{listed.scope}/{listed.name}",
    ),
    "instances": Form(
        "Instance",
        "instance-list",
        ListedInstanceObject,
        (
            NAME,
            column_of("GROUP", "group"),
            ACCOUNT,
            TYPE,
            SCHEDULE,
            column_of("STATE", "state"),
            *_SHARED,
            column_of("IN GROUP", "lifecycle", is_wide=True),
            column_of("ADDRESS", "private_ip", is_wide=True),
            column_of("NAME TAG", "tag_name", is_wide=True),
            LABELS,
        ),
        lambda listed: f"{listed.scope}/{listed.name}",
    ),
}
"""How each list is shown."""


def live_answer(
    what: str, listed: LiveList, now: datetime, shape: Shape = "narrow", width: int | None = None
) -> Answer:
    """Return groups or instances as an answer; it is remarked where they come from, and what is not among them."""
    form = FORMS[what]
    deleted = {"deleted": list(map(str, listed.deleted))} if what == "groups" else {}
    return Answer(
        document=form.document,
        fields=lambda: {
            "at": now,
            "place": listed.place,
            "seen": listed.seen,
            "unknown": listed.unknown,
            **deleted,
            what: form.items(listed.found),
        },
        text=lambda: table_text(form, what, listed.found, now, shape, width),
        remarks=tuple(_remarks(what, listed, now)),
    )


def _remarks(what: str, listed: LiveList, now: datetime) -> Iterator[str]:
    yield f"envctl: {seen_text(listed.seen, listed.place, now)}"
    for scope, reason in sorted(listed.unknown.items()):
        yield f"envctl: {scope} is left out: {reason.partition(chr(10))[0]}"
    if listed.nobodys:
        noun, verb = (what[:-1], "is") if listed.nobodys == 1 else (what, "are")
        yield f"envctl: {listed.nobodys:,} {noun} of no environment {verb} left out"
    for ref in listed.deleted if what == "groups" else ():
        yield f"envctl: {ref} was deleted outside envctl: envctl apply makes it again"


def seen_text(seen: Mapping[str, datetime], place: str, now: datetime) -> str:
    """Return where an answer comes from: a look at the accounts now, or looks that were published, and how old these are."""
    if not seen:
        return f"no look in {place} could be read" if place else "no account was looked at"
    scopes = next(iter(seen)) if len(seen) == 1 else f"{len(seen):,} scopes"
    if not place:
        return f"from a look at {scopes} now"
    newest, oldest = age_text(now, max(seen.values())), age_text(now, min(seen.values()))
    span = newest if newest == oldest else f"{newest} to {oldest}"
    return f"from the last looks at {scopes}, {span} ago, published in {place}"
