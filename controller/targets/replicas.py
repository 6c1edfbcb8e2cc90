"""Copies of the common tables in the accounts, for programs that read them there. Off unless the settings say otherwise."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook, LiveScope
from controller.model.observed import Observation, ObservedState, Ownership
from controller.model.plan import Cause, Change, Note, NoteCategory
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Projection
from controller.ports import Batch, LiveReads, Projected, Shaping, TargetCounts
from controller.targets.replica_parts.acts import copy_all
from controller.targets.replica_parts.replicated import (
    MASTER,
    NO_EXTRA,
    REPLICA,
    SOURCES,
    Replicated,
    ask,
    content_digest,
    observe_replicas,
    read_sources,
    replicated,
)
from controller.targets.table_items.item_form import load_plain, moment_or_none

_NOTHING: Final[Mapping[str, Any]] = {}


class Replicas:
    """The target ``replicas``."""

    name = "replicas"
    kinds = (REPLICA,)
    summary = "Copies of common configuration in the tables of each account, for programs that read them there."

    def observe(self, look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
        """Read the account's tables. Raises TablesNotReady where they do not exist, or have another key."""
        del deep
        return observe_replicas(look.scope, reads)

    def answer(
        self, asks: frozenset[str], look: LiveLook, observed: ObservedState, reads: LiveReads
    ) -> ObservedState:
        """Read the sources of copies that differ, after the copies."""
        return read_sources(sorted(asks), observed, look.scope, reads)

    def project(
        self, accepted: AcceptedState, look: LiveLook, observed: ObservedState, now: datetime
    ) -> Projected:
        """Say what copies there should be.

        The sources of copies that differ are asked for, as they say how long that has been so, and whether what is no longer
        accepted is gone or only managed by somebody else now. Nothing is written from an accepted state that is out of date:
        whoever writes a copy reads it, and then its source, again.
        """
        del now
        if observed.facts.get(MASTER):
            return Projected(projections={})
        options = accepted.options
        copied = replicated(options.replicate, options.resource_prefix, accepted.installation)
        return _Projection(copied, look.scope, accepted, observed).projected()

    def batches(self, changes: Sequence[Change]) -> tuple[Batch, ...]:
        """Give each copy a record of its own: deleting one asks for the record that made it."""
        return tuple(Batch(change.ref, (change,)) for change in changes)

    act_together = staticmethod(copy_all)

    def counts(
        self, observed: ObservedState, left: Sequence[Change], done: Sequence[Change]
    ) -> TargetCounts:
        """Count the copies that are not as their sources."""
        del observed, done
        return TargetCounts(copies_behind=len(left))


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
        and _follows(
            observed.objects.get(ResourceRef.parse(ref)), content_digest(source["content"].encode())
        )
    ]
    return len(late), min((since for since in late if since is not None), default=None)


def _follows(found: Observation | None, digest: str) -> bool:
    """Tell whether a copy is to follow its source, whose digest this is: it is not there, or was made of another."""
    return found is None or (found.mark is not None and found.mark.digest != digest)


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
        self._projections: dict[ResourceRef, Projection] = {}
        self._left: set[ResourceRef] = set()
        self._notes: list[Note] = []
        self._asks: set[str] = set()

    def projected(self) -> Projected:
        origins: dict[ResourceRef, Origin] = {}
        for owner, resource in self._accepted.resources.items():
            for table, item in self._accepted.items.get(owner, _NOTHING).items():
                if table in self._copied.tables:
                    ref = self._copied.ref(self._scope, table, item)
                    origins[ref] = resource.origin
                    self._want(ref, table, item)
        for ref, found in self._observed.objects.items():
            if ref not in origins:
                self._others(ref, found)
        count, since = behind(self._observed)
        if count:
            where = ResourceRef("Scope", self._scope.name)
            self._notes.append(Note(NoteCategory.LAG, where, _lag_text(count, since)))
        return Projected(
            projections=self._projections,
            origins={ref: origins[ref] for ref in origins if ref in self._projections},
            notes=tuple(self._notes),
            left=frozenset(self._left),
            # What follows a change in the master is replicated; what was changed in the account is drift.
            shapings={
                ref: Shaping(cause=Cause.REPLICATED)
                for ref, wanted in self._projections.items()
                if _follows(self._observed.objects.get(ref), wanted.digest)
            },
            asks=frozenset(self._asks),
            behind_since=since,
        )

    def _want(self, ref: ResourceRef, table: str, item: Mapping[str, Any]) -> None:
        content = self._copied.content(table, item)
        wanted = Projection(ref, content, NO_EXTRA, content_digest(content))
        found = self._observed.objects.get(ref)
        ownership = None if found is None else found.ownership
        in_order = found is not None and found.digest == wanted.digest
        if not (in_order and ownership is Ownership.OURS) and str(ref) not in self._sources:
            self._asks.add(ask(table, self._copied.key_of(table, item)))
            self._left.add(ref)
        elif ownership is Ownership.UNMANAGED:
            self._leave(
                ref, "was made in the account, where the master has one of this key: left alone"
            )
        else:
            self._projections[ref] = wanted

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

    def _leave(self, ref: ResourceRef, why: str) -> None:
        self._left.add(ref)
        self._notes.append(Note(NoteCategory.UNMANAGED, ref, why))


def _lag_text(count: int, since: datetime | None) -> str:
    """Say it with a moment, not with an age: the same copies then give the same plan, whenever it is made."""
    copies = "1 copy has" if count == 1 else f"{count} copies have"
    when = f" (the oldest change is of {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC)" if since else ""
    return f"{copies} not followed the master yet{when}"


TARGET = Replicas()
