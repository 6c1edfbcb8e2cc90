"""Instances that have ended are seen for a while, and then are gone.

"Terminated instances remain visible after termination (for approximately one hour)." (Amazon EC2 User Guide, Terminate
instances) moto keeps every instance for ever. The sandbox keeps the newest of each account and region besides, however many
end within the hour.
"""

import time
from collections import deque
from typing import Any

from moto.ec2.models.instances import Instance, InstanceBackend

from controller.sandbox.call import Call
from controller.sandbox.rules import before, replaces

VISIBLE_S = 3600.0
MOST_VISIBLE = 1000
_ENDED = "terminated"
_RUN_INSTANCES = InstanceBackend.run_instances
_TERMINATE = Instance.terminate


@replaces(InstanceBackend, "run_instances")
def _run_instances(self: Any, *args: Any, **named: Any) -> Any:
    reservation = _RUN_INSTANCES(self, *args, **named)
    made: list[Any] = reservation.instances
    for instance in made:
        instance.sandbox_reservation = reservation.id
    return reservation


@replaces(Instance, "terminate")
def _terminate(self: Any) -> Any:
    previous = _TERMINATE(self)
    if previous.name != _ENDED:
        _ended(self.ec2_backend).append((time.monotonic(), self))
        _forget(self.ec2_backend)
    return previous


@before("ec2", "DescribeInstances")
def _only_visible(call: Call) -> None:
    """Forget what ended long ago."""
    _forget(call.ec2)


def _ended(backend: Any) -> deque[tuple[float, Any]]:
    """Return what has ended in an account and region, oldest first, with when it did."""
    found: deque[tuple[float, Any]] = backend.__dict__.setdefault("sandbox_ended", deque())
    return found


def _forget(backend: Any) -> None:
    ended, now = _ended(backend), time.monotonic()
    while ended and (len(ended) > MOST_VISIBLE or now - ended[0][0] > VISIBLE_S):
        _, instance = ended.popleft()
        backend.tags.pop(instance.id, None)
        for interface in instance.nics.values():
            backend.enis.pop(interface.id, None)
        reservation = backend.reservations.get(instance.sandbox_reservation)
        if reservation is not None:
            reservation.instances.remove(instance)
            if not reservation.instances:
                del backend.reservations[reservation.id]
