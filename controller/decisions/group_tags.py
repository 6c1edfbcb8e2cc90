"""The tags groups carry: those that say what their instances are, and our marks.

Domain rule: every one of the former is given to new instances too; ``Schedule`` is empty where the environment's counts.
"""

from typing import Final

TAGS: Final = (
    "EnvironmentType",
    "Environment",
    "OwningCluster",
    "OwningTeam",
    "OwningClusterShortName",
    "Role",
    "SecurityZone",
    "Schedule",
    "ContactEmail",
)
"""What is said of instances, by the usual keys."""

LONGEST_VALUE: Final = 256
"""Characters of a tag's value (limit of EC2)."""

ID: Final = "envctl:id"
"""Digest of installation, scope and name: a group that was copied does not fit."""
DIGEST: Final = "envctl:digest"
"""Digest of what the YAML gave of that which every look shows, as last applied."""
DEEP: Final = "envctl:deep"
"""Digest of what only a closer look shows, as last applied."""
IMAGE: Final = "envctl:image"
"""``<wish> <image id> <platform>``: the image that was chosen for a wish, kept until something asks for another."""
TEMPLATE: Final = "envctl:template"
"""``<template id>:<version>`` the group was pointed at."""
SCHEDULE: Final = "envctl:schedule"
"""Schedule tag as we wrote it for the role: another value was written by a person."""
ROLLOUT: Final = "envctl:rollout"
"""How a changed template reaches instances that run: ``none``, or ``instanceRefresh <min healthy percent>``."""
REFRESH: Final = "envctl:refresh"
"""``<template version> <refresh id>``: the last instance refresh that was started."""
PARKED: Final = "envctl:parked"
"""Written while the group's instances are stopped for their schedule: its sizes are not as its role says then."""
SCALING_SCHEDULES: Final = "envctl:scaling-schedules"
"""Digest of the scaling schedules that were put."""

NOT_PROPAGATED: Final = "(not given to instances)"
