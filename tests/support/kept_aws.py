"""What the sandbox holds, kept and brought back: a test that damages it a thousand times does not build it as often."""

import copy
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends

_KEPT: dict[str, Any] = {}


def keep(_: dict[str, Any]) -> None:
    """Remember all items, groups and instances, as they are now."""
    _KEPT.clear()
    _KEPT["items"] = {name: copy.deepcopy(table.items) for name, table in _tables()}
    _KEPT["group tags"] = {name: copy.deepcopy(group.tags) for name, group in _groups()}
    _KEPT["tags"] = {place: copy.deepcopy(dict(held)) for place, held in _tags()}


def bring_back(_: dict[str, Any]) -> None:
    """Let items and tags be as they were when they were kept."""
    for name, table in _tables():
        table.items = copy.deepcopy(_KEPT["items"][name])
    for name, group in _groups():
        group.tags = copy.deepcopy(_KEPT["group tags"][name])
    for place, held in _tags():
        held.clear()
        held.update(copy.deepcopy(_KEPT["tags"].get(place, {})))


def _tables() -> list[tuple[Any, Any]]:
    return [
        ((account, region, name), table)
        for account, regions in dynamodb_backends.items()
        for region, backend in regions.items()
        for name, table in backend.tables.items()
    ]


def _groups() -> list[tuple[Any, Any]]:
    return [
        ((account, region, name), group)
        for account, regions in autoscaling_backends.items()
        for region, backend in regions.items()
        for name, group in backend.autoscaling_groups.items()
    ]


def _tags() -> list[tuple[Any, Any]]:
    return [
        ((account, region), backend.tags)
        for account, regions in ec2_backends.items()
        for region, backend in regions.items()
    ]
