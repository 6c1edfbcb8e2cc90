"""Which refusals pass by themselves, and how long to wait for that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


def tries_allowed(error: EnvctlError) -> int:
    """Return how often in one run something is tried that fails like this."""
    if isinstance(error, (Unreachable, Conflict)):
        return TRIES
    if isinstance(error, RefusedByAws):
        if error.aws_code in PASSING_CODES:
            return TRIES
        return TRIES_OF_A_STALE_VIEW if error.aws_code == STALE_VIEW else 1
    return 1


@dataclass(frozen=True, slots=True)
class Patience:
    """The refusals of one run: what may be tried now, what waits, what was given up."""

    steady_s: Callable[[], float]
    """A steady clock in seconds."""
    setbacks: dict[str, Setback] = field(default_factory=dict)
    """By instance or group."""

    def keep(self, refused: Mapping[str, EnvctlError]) -> None:
        """Take note of refusals, by instance or group."""
        now_s = self.steady_s()
        for thing, error in refused.items():
            known = self.setbacks.get(thing)
            tries = known.tries + 1 if known else 1
            again = tries < tries_allowed(error)
            next_at_s = now_s + BETWEEN_TRIES.pause_s(tries) if again else None
            self.setbacks[thing] = Setback(error, tries, next_at_s)

    def may_try(self, thing: str) -> bool:
        """Tell whether a request for it may be sent now."""
        known = self.setbacks.get(thing)
        if known is None:
            return True
        return known.next_at_s is not None and known.next_at_s <= self.steady_s()

    @property
    def tries_again(self) -> bool:
        """Tell whether the next try of anything is still to come."""
        now_s = self.steady_s()
        moments = (known.next_at_s for known in self.setbacks.values())
        return any(at_s is not None and at_s > now_s for at_s in moments)

    def given_up(self, thing: str) -> bool:
        """Tell whether it is left as it is in this run."""
        known = self.setbacks.get(thing)
        return known is not None and known.next_at_s is None
