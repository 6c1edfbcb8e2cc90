"""Which refusals pass by themselves, and how long to wait for that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from controller.errors import Conflict, EnvctlError, RefusedByAws, Unreachable
from controller.model.backoff import Backoff

PASSING_CODES: Final = frozenset({
    "IncorrectInstanceState", "IncorrectState", "InsufficientHostCapacity", "InsufficientInstanceCapacity",
    "InsufficientCapacity", "InstanceLimitExceeded", "MaxSpotInstanceCountExceeded", "ResourceContention",
    "ScalingActivityInProgress", "ServerInternal", "VcpuLimitExceeded",
})  # fmt: skip
"""AWS's words for: not now."""
STALE_VIEW: Final = "ValidationError"
"""Auto Scaling's word for a group that is not as it was when it was looked at, among other things: worth another look."""
TRIES: Final = 5
TRIES_OF_A_STALE_VIEW: Final = 3
BETWEEN_TRIES: Final = Backoff(first_s=5.0, longest_s=60.0)


@dataclass(frozen=True, slots=True)
class Setback:
    """A refusal, how often it came by now, and when (steady seconds) the next try is due; None: there is none."""

    error: EnvctlError
    tries: int
    next_at_s: float | None


def setback(before: Setback | None, error: EnvctlError, now_s: float) -> Setback:
    """Return what a refusal makes of the one before it."""
    tries = (before.tries if before else 0) + 1
    if tries >= tries_allowed(error):
        return Setback(error, tries, None)
    return Setback(error, tries, now_s + BETWEEN_TRIES.pause_s(tries))


def tries_allowed(error: EnvctlError) -> int:
    """Return how often in one run something is tried that fails like this."""
    if isinstance(error, (Unreachable, Conflict)):
        return TRIES
    if isinstance(error, RefusedByAws):
        if error.aws_code in PASSING_CODES:
            return TRIES
        return TRIES_OF_A_STALE_VIEW if error.aws_code == STALE_VIEW else 1
    return 1


class Patience:
    """The refusals of one run: what may be tried now, what waits, what was given up."""

    def __init__(self, steady_s: Callable[[], float]) -> None:
        """Take a steady clock in seconds."""
        self._steady_s = steady_s
        self._setbacks: dict[str, Setback] = {}

    def keep(self, refused: Mapping[str, EnvctlError]) -> None:
        """Take note of refusals, by instance or group."""
        now_s = self._steady_s()
        for thing, error in refused.items():
            self._setbacks[thing] = setback(self._setbacks.get(thing), error, now_s)

    def may_try(self, thing: str) -> bool:
        """Tell whether a request for it may be sent now."""
        known = self._setbacks.get(thing)
        if known is None:
            return True
        return known.next_at_s is not None and known.next_at_s <= self._steady_s()

    @property
    def tries_again(self) -> bool:
        """Tell whether the next try of anything is still to come."""
        now_s = self._steady_s()
        moments = (known.next_at_s for known in self._setbacks.values())
        return any(at_s is not None and at_s > now_s for at_s in moments)

    def given_up(self, thing: str) -> bool:
        """Tell whether it is left as it is in this run."""
        known = self._setbacks.get(thing)
        return known is not None and known.next_at_s is None

    def last(self, thing: str) -> Setback | None:
        """Return the last refusal, if there was one."""
        return self._setbacks.get(thing)
