"""What one run has been refused, and has asked for or written without seeing it yet: what may be tried now, what waits, what is given up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from controller.aws.errors import CAPACITY_CODES
from controller.errors import Conflict, EnvctlError, RefusedByAws, Unreachable
from controller.model.backoff import Backoff
from controller.model.live import FoundInstance
from controller.targets.power_parts.sending import QUOTA_CODES
from controller.targets.power_parts.steps import Parked

PASSING_CODES: Final = CAPACITY_CODES | QUOTA_CODES | {
    "IncorrectInstanceState", "IncorrectState", "ResourceContention", "ScalingActivityInProgress", "ServerInternal",
}  # fmt: skip
"""AWS's words for: not now."""
STALE_VIEW: Final = "ValidationError"
"""Auto Scaling's word for a group that is not as it was when it was looked at, among other things: worth another look."""
STOP_PROTECTED: Final = "OperationNotPermitted"
"""AWS's word for an instance with stop protection."""
TRIES: Final = 5
TRIES_OF_A_STALE_VIEW: Final = 3
STARTS_TAKEN_BACK: Final = 3
"""How often in one run an instance is started that AWS stops again."""
START_UNDER_WAY_S: Final = 60.0
"""So long after a start was accepted a look may still show the instance as it was (EC2 is eventually consistent)."""
TAG_SHOWS_WITHIN_S: Final = 60.0
"""So long a tag may be written and not show yet, where a group looks as if it was being parked."""
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
    code = error.aws_code if isinstance(error, RefusedByAws) else ""
    if code in PASSING_CODES:
        return TRIES
    return TRIES_OF_A_STALE_VIEW if code == STALE_VIEW else 1


class Start(NamedTuple):
    """A start that AWS accepted: when (steady seconds), and whether a look has shown it since."""

    at_s: float
    seen: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """The refusals of one run, and its starts: what may be tried now, what waits, what was given up."""

    steady_s: Callable[[], float]
    """A steady clock in seconds."""
    setbacks: dict[str, Setback] = field(default_factory=dict)
    """By instance or group."""
    starts: dict[str, Start] = field(default_factory=dict)
    """Of instances that were not seen stopped after it."""
    remembered: dict[str, Parked | None] = field(default_factory=dict)
    """What groups carry as their tag, as it was first seen or written last; None where it was taken off."""
    untagged: dict[str, float] = field(default_factory=dict)
    """When (steady seconds) groups were first seen as parking leaves them, but for the tag."""

    def keep(self, refused: Mapping[str, EnvctlError]) -> None:
        """Take note of refusals, by instance or group."""
        now_s = self.steady_s()
        for thing, error in refused.items():
            known = self.setbacks.get(thing)
            tries = known.tries + 1 if known else 1
            again = tries < tries_allowed(error)
            next_at_s = now_s + BETWEEN_TRIES.pause_s(tries) if again else None
            self.setbacks[thing] = Setback(error, tries, next_at_s)

    def give_up(self, held: Mapping[str, str]) -> None:
        """Leave instances as they are from the beginning, each for its reason."""
        for name, why in held.items():
            error = RefusedByAws(f"{name}: {why}", fix=_TAKEN_BACK_FIX)
            self.setbacks[name] = Setback(error, 1, None)

    def started(self, ids: Iterable[str]) -> None:
        """Take note of starts that AWS accepted just now."""
        now_s = self.steady_s()
        self.starts.update((name, Start(now_s)) for name in ids)

    def watch_starts(self, instances: Mapping[str, FoundInstance]) -> None:
        """Take note of what a look shows of starts: one that is stopped again, or stopped for too long, was taken back."""
        now_s = self.steady_s()
        for name, start in list(self.starts.items()):
            found = instances.get(name)
            if found is None or found.state != "stopped":
                self.starts[name] = start._replace(seen=True)
            elif start.seen or now_s - start.at_s >= START_UNDER_WAY_S:
                del self.starts[name]
                known = self.setbacks.get(name)
                tries = known.tries + 1 if known else 1
                again = tries < STARTS_TAKEN_BACK
                next_at_s = now_s + BETWEEN_TRIES.pause_s(tries) if again else None
                self.setbacks[name] = Setback(_taken_back(name, found), tries, next_at_s)

    def just_started(self, instance_id: str) -> bool:
        """Tell whether a start was accepted so lately that it may well be under way."""
        start = self.starts.get(instance_id)
        return start is not None and self.steady_s() - start.at_s < START_UNDER_WAY_S

    def may_start(self, instance_id: str) -> bool:
        """Tell whether a start may be asked for now: not while the last one is under way."""
        return instance_id not in self.starts and self.may_try(instance_id)

    def may_try(self, thing: str) -> bool:
        """Tell whether a request for it may be sent now."""
        known = self.setbacks.get(thing)
        if known is None:
            return True
        return known.next_at_s is not None and known.next_at_s <= self.steady_s()

    @property
    def next_try_in_s(self) -> float:
        """Return in how many seconds the next try of anything is due; 0 if none is to come."""
        now_s = self.steady_s()
        moments = (known.next_at_s for known in self.setbacks.values())
        return min(
            (at_s - now_s for at_s in moments if at_s is not None and at_s > now_s), default=0.0
        )

    def waits_for_tag(self, group: str) -> bool:
        """Tell whether the tag of a group that looks as if it was being parked may be written, and show yet."""
        if self.remembered.get(group) is not None:
            return False
        now_s = self.steady_s()
        return now_s - self.untagged.setdefault(group, now_s) < TAG_SHOWS_WITHIN_S

    @property
    def waits_for_answers(self) -> bool:
        """Tell whether the next try of anything is still to come, or a start or a tag that no look has shown yet."""
        return (
            self.next_try_in_s > 0
            or any(not start.seen for start in self.starts.values())
            or any(self.waits_for_tag(group) for group in self.untagged)
        )

    @property
    def cannot_stop(self) -> frozenset[str]:
        """Return what AWS refuses to stop for good: it is protected."""
        return frozenset(
            name
            for name, known in self.setbacks.items()
            if isinstance(known.error, RefusedByAws) and known.error.aws_code == STOP_PROTECTED
        )

    def given_up(self, thing: str) -> bool:
        """Tell whether it is left as it is in this run."""
        known = self.setbacks.get(thing)
        return known is not None and known.next_at_s is None


_TAKEN_BACK_FIX: Final = (
    "see what AWS says: for a volume with a key of your own the role needs that key (KmsKeys in deploy/child.yaml);"
    " no check of the doctor tries it"
)


def _taken_back(name: str, found: FoundInstance) -> RefusedByAws:
    said = found.failed_start or "no reason"
    return RefusedByAws(
        f"{name}: AWS accepted its start and took it back: {said}", fix=_TAKEN_BACK_FIX
    )
