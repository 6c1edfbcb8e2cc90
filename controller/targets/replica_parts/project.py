"""What copies there should be: those of what was accepted. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from controller.model.accepted import AcceptedState
from controller.model.live import LiveScope
from controller.model.observed import Observation, ObservedState, Ownership
from controller.model.plan import Cause, Note, NoteCategory
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Projection
from controller.ports import Projected, Shaping
from controller.targets.replica_parts.observe import MASTER, SOURCES, ask
from controller.targets.replica_parts.replicated import (
    NO_EXTRA,
    Replicated,
    content_digest,
    replicated,
)
from controller.targets.table_items.item_form import load_plain, moment_or_none

"""Category of the note that says how far an account's copies are behind."""
_NOTHING: Final[Mapping[str, Any]] = {}


def project_replicas(
    accepted: AcceptedState, scope: LiveScope, observed: ObservedState
) -> Projected:
    """Say what copies there should be.

    The sources of copies that differ are asked for, as they say how long that has been so, and whether what is no longer
    accepted is gone or only managed by somebody else now. Nothing is written from an accepted state that is out of date:
    whoever writes a copy reads it, and then its source, again.
    """
    if observed.facts.get(MASTER):
        return Projected(projections={})
    options = accepted.options
    copied = replicated(options.replicate, options.resource_prefix, accepted.installation)
    return _Projection(copied, scope, accepted, observed).projected()


def behind(observed: ObservedState) -> tuple[int, datetime | None]:
    """Return how many copies have not followed their source, and when the oldest of these sources changed, where one says.

    ``observed`` as it was after the sources had been read. A copy that differs although its source is older than the
    copy was changed in the account: that is no lag.
    """
    late = [
        moment_or_none(source["changed"])
        for ref, source in observed.facts.get(SOURCES, _NOTHING).items()
        if source is not None
        and source["ours"]
        and _behind(observed.objects.get(ResourceRef.parse(ref)), source)
    ]
    return len(late), min((since for since in late if since is not None), default=None)


class _Projection:
    """One scope, on the way to what is projected."""

    def __init__(
        self,
        copied: Replicated,
        scope: LiveScope,
        accepted: AcceptedState,
        observed: ObservedState,
    ) -> None:
        self._copied = copied
        self._scope = scope
        self._accepted = accepted
        self._observed = observed
        self._sources = observed.facts.get(SOURCES, _NOTHING)
        self._origins: dict[ResourceRef, Origin] = {}
        self._projections: dict[ResourceRef, Projection] = {}
        self._left: set[ResourceRef] = set()
        self._notes: list[Note] = []
        self._asks: set[str] = set()

    def projected(self) -> Projected:
        wanted = set()
        for owner, table, item in self._accepted_items():
            ref = self._copied.ref(self._scope, table, item)
            wanted.add(ref)
            self._origins[ref] = self._accepted.resources[owner].origin
            self._want(ref, table, item)
        for ref, found in self._observed.objects.items():
            if ref not in wanted:
                self._others(ref, found)
        count, since = behind(self._observed)
        if count:
            where = ResourceRef("Scope", self._scope.name)
            self._notes.append(Note(NoteCategory.LAG, where, _said(count, since)))
        return Projected(
            projections=self._projections,
            origins={
                ref: origin for ref, origin in self._origins.items() if ref in self._projections
            },
            notes=tuple(self._notes),
            left=frozenset(self._left),
            shapings=dict(self._shapings()),
            asks=frozenset(self._asks),
            behind_since=since,
        )

    def _accepted_items(self) -> Iterator[tuple[ResourceRef, str, Mapping[str, Any]]]:
        tables = self._copied.tables
        for owner in self._accepted.resources:
            for table, item in self._accepted.items.get(owner, _NOTHING).items():
                if table in tables:
                    yield owner, table, item

    def _want(self, ref: ResourceRef, table: str, item: Mapping[str, Any]) -> None:
        content = self._copied.content(table, item)
        found = self._observed.objects.get(ref)
        in_order = (
            found is not None
            and found.ownership is Ownership.OURS
            and found.digest == content_digest(content)
        )
        if in_order:
            self._project(ref, content)
        elif str(ref) not in self._sources:
            self._asks.add(ask(table, self._copied.key_of(table, item)))
            self._left.add(ref)
        elif found is not None and found.ownership is Ownership.UNMANAGED:
            self._leave(
                ref, "was made in the account, where the master has one of this key: left alone"
            )
        else:
            self._project(ref, content)

    def _others(self, ref: ResourceRef, found: Observation) -> None:
        """Judge a copy of nothing that was accepted, by what is in the master now."""
        if found.ownership is not Ownership.OURS:
            self._left.add(ref)
        elif str(ref) not in self._sources:
            base = load_plain(found.base)
            self._asks.add(ask(base["table"], base["key"]))
            self._left.add(ref)
        elif (source := self._sources[str(ref)]) is not None and not source["ours"]:
            self._leave(ref, "its source in the master is not managed any more: left as it is")

    def _project(self, ref: ResourceRef, content: bytes) -> None:
        self._projections[ref] = Projection(ref, content, NO_EXTRA, content_digest(content))

    def _leave(self, ref: ResourceRef, why: str) -> None:
        self._left.add(ref)
        self._notes.append(Note(NoteCategory.UNMANAGED, ref, why))

    def _shapings(self) -> Iterator[tuple[ResourceRef, Shaping]]:
        """Call what follows a change in the master replicated; what was changed in the account is drift."""
        for ref, wanted in self._projections.items():
            found = self._observed.objects.get(ref)
            if found is None or (found.mark is not None and found.mark.digest != wanted.digest):
                yield ref, Shaping(cause=Cause.REPLICATED)


def _said(count: int, since: datetime | None) -> str:
    """Say it with a moment, not with an age: the same copies then give the same plan, whenever it is made."""
    copies = "1 copy has" if count == 1 else f"{count} copies have"
    when = f" (the oldest change is of {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC)" if since else ""
    return f"{copies} not followed the master yet{when}"


def _behind(found: Observation | None, source: Mapping[str, Any]) -> bool:
    digest = content_digest(source["content"].encode())
    if found is None:
        return True
    return found.mark is not None and found.mark.digest != digest
