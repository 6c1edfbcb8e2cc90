"""Scaling schedules: sizes that AWS itself sets at times, as scheduled actions of the groups of a role."""

from datetime import datetime

from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook
from controller.model.observed import ObservedState
from controller.ports import Projected
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

    observe = staticmethod(observe_schedules)
    answer = staticmethod(answer_schedules)
    act = staticmethod(put_actions)

    def project(
        self, accepted: AcceptedState, look: LiveLook, observed: ObservedState, now: datetime
    ) -> Projected:
        """Say what scaling schedules there should be."""
        del now
        return project_schedules(accepted, look.scope, observed)


TARGET = ScalingSchedules()
