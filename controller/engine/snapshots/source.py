"""A snapshot as the source of desired state: the selected objects as they were then, all others as they are now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.engine.desired.stored_objects import stored_objects
from controller.engine.snapshots.contents import observed_in
from controller.engine.snapshots.selection import EVERYTHING, Mode, Selection, environments_of
from controller.errors import InvalidDesiredState
from controller.kinds.language.kind import Kinds, RuleSettings
from controller.loading.resolve import DesiredFromItems, desired_from_items
from controller.loading.validated import StoredObject
from controller.model.observed import ObservedState
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from controller.model.resource import DesiredState
from controller.snapshots.manifest import Manifest
from controller.snapshots.store import SnapshotStore

StoredObjects = Mapping[ResourceRef, StoredObject]

PREFIX = "snapshot:"
"""What the name of such a source begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSource:
    """Desired state out of a snapshot.

    ``now`` looks at the tables; it is only asked where something stays as it is. ``settings`` are what rules depend on.
    """

    store: SnapshotStore
    manifest: Manifest
    kinds: Kinds
    settings: RuleSettings
    now: Callable[[], ObservedState]
    selection: Selection = EVERYTHING
    mode: Mode = Mode.REPLACE

    @property
    def name(self) -> str:
        """``snapshot:ID``."""
        return PREFIX + self.manifest.id

    @property
    def cause(self) -> Cause:
        """What its changes are caused by."""
        return Cause.RESTORED

    def desired(self) -> DesiredState:
        """Return the desired state, checked as documents are; what is wrong with the tables as they are stands in no one's way.

        Raises WrongUsage for a selection of nothing, InvalidDesiredState where what was right then does not fit what is now,
        DamagedState, and as reading the store and the tables.
        """
        observed = observed_in(self.store, self.manifest, self.kinds)
        then = stored_objects(observed, self.kinds)
        if self.mode is Mode.REPLACE and self.selection.is_all:
            return self._checked(then, {})
        around = self.now()
        now = stored_objects(around, self.kinds)
        chosen = self.selection.within(then, environments_of(observed, self.kinds))
        also = self.selection.within(now, environments_of(around, self.kinds))
        self.selection.check(chosen | also, self.name)
        gone = also - chosen if self.mode is Mode.REPLACE else frozenset()
        wanted = {ref: stored for ref, stored in now.items() if ref not in gone}
        wanted |= {ref: then[ref] for ref in sorted(chosen)}
        return self._checked(wanted, now)

    def _checked(self, wanted: StoredObjects, now: StoredObjects) -> DesiredState:
        return checked_desired(wanted, now, self.kinds, self.settings, self.name)


def checked_desired(
    wanted: StoredObjects, now: StoredObjects, kinds: Kinds, settings: RuleSettings, name: str
) -> DesiredState:
    """Return objects as desired state of a source of this name. Raises InvalidDesiredState for what is not wrong ``now``, too."""

    def read(objects: StoredObjects) -> DesiredFromItems:
        return desired_from_items(objects, kinds, source=name, revision=name, settings=settings)

    found = read(wanted)
    wrong = [problem for problem in found.problems if not problem.warning]
    known = read(now).problems if wrong and now else ()
    fresh = [problem for problem in wrong if problem not in known]
    if fresh:
        raise InvalidDesiredState(fresh)
    return found.desired


@dataclass(frozen=True, slots=True, kw_only=True)
class AsItIs:
    """A state of the tables as desired state, whatever is wrong with it: what a snapshot is compared with."""

    name: str
    kinds: Kinds
    settings: RuleSettings
    look: Callable[[], ObservedState]

    @property
    def cause(self) -> Cause:
        """As of a snapshot: no line of a file is behind what differs."""
        return Cause.RESTORED

    def desired(self) -> DesiredState:
        """Return the desired state. Raises InvalidDesiredState for what is no object of its kind, and as looking."""
        stored = stored_objects(self.look(), self.kinds)
        name, settings = self.name, self.settings
        found = desired_from_items(
            stored, self.kinds, source=name, revision=name, settings=settings
        )
        if len(found.desired.resources) < len(stored):
            raise InvalidDesiredState(found.problems)
        return found.desired
