"""States that last for a number of looks, kept beside moto's backends so that a reset forgets them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Waiting:
    """A state that shows for some more looks."""

    looks: int
    become: Callable[[], None]
    """Puts the next state in place."""


def waiting(backend: Any) -> dict[str, Waiting]:
    """Return what waits in a backend (EC2's or Auto Scaling's of one account and region), by instance id."""
    found: dict[str, Waiting] = backend.__dict__.setdefault("sandbox_waiting", {})
    return found


def wait(backend: Any, instance_id: str, looks: int, become: Callable[[], None]) -> None:
    """Let the present state of an instance or member show for that many looks."""
    waiting(backend)[instance_id] = Waiting(looks, become)


def look(backend: Any) -> None:
    """Count one look at everything that waits; what has waited long enough goes on."""
    for instance_id, one in list(waiting(backend).items()):
        if one.looks > 0:
            one.looks -= 1
        else:
            finish(backend, instance_id)


def finish(backend: Any, instance_id: str) -> None:
    """Let the next state show at once, if one waits."""
    one = waiting(backend).pop(instance_id, None)
    if one is not None:
        one.become()
