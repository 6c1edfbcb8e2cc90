"""What is done about one group, one request each. Absolute: doing a step twice is doing it once."""

from typing import NamedTuple

from controller.targets.power_parts.parked import Parked


class Remember(NamedTuple):
    """Tag the group with what it is like, before anything about it is changed."""

    parked: Parked


class Suspend(NamedTuple):
    """Suspend processes."""

    processes: tuple[str, ...]


class Resume(NamedTuple):
    """Let processes go on that were suspended for parking."""

    processes: tuple[str, ...]


class Resize(NamedTuple):
    """Set MinSize and, unless it is None, DesiredCapacity."""

    minimum: int
    desired: int | None = None


class EnterStandby(NamedTuple):
    """Take members out of service, out of the desired capacity too; at most 20."""

    ids: tuple[str, ...]


class ExitStandby(NamedTuple):
    """Put members back into service; at most 20."""

    ids: tuple[str, ...]


class Forget(NamedTuple):
    """Take the tag off: the group is as it was."""


Step = Remember | Suspend | Resume | Resize | EnterStandby | ExitStandby | Forget


class GroupSteps(NamedTuple):
    """What is to be done now. The chain is in order and ends where a step of it fails; the rest does not depend on it."""

    chain: tuple[Step, ...] = ()
    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    waits: bool = False
    """Something is on its way, or would be after these steps: another look is due."""
    stays: str = ""
    """Why something is left as it is that should not be."""

    @property
    def any(self) -> bool:
        """Whether there is something to do."""
        return bool(self.chain or self.start or self.stop)
