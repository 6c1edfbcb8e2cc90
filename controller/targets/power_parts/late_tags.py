"""Tells from the rest of a group that its tag may not be as the look shows it: what others read of AWS may be older than what was written.

"The result of an API command you run that affects your Amazon EC2 resources might not be immediately visible to all subsequent
commands you run." (Amazon EC2 Developer Guide, Ensuring eventual consistency) A run that follows another at once has nothing but the
look to go by. Pure.
"""

from controller.decisions.tag_keys import PARKED
from controller.model.live import FoundGroup
from controller.scheduling.group_sizes import STANDING_BY
from controller.targets.power_parts.steps import HELD_BACK, GroupSteps, Parked, Remember, Suspend


def may_be_tagged(group: FoundGroup, steps: GroupSteps) -> bool:
    """Tell whether a group without a tag may have been tagged: all processes are suspended already that parking suspends."""
    kinds = {type(step) for step in steps.chain}
    return group.tag(PARKED) is None and Remember in kinds and Suspend not in kinds


def is_as_woken(group: FoundGroup, shown: Parked) -> bool:
    """Tell whether a group with a tag may have been woken: it has all that the tag says, and nothing that parking makes of it.

    It may as well have been tagged a moment ago: then what it is like is what the tag says.
    """
    return (
        not (HELD_BACK & group.suspended) - shown.suspended
        and (group.minimum, group.desired) >= (shown.minimum, shown.desired)
        and not any(member.lifecycle in STANDING_BY for member in group.members)
    )
