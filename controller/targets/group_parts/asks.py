"""What may be asked for beside a light look: ``keyPair/tango``, ``securityGroup/vpc-1/sgOSLinux``, ``group/c50-ta-Web``."""

from collections.abc import Iterable
from typing import Any, Final

GROUP: Final = "group"
"""All of a group that a light look does not show."""
IMAGE: Final = "image"
"""``<trusted owners>/<wish>`` -> images it may mean."""
SECURITY_GROUP: Final = "securityGroup"
"""``<vpc>/<name>`` -> ids."""
PROFILE: Final = "instanceProfile"
KEY_PAIR: Final = "keyPair"
SUBNET: Final = "subnet"
TOPIC: Final = "topic"
REFRESH: Final = "refresh"
"""How far the last instance refresh of a group has come."""
SCHEDULED_ACTIONS: Final = "scheduledActions"
"""Scheduled actions of a group."""

Known = dict[str, Any]
"""Question -> answer, plain JSON; None (or an empty list) where there is no such thing."""


def ask(what: str, name: str) -> str:
    """Return a question."""
    return f"{what}/{name}"


def names_asked(asks: Iterable[str], what: str) -> list[str]:
    """Return the names that are asked for of one sort, in order."""
    return sorted(one.partition("/")[2] for one in asks if one.partition("/")[0] == what)
