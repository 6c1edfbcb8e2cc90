"""A look as plain JSON, so that what power decides by can be written to a file and planned from without AWS."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from controller.model.live import FoundGroup, FoundInstance, LiveLook, LiveScope, Member, Tags

Rows = Mapping[str, Any]


def rows_of(look: LiveLook) -> dict[str, Any]:
    """Return what power needs of a look."""
    return {
        "at": look.at.isoformat(),
        "instances": [_instance_row(instance) for instance in look.instances.values()],
        "groups": [_group_row(group) for group in look.groups.values()],
    }


def look_of(rows: Rows, scope: LiveScope) -> LiveLook:
    """Read the look back; what power does not need of it is empty."""
    instances = [_instance(row) for row in rows["instances"]]
    groups = [_group(row) for row in rows["groups"]]
    return LiveLook(
        scope,
        datetime.fromisoformat(rows["at"]),
        {group.name: group for group in groups},
        {instance.instance_id: instance for instance in instances},
    )


def _instance_row(one: FoundInstance) -> list[Any]:
    return [
        one.instance_id,
        one.state,
        one.tags,
        None if one.launched_at is None else one.launched_at.isoformat(),
        one.lifecycle,
        one.root_device,
    ]


def _instance(row: Sequence[Any]) -> FoundInstance:
    instance_id, state, tags, launched, lifecycle, root_device = row
    return FoundInstance(
        instance_id=instance_id,
        state=state,
        tags=_tags(tags),
        launched_at=None if launched is None else datetime.fromisoformat(launched),
        lifecycle=lifecycle,
        root_device=root_device,
    )


def _group_row(one: FoundGroup) -> list[Any]:
    members = [
        (member.instance_id, member.lifecycle, member.protected_from_scale_in)
        for member in one.members
    ]
    return [
        one.name,
        [one.minimum, one.desired, one.maximum],
        one.tags,
        sorted(one.suspended),
        members,
        one.status,
    ]


def _group(row: Sequence[Any]) -> FoundGroup:
    name, (minimum, desired, maximum), tags, suspended, members, status = row
    return FoundGroup(
        name=name,
        arn="",
        minimum=minimum,
        desired=desired,
        maximum=maximum,
        tags=_tags(tags),
        propagated=frozenset(),
        subnets=(),
        suspended=frozenset(suspended),
        members=tuple(
            Member(instance_id, lifecycle, "", "", "", healthy=True, protected_from_scale_in=held)
            for instance_id, lifecycle, held in members
        ),
        status=status,
    )


def _tags(found: Sequence[Sequence[str]]) -> Tags:
    # As found they are tuples already; read from a file they are lists.
    return found if isinstance(found, tuple) else tuple((key, value) for key, value in found)
