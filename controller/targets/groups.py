"""Auto-scaling groups: one for each environment and role, or slice of a role, as the accepted documents say."""

from datetime import datetime

from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook
from controller.model.observed import ObservedState
from controller.model.plan import Change
from controller.ports import ActResult, LiveActs, Projected
from controller.targets.group_parts.making import GroupActs, delete_group
from controller.targets.group_parts.names import GROUP
from controller.targets.group_parts.observe import answer_groups, observe_groups
from controller.targets.group_parts.project import project_groups


class Groups:
    """The target ``groups``."""

    name = "groups"
    kinds = (GROUP,)
    summary = "Auto-scaling groups with their launch templates, one for each environment and role or slice."

    observe = staticmethod(observe_groups)
    answer = staticmethod(answer_groups)

    def project(
        self, accepted: AcceptedState, look: LiveLook, observed: ObservedState, now: datetime
    ) -> Projected:
        """Say what groups there should be."""
        return project_groups(accepted, look.scope, observed, now)

    def act(self, change: Change, acts: LiveActs) -> ActResult:
        """Make, change or delete one group."""
        if change.action == "delete":
            return delete_group(change, acts)
        doing = GroupActs(change, acts)
        return doing.create() if change.action == "create" else doing.update()


TARGET = Groups()
