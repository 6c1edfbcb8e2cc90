"""Copies of the common tables in the accounts, for programs that read them there. Off unless the settings say otherwise."""

from collections.abc import Sequence
from datetime import datetime

from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook
from controller.model.observed import ObservedState
from controller.model.plan import Change
from controller.ports import Batch, LiveReads, Projected, TargetCounts
from controller.targets.replica_parts.acts import copy_all
from controller.targets.replica_parts.observe import observe_replicas, read_sources
from controller.targets.replica_parts.project import project_replicas
from controller.targets.replica_parts.replicated import REPLICA


class Replicas:
    """The target ``replicas``."""

    name = "replicas"
    kinds = (REPLICA,)
    summary = "Copies of common configuration in the tables of each account, for programs that read them there."

    def observe(self, look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
        """Read the account's tables. Raises TablesNotReady where they do not exist."""
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
        """Say what copies there should be."""
        del now
        return project_replicas(accepted, look.scope, observed)

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


TARGET = Replicas()
