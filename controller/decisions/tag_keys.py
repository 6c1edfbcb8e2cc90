"""Tags the controller writes, and their keys: one place for what is decided, explained and written."""

from collections.abc import Mapping
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
"""What the YAML gave of that which every look shows, as last applied: digits of a digest of each field."""
DEEP: Final = "envctl:deep"
"""Digest of what only a closer look shows, as last applied, then digits of one of each field."""
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
DRAINING: Final = "envctl:draining"
"""``2026-03-02T18:00:00Z``: until when the instances of a group that leaves may take to drain, at the latest."""
SCALING_SCHEDULES: Final = "envctl:scaling-schedules"
"""Digest of the scaling schedules that were put."""

NOT_PROPAGATED: Final = "(not given to instances)"


def written_keys(renamed: Mapping[str, str]) -> dict[str, str]:
    """Return usual key -> key of the tags that groups are given; tags that the setting leaves out are not there."""
    return {usual: key for usual in TAGS if (key := renamed.get(usual, usual))}
