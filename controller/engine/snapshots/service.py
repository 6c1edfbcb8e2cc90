"""What is asked about snapshots from a command line or by the daemon: taken and proven, thinned out, compared, restored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from controller.engine.config.observe import ObservedConfig
from controller.engine.config.planner import Planner, PlanRun
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.overrides.put_back import PutBack
from controller.engine.snapshots.account_changes import changed_between, changed_since
from controller.engine.snapshots.account_tables import WayIn, ways_in
from controller.engine.snapshots.contents import check_home, observed_in
from controller.engine.snapshots.copies import copy_snapshot, write_old_names
from controller.engine.snapshots.create import SnapshotOrder, create_snapshot
from controller.engine.snapshots.places import (
    Listed,
    copy_store,
    find_snapshot,
    list_snapshots,
    open_store,
)
from controller.engine.snapshots.prune import Outdated, outdated_in, remove_from
from controller.engine.snapshots.restore import Restorer
from controller.engine.snapshots.selection import EVERYTHING, Mode, Selection
from controller.engine.snapshots.source import PREFIX, AsItIs, SnapshotSource
from controller.engine.snapshots.verify import Verdict, verify_snapshot
from controller.events import Emit, SnapshotRemoved, discard_event
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.plan import PlanOptions
from controller.planning.scope_plan import plan
from controller.snapshots.manifest import Manifest
from controller.snapshots.store import SnapshotStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """The snapshots of one installation, in the store of its settings."""

    installation: Installation
    store: SnapshotStore
    emit: Emit = discard_event

    @classmethod
    def of(cls, installation: Installation, emit: Emit = discard_event) -> "Snapshots":
        """Return those of an installation. Raises WrongUsage if its settings name no place for them."""
        return cls(installation=installation, store=open_store(installation.master), emit=emit)

    def create(
        self, requester: str, *, with_ledger: bool = False, accounts: Sequence[WayIn] = ()
    ) -> Verdict:
        """Take a snapshot, of the tables of accounts too, prove it, and copy it where the settings say. Raises as each of them."""
        settings = self.installation.master.settings.snapshots
        order = SnapshotOrder(
            requester=requester,
            with_ledger=with_ledger,
            accounts=tuple(accounts),
            megabytes_per_s=settings.megabytes_per_second,
        )
        manifest = create_snapshot(self.installation, self.store, order, self.emit)
        verdict = self.verify(manifest)
        if settings.environment_manager_names:
            write_old_names(self.store, manifest)
        if self._copies is not None:
            copy_snapshot(self.store, self._copies, manifest)
        return verdict

    def verify(self, manifest: Manifest) -> Verdict:
        """Prove a snapshot. Raises as ``verify_snapshot``."""
        return verify_snapshot(self.installation, self.store, manifest, self.emit)

    def find(self, text: str) -> Manifest:
        """Return the snapshot a person names. Raises as ``find_snapshot``."""
        return find_snapshot(self.store, text)

    def listed(self) -> tuple[Listed, ...]:
        """Return every snapshot, oldest first. Raises as reading the store."""
        return list_snapshots(self.store)

    def outdated(self, now: datetime) -> Outdated:
        """Return what retention no longer keeps, copies in the other place too. Raises as reading both.

        Those that never came to their end go, too, once they are a day old.
        """
        settings, copies = self.installation.master.settings.snapshots, self._copies
        here = outdated_in(self.store, settings, now)
        if copies is None:
            return Outdated(here)
        return Outdated(here, outdated_in(copies, settings, now), copies.name)

    def remove(self, outdated: Outdated) -> None:
        """Take them away. Raises as writing either place."""
        remove_from(self.store, outdated.snapshots, self._tell_removed)
        if self._copies is not None:
            remove_from(self._copies, outdated.copies, self._tell_removed)

    @property
    def _copies(self) -> SnapshotStore | None:
        return copy_store(self.installation.master)

    def _tell_removed(self, snapshot: str) -> None:
        self.emit(SnapshotRemoved(snapshot))

    def changed_since(
        self, before: Manifest, after: Manifest | None, now: datetime, accounts: LiveAccounts
    ) -> PlanRun:
        """Return what changed from one snapshot to another, None for the tables as they are, as a plan that nobody carries out.

        Of accounts whose tables the first has, too. Raises as planning, and as reading the store and the tables.
        """
        master = self.installation.master
        source = AsItIs(
            name="the tables" if after is None else PREFIX + after.id,
            kinds=master.kinds,
            settings=master.settings.of_rules,
            look=self._look
            if after is None
            else partial(observed_in, self.store, after, master.kinds),
        )
        planner = Planner(lambda: source, master.settings, master.kinds)
        state = replace(
            observed_in(self.store, before, master.kinds), scope=CONFIG_SCOPE, state=ScopeState.OK
        )
        seen = ObservedConfig(
            (state,), lambda _ref, _held: True, lambda _ref, _held: False, stands_in=True
        )
        run = planner.plan(planner.load(), seen, PlanOptions(now=now))
        # What nobody carries out is refused by nothing, and asks for no approval.
        scopes = [replace(s, violations=(), state=ScopeState.OK) for s in run.plan.scopes]
        if before.accounts and after is None:
            scopes += changed_since(self.store, before, ways_in(accounts, now), now)
        elif before.accounts and after is not None:
            scopes += changed_between(self.store, before, after, now)
        made = plan(scopes, revision=run.plan.revision, label=run.plan.label)
        return replace(run, plan=replace(made, schedules=run.plan.schedules))

    def source(
        self, manifest: Manifest, selection: Selection = EVERYTHING, mode: Mode = Mode.REPLACE
    ) -> SnapshotSource:
        """Return a snapshot as the source of desired state; nothing is read yet."""
        master = self.installation.master
        return SnapshotSource(
            store=self.store,
            manifest=manifest,
            kinds=master.kinds,
            settings=master.settings.of_rules,
            now=self._look,
            selection=selection,
            mode=mode,
        )

    def restorer(
        self,
        accounts: LiveAccounts,
        source: SnapshotSource,
        own: Planner | None,
        until: datetime | None,
        reason: str,
    ) -> Restorer:
        """Return what restores a source; ``own`` plans the settings' own source, None where they name none."""
        reason = reason or f"restored from {source.name}"
        run = PutBack.of(accounts, source, own, reason=reason, until=until, emit=self.emit)
        return Restorer(run=run, source=source)

    def _look(self) -> ObservedState:
        return self.installation.tables.observe()


def open_snapshot(installation: Installation, text: str) -> SnapshotSource:
    """Return the source that ``snapshot:ID`` names: all that the snapshot holds, and nothing else.

    Raises WrongUsage where the settings name no place, there is no such snapshot, or it is of another installation, and as
    reading the store.
    """
    snapshots = Snapshots.of(installation)
    manifest = snapshots.find(text.removeprefix(PREFIX))
    check_home(manifest, installation, installation.master.aws.own_account())
    return snapshots.source(manifest)


@dataclass(frozen=True, slots=True)
class Night:
    """What came of one night: the snapshot that was taken and proven, and those that were taken away as no longer kept."""

    verdict: Verdict
    removed: Outdated


def nightly(
    installation: Installation, requester: str, now: datetime, emit: Emit = discard_event
) -> Night:
    """Take a snapshot, prove it, and take away those that the settings no longer keep.

    Raises WrongUsage if the settings name no place, and as each of the three; nothing is taken away before the new one is proven.
    """
    snapshots = Snapshots.of(installation, emit)
    verdict = snapshots.create(requester)
    outdated = snapshots.outdated(now)
    snapshots.remove(outdated)
    return Night(verdict, outdated)
