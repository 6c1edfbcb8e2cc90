"""Whose doing a change is: its document's author, an override's maker, or the controller itself; and what is kept of that."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from controller.model.accepted import AcceptedState
from controller.model.observed import NOBODY_KNOWN, MadeBy
from controller.model.override import Override
from controller.model.plan import Cause, Change
from controller.model.ref import UNKNOWN_AUTHORSHIP, Authorship, DocumentPlace, ResourceRef
from controller.planning.overrides import BY_AGE

CONTROLLER: Final = Authorship(author="envctl")
"""Whose doing it is that something is put back, brought up to date or switched by the clock."""
TIME_UP: Final = Authorship(author=CONTROLLER.author, subject="the override's time was up")
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
OF_DOCUMENTS: Final = frozenset({Cause.EDITED, Cause.PRUNED, Cause.ADOPTED})
"""Causes that are somebody's who wrote, or removed, a document."""
OF_REQUESTS: Final = frozenset({Cause.RESTORED, Cause.ROLLED_BACK})
"""Causes that are theirs who asked for the run."""

Authors = Callable[[Iterable[DocumentPlace]], Mapping[DocumentPlace, Authorship]]
"""Says who last touched documents."""


def place_of(change: Change) -> DocumentPlace | None:
    """Return the document whose author a change is laid to: the one its edit is in, else its own; None where there is none."""
    origin, edit = change.origin, change.edit
    if change.cause is Cause.PRUNED:
        return None if origin is None else DocumentPlace(origin.path, ref=change.ref)
    if edit is not None and edit.origin.line:
        origin = edit.origin
    return None if origin is None else DocumentPlace(origin.path, origin.line)


def with_authors(
    changes: Sequence[Change],
    overrides: Iterable[Override],
    ended_by: Callable[[ResourceRef], Authorship],
    authors: Authors | None,
) -> tuple[Change, ...]:
    """Give each change its author: who last touched its document, where it is of one.

    What no document accounts for is whose override it is, or who ended that (``ended_by``), else the controller's. ``authors``
    is asked once, for all documents; None where there is nothing to ask.
    """
    places = [place_of(change) if change.cause in OF_DOCUMENTS else None for change in changes]
    asked = sorted({place for place in places if place is not None}, key=str)
    known = authors(asked) if authors and asked else {}
    holding: dict[ResourceRef, list[Override]] = {}
    for override in sorted(overrides, key=BY_AGE):
        if override.puts_value:
            holding.setdefault(override.ref, []).append(override)
    authored: list[Change] = []
    for change, place in zip(changes, places, strict=True):
        own = holding.get(change.ref, ())
        ids = tuple(override.id for override in own)
        if change.cause in OF_DOCUMENTS or change.cause in OF_REQUESTS:
            author = change.authorship if authors is None or place is None else known.get(place)
            authored.append(replace(change, authorship=author, overrides=ids or change.overrides))
        elif change.cause is not Cause.OVERRIDDEN:
            authored.append(replace(change, authorship=CONTROLLER))
        else:
            author = maker_of(own[-1]) if own else ended_by(change.ref)
            authored.append(replace(change, authorship=author, overrides=ids))
    return tuple(authored)


def maker_of(override: Override) -> Authorship:
    """Return an override's maker, as an author."""
    return Authorship(
        author=override.actor, date=override.since.isoformat(), subject=override.reason
    )


def made_by(change: Change, before: MadeBy) -> MadeBy:
    """Return who made an object what a change makes of it: where the controller only puts it back, who made it that before."""
    if change.authorship == CONTROLLER:
        return before
    author = change.authorship or UNKNOWN_AUTHORSHIP
    if not author.author:
        return NOBODY_KNOWN
    return MadeBy(
        author.author,
        author.commit,
        author.date,
        author.subject,
        change.cause.value,
        change.overrides,
    )


def with_live_author(
    change: Change, environment: ResourceRef, accepted: AcceptedState, **shaped: Any
) -> Change:
    """Give a change of a live account its author, by why what is wanted is as it is; and other fields, as they were ``shaped``.

    Who made the documents it follows from what they are is in the accepted state: the last of them counts. Where that was an
    override, or an override's end, the change is no edit either.
    """
    cause = shaped.get("cause", change.cause)
    if cause in OF_REQUESTS:
        return replace(change, **shaped)
    if cause is Cause.OVERRIDDEN:
        own = [made for made in accepted.overrides if made.ref in (change.ref, environment)]
        return replace(change, **shaped, authorship=maker_of(own[-1]) if own else None)
    if cause not in OF_DOCUMENTS:
        return replace(change, **shaped, authorship=CONTROLLER)
    known = [
        accepted.made_by[ref] for ref in _followed(environment, accepted) if ref in accepted.made_by
    ]
    if not known:
        return replace(change, **shaped)
    last = max(known, key=_moment)
    by_override = last.cause == Cause.OVERRIDDEN and cause is Cause.EDITED
    shaped["cause"] = Cause.OVERRIDDEN if by_override else cause
    return replace(
        change,
        **shaped,
        authorship=Authorship(last.commit, last.author, last.date, last.subject),
        overrides=last.overrides,
    )


def _followed(environment: ResourceRef, accepted: AcceptedState) -> Iterator[ResourceRef]:
    """Yield the documents that say what an environment's groups and instances are to be."""
    yield environment
    spec = accepted.specs.get(environment)
    if spec is not None:
        yield ResourceRef("DeploymentMap", spec.deployment_map)
        yield ResourceRef("EnvironmentType", spec.environment_type)
        if spec.schedule is not None and spec.schedule.use:
            yield ResourceRef("Schedule", spec.schedule.use)


def _moment(made: MadeBy) -> datetime:
    """Return when somebody made an object what it is; long ago where that cannot be read: others write the tables, too."""
    try:
        moment = datetime.fromisoformat(made.date)
    except ValueError:
        return _LONG_AGO
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
