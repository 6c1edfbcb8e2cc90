"""What is compared of a group, as plain JSON: what every look shows, and what only a closer look does.

The latter is only there, on both sides, where it was read. What a light look does not show counts as last applied as
long as the marks say so.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from controller.model.canonical import digest_of

Attributes = dict[str, Any]

SIZES: Final = ("minSize", "desiredCapacity", "maxSize")
SCHEDULE_TAG: Final = "tags.Schedule"
"""How the Schedule tag is called among what the YAML may give or leave."""

AS_APPLIED: Final = "as applied"
"""What ``template`` says of a group that points at what we pointed it at."""

OF_TEMPLATE: Final = (
    "ami",
    "imageId",
    "platform",
    "instanceType",
    "keyPair",
    "instanceProfile",
    "securityGroups",
    "volumes",
    "userData",
    "detailedMonitoring",
    "publicAddress",
)
"""What a launch template holds; ``ami`` is the role's wish, ``imageId`` what it came to."""
OF_GROUP: Final = ("terminationDelay", "notifications")
"""What else only a closer look shows."""
DEEP: Final = (*OF_TEMPLATE, *OF_GROUP)

_LIGHT: Final = (*SIZES, "subnets", "rollout")


def is_deep(attributes: Mapping[str, Any]) -> bool:
    """Tell whether the attributes hold what only a closer look shows."""
    return "imageId" in attributes


def light_digest(attributes: Mapping[str, Any], owned: Collection[str], schedule_key: str) -> str:
    """Digest of what the YAML gives of that which every look shows, for the mark.

    A change outside of us leaves it as it is: so drift can be told from an edit.
    """
    wish = {name: attributes[name] for name in _LIGHT if name in attributes}
    for name in SIZES:
        if name not in owned:
            wish.pop(name, None)
    tags = dict(attributes["tags"])
    if SCHEDULE_TAG not in owned:
        tags.pop(schedule_key, None)
    return digest_of({**wish, "tags": tags})[:32]


def deep_digest(attributes: Mapping[str, Any]) -> str:
    """Digest of what only a closer look shows, for the mark.

    Ids of security groups are left out, since a light look knows their names alone.
    """
    wish = {name: attributes[name] for name in DEEP if name in attributes}
    return digest_of({**wish, "securityGroups": sorted(wish["securityGroups"])})[:32]


def repointed(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether a change lets the group point at another version of its template."""
    return is_deep(after) and (
        before["template"] != after["template"]
        or any(before.get(name) != after.get(name) for name in OF_TEMPLATE)
    )
