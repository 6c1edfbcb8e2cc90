"""Scaling schedules: sizes that AWS itself sets at times, as scheduled actions of the groups of a role."""

from datetime import datetime

from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook
from controller.model.observed import ObservedState
from controller.model.plan import Change
from controller.ports import ActResult, LiveActs, LiveReads, Projected
from controller.targets.group_parts.names import SCALING_SCHEDULES
from controller.targets.group_parts.project_schedules import (
    answer_schedules,
    observe_schedules,
    project_schedules,
)
from controller.targets.group_parts.schedule_acts import put_actions


class ScalingSchedules:
    """The target ``scaling-schedules``."""

    name = "scaling-schedules"
    kinds = (SCALING_SCHEDULES,)
    summary = (
        "Scheduled actions of auto-scaling groups, as the scaling schedules of their roles say."
    )

    def observe(self, look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
        """Say what scaling schedules our groups have."""
        return observe_schedules(look, reads, deep)

    def answer(
        self, asks: frozenset[str], look: LiveLook, observed: ObservedState, reads: LiveReads
    ) -> ObservedState:
        """Read the scheduled actions of groups whose mark does not say that they are as wanted."""
        return answer_schedules(asks, look, observed, reads)

    def project(
        self, accepted: AcceptedState, look: LiveLook, observed: ObservedState, now: datetime
    ) -> Projected:
        """Say what scaling schedules there should be."""
        del now
        return project_schedules(accepted, look.scope, observed)

    def act(self, change: Change, acts: LiveActs) -> ActResult:
        """Put, change or take away the scaling schedules of one group."""
        return put_actions(change, acts)


TARGET = ScalingSchedules()
