"""Scaling schedules of a role as scheduled actions of its groups, and scheduled actions as attributes."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from controller.kinds.parts.server_role import ScalingSchedule
from controller.model.canonical import digest_of
from controller.scheduling.wall_clock import canonical_zone

Action = dict[str, Any]
"""``recurrence``, ``timezone``, and what it sets of ``minSize``, ``desiredCapacity``, ``maxSize``."""

OURS: Final = "envctl-"
"""Beginning of the names of our actions. The rest is a digest of what the action does: another wish is another action, so
a new one can be put before the old one is taken away."""
OLD: Final = "EM-Scheduled-Action-"
"""Beginning of the names the old product gave; they are replaced where a role's schedules are taken over."""
MOST_PER_GROUP: Final = 125
MOST_PER_CALL: Final = 50
"""Limits of EC2 Auto Scaling."""
UTC: Final = "UTC"

SIZES: Final = {"minSize": "MinSize", "desiredCapacity": "DesiredCapacity", "maxSize": "MaxSize"}
"""Attribute -> name in AWS's requests."""


def is_replaceable(name: str) -> bool:
    """Tell whether an action of this name is one that we, or the old product, put."""
    return name.startswith((OURS, OLD))


def wanted_actions(schedules: Iterable[ScalingSchedule]) -> dict[str, Action]:
    """Return the actions of a role's schedules, by name."""
    found = {}
    for schedule in schedules:
        sizes = {
            "minSize": schedule.min_capacity,
            "desiredCapacity": schedule.desired_capacity,
            "maxSize": schedule.max_capacity,
        }
        action: Action = {
            "recurrence": schedule.recurrence,
            "timezone": canonical_zone(schedule.timezone) if schedule.timezone else UTC,
            **{name: size for name, size in sizes.items() if size is not None},
        }
        found[f"{OURS}{digest_of(action)[:16]}"] = action
    return dict(sorted(found.items()))


def found_action(item: Mapping[str, Any]) -> Action:
    """Return an action as AWS describes it."""
    return {
        "recurrence": str(item.get("Recurrence") or ""),
        "timezone": str(item.get("TimeZone") or UTC),
        **{name: int(item[key]) for name, key in SIZES.items() if item.get(key) is not None},
    }


def put_request(name: str, action: Action) -> dict[str, Any]:
    """Return one entry of BatchPutScheduledUpdateGroupAction."""
    return {
        "ScheduledActionName": name,
        "Recurrence": action["recurrence"],
        "TimeZone": action["timezone"],
        **{key: action[name] for name, key in SIZES.items() if name in action},
    }


def actions_digest(actions: Mapping[str, Action]) -> str:
    """Digest of the actions of a group, for its mark."""
    return digest_of(actions)[:32]
