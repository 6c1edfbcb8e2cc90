"""A group that a look found, as attributes, marks and facts.

Attributes are what is compared, as plain JSON: what every look shows, and what only a closer look does. The latter is only
there, on both sides, where it was read. What a light look does not show counts as last applied as long as the marks say so.
"""

from collections.abc import Container, Mapping
from typing import Any, Final, NamedTuple, NotRequired, TypedDict

from controller.decisions import tag_keys as our
from controller.model.canonical import canonical_bytes, digest, digest_of
from controller.model.live import FoundGroup, LiveScope
from controller.model.observed import Mark, Observation, Ownership
from controller.targets.group_parts.images import FoundImage
from controller.targets.group_parts.names import group_ref
from controller.targets.group_parts.role_design import OS_DEVICE
from controller.targets.table_items.item_form import mark_id

Attributes = dict[str, Any]

SIZES: Final = {"minSize": "MinSize", "desiredCapacity": "DesiredCapacity", "maxSize": "MaxSize"}
"""Attribute -> name in AWS's requests."""
SIZE_FIELDS: Final = {
    "minSize": "min_capacity",
    "desiredCapacity": "desired_capacity",
    "maxSize": "max_capacity",
}
"""Attribute -> field of a role's scaling schedule."""
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
    "metadataTokens",
)
"""What a launch template holds; ``ami`` is the role's wish, ``imageId`` what it came to."""
OF_GROUP: Final = ("terminationDelay", "notifications")
"""What else only a closer look shows."""
DEEP: Final = (*OF_TEMPLATE, *OF_GROUP)


def is_deep(attributes: Mapping[str, Any]) -> bool:
    """Tell whether the attributes hold what only a closer look shows."""
    return "imageId" in attributes


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


IN_SERVICE: Final = "InService"


class FoundAttributes(TypedDict):
    """What a look shows of a group besides what is compared; plain JSON."""

    environment: str
    """By its tag."""
    template: str
    """``<id>:<version>`` it points at; empty for one of a launch configuration."""
    configuration: str
    image: str
    digest: str
    deep: str
    schedule: str | None
    """Marks as found; empty where there is none."""
    refresh: str
    behind: int
    """Members of another template version than the group's."""
    behind_running: int
    """Those of them that are in service, and that a refresh replaces: not protected from scale-in."""
    protected: NotRequired[int]
    """Members in service that AWS does not end as the group shrinks."""
    suspended: NotRequired[list[str]]
    """Processes."""
    lifecycles: list[str]
    parked: bool
    deleting: bool
    mixed: bool
    """It has a mixed instances policy."""
    drains_until: str
    """Mark of a group that leaves; empty where it was given sizes since."""
    scaling_schedules: str


LOST: Final = "Lost"
"""Stands for the lifecycle of a member that was ended in standby: its group lists it until it is put back."""


class ImageMark(NamedTuple):
    """The image that was chosen for a wish."""

    wish: str
    id: str
    platform: str
    root: str = ""
    """Its root device, where that is not ``/dev/sda1``."""

    def __str__(self) -> str:
        """Print as the tag holds it."""
        return " ".join(filter(None, self))

    @classmethod
    def of(cls, wish: str, image: FoundImage) -> "ImageMark":
        """Return the mark of an image."""
        root = "" if image.root_device == OS_DEVICE else image.root_device
        return cls(wish, image.id, image.platform, root)

    @classmethod
    def parse(cls, text: str) -> "ImageMark | None":
        """Read the tag; None if it is none."""
        parts = text.split(" ")
        return cls(*parts) if len(parts) in (3, 4) and all(parts) else None


def seen_of(
    group: FoundGroup, keys: Mapping[str, str], instances: Container[str]
) -> FoundAttributes:
    """Return the facts of a group; ``instances`` are those that EC2 listed."""
    current = group.template_id, group.template_version
    behind = [
        member
        for member in group.members
        if group.template_id and (member.template_id, member.template_version) != current
    ]
    return {
        "environment": group.tag(keys.get("Environment", "Environment")) or "",
        "template": f"{group.template_id}:{group.template_version}" if group.template_id else "",
        "configuration": group.launch_configuration,
        "image": group.tag(our.IMAGE) or "",
        "digest": group.tag(our.DIGEST) or "",
        "deep": group.tag(our.DEEP) or "",
        "schedule": group.tag(our.SCHEDULE),
        "refresh": group.tag(our.REFRESH) or "",
        "behind": len(behind),
        "behind_running": sum(
            member.lifecycle == IN_SERVICE and not member.protected_from_scale_in
            for member in behind
        ),
        "protected": sum(
            member.lifecycle == IN_SERVICE and member.protected_from_scale_in
            for member in group.members
        ),
        "suspended": sorted(group.suspended),
        "lifecycles": [
            LOST
            if member.lifecycle == "Standby" and member.instance_id not in instances
            else member.lifecycle
            for member in group.members
        ],
        "parked": group.tag(our.PARKED) is not None,
        "deleting": bool(group.status),
        "mixed": group.mixed,
        "drains_until": "" if group.maximum else group.tag(our.DRAINING) or "",
        "scaling_schedules": group.tag(our.SCALING_SCHEDULES) or "",
    }


def light_attributes(
    group: FoundGroup, keys: Mapping[str, str], seen: FoundAttributes
) -> Attributes:
    """Return what every look shows of a group."""
    found = dict(group.tags)
    return {
        "minSize": group.minimum,
        "desiredCapacity": group.desired,
        "maxSize": group.maximum,
        "subnets": sorted(group.subnets),
        "tags": {
            key: found[key] if key in group.propagated else f"{found[key]} {our.NOT_PROPAGATED}"
            for key in keys.values()
            if key in found
        },
        "template": _pointer(group, seen),
        "rollout": group.tag(our.ROLLOUT) or "",
        "instancesBehind": seen["behind"],
    }


def _pointer(group: FoundGroup, seen: FoundAttributes) -> str:
    if not group.template_id:
        return f"launch configuration {group.launch_configuration or '(none)'}"
    if seen["template"] == group.tag(our.TEMPLATE):
        return AS_APPLIED
    return f"{group.template_name or group.template_id} version {group.template_version}"


def observation(
    group: FoundGroup, scope: LiveScope, installation: str, attributes: Attributes
) -> Observation:
    """Return a group as planning takes it. A copy of a group of ours has our mark, but not its own: it is foreign."""
    data = canonical_bytes(attributes)
    found_digest = digest(data)
    mark, ownership = None, Ownership.UNMANAGED
    carried = group.tag(our.ID)
    if carried is not None:
        fits = carried == group_mark_id(installation, scope.name, group.name)
        ownership = Ownership.OURS if fits else Ownership.FOREIGN
        # What was last applied is told by marks of its own; the comparison only needs this one to fit.
        mark = Mark(installation if fits else carried[:12], carried, "", "", 0, found_digest, {})
    ref = group_ref(scope.name, group.name)
    return Observation(ref, data, found_digest, mark, ownership, base=data)


def group_mark_id(installation: str, scope: str, name: str) -> str:
    """Return what the mark on a group must be."""
    return mark_id(installation, scope, {"Group": name})
