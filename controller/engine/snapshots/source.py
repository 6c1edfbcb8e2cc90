"""A snapshot as the source of desired state: the selected objects as they were then, all others as they are now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.engine.desired.stored_objects import stored_objects
from controller.engine.snapshots.contents import observed_in
from controller.engine.snapshots.selection import EVERYTHING, Mode, Selection, environments_of
from controller.errors import InvalidDesiredState
from controller.kinds.language.kind import Kinds, RuleSettings
from controller.loading.resolve import desired_from_items
from controller.loading.validated import StoredObject
from controller.model.observed import ObservedState
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from controller.model.resource import DesiredState
from controller.snapshots.manifest import Manifest
from controller.snapshots.store import SnapshotStore

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
        """Return the desired state, checked as documents are.

        Raises WrongUsage for a selection of nothing, InvalidDesiredState where what was right then does not fit what is now,
        DamagedState, and as reading the store and the tables.
        """
        observed = observed_in(self.store, self.manifest, self.kinds)
        then = stored_objects(observed, self.kinds)
        chosen = self.selection.within(then, environments_of(observed, self.kinds))
        if self.mode is Mode.REPLACE and self.selection.is_all:
            wanted = then
        else:
            around = self.now()
            now = stored_objects(around, self.kinds)
            also = self.selection.within(now, environments_of(around, self.kinds))
            self.selection.check(chosen | also, self.name)
            gone = also - chosen if self.mode is Mode.REPLACE else frozenset()
            wanted = {ref: stored for ref, stored in now.items() if ref not in gone}
            wanted |= {ref: then[ref] for ref in sorted(chosen)}
        return _checked(wanted, self.name, self.kinds, self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesSource:
    """The tables as they are, as desired state: what a snapshot is compared with."""

    kinds: Kinds
    settings: RuleSettings
    now: Callable[[], ObservedState]

    @property
    def name(self) -> str:
        """``tables:``."""
        return "tables:"

    @property
    def cause(self) -> Cause:
        """What differs was edited since."""
        return Cause.EDITED

    def desired(self) -> DesiredState:
        """Return the desired state. Raises InvalidDesiredState for objects that are not in order, and as looking."""
        stored = stored_objects(self.now(), self.kinds)
        return _checked(stored, self.name, self.kinds, self.settings)


def _checked(
    stored: Mapping[ResourceRef, StoredObject], name: str, kinds: Kinds, settings: RuleSettings
) -> DesiredState:
    found = desired_from_items(stored, kinds, source=name, revision=name, settings=settings)
    wrong = [problem for problem in found.problems if not problem.warning]
    if wrong:
        raise InvalidDesiredState(wrong)
    return found.desired
