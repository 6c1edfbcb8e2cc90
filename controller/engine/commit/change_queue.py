"""The changes of one run that still have to be made, and what became of the others. Pure."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from controller.errors import EnvctlError, StaleEpoch
from controller.model.plan import DONE, Change, Outcome, Progress, Status
from controller.model.ref import NO_REASON, Reason
from controller.planning.order import Graph

_BROKEN: Final = frozenset(Status) - DONE


class ChangeQueue:
    """Gives out changes in order, by their places in ``changes``; what relies on a failed change is skipped.

    How many go together is up to whoever takes them.
    """

    def __init__(self, changes: Sequence[Change], transaction: str) -> None:
        """Take the changes in the order they are applied in, and the run's id."""
        self.changes = changes
        self._transaction = transaction
        self.relies_on = Graph(changes).earlier
        """Gives the places of the changes that must have been made before one."""
        self._places = {
            (change.target, change.ref, change.action): place
            for place, change in enumerate(changes)
        }
        self._waiting = deque(range(len(changes)))
        self._outcomes: dict[int, Outcome] = {}

    @property
    def progress(self) -> Progress:
        """How many changes have an outcome, and how many there are."""
        return Progress(len(self._outcomes), len(self.changes))

    @property
    def ends_well(self) -> bool:
        """Tell whether nothing is left to give out, and nothing was skipped, failed or conflicted."""
        broken = any(outcome.status in _BROKEN for outcome in self._outcomes.values())
        return not (self._waiting or broken)

    def take(self) -> int | None:
        """Return the place of the next change that may be tried; None when nothing is left to try."""
        while self._waiting:
            place = self._waiting.popleft()
            for prerequisite in self.relies_on(place):
                outcome = self._outcomes.get(prerequisite)
                if outcome is not None and outcome.status in _BROKEN:
                    why = Reason(
                        f"{outcome.change.ref}, which must come first, was not done: {outcome.status}"
                    )
                    self.settle(place, Status.SKIPPED, why)
                    break
            else:
                return place
        return None

    def put_back(self, places: Sequence[int]) -> None:
        """Queue changes again, before all others, unless they have an outcome by now."""
        again = [place for place in places if place not in self._outcomes]
        self._waiting.extendleft(reversed(again))

    def place_of(self, change: Change) -> int:
        """Return the place of a change, known by its target, object and action."""
        return self._places[change.target, change.ref, change.action]

    def settle(
        self,
        place: int,
        status: Status,
        message: Reason = NO_REASON,
        audit_ids: Iterable[str] = (),
        aws_code: str = "",
    ) -> None:
        """Record what became of a change; the last word counts."""
        self._outcomes[place] = Outcome(
            self.changes[place], status, message, tuple(audit_ids), self._transaction, aws_code
        )

    def stop(self, error: EnvctlError) -> None:
        """Give every change without an outcome the one that follows from what ended the run."""
        status, message = Status.STALE_EPOCH, error.reason
        if not isinstance(error, StaleEpoch):
            status, message = Status.SKIPPED, not_tried(error)
        self._waiting.clear()
        for place in range(len(self.changes)):
            if place not in self._outcomes:
                self.settle(place, status, message)

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return what became of the changes, in their order."""
        return tuple(self._outcomes[place] for place in sorted(self._outcomes))


def not_tried(error: EnvctlError) -> Reason:
    """Say of a change that it was left alone, as the run had ended."""
    return Reason(f"not tried: {error.message}")


DONE_MEANWHILE: Final = Reason("done meanwhile")


def not_as_planned(why: str = "") -> Reason:
    """Return why an approved change is not made: it is not due any more, or not in this way."""
    more = f": {why}" if why else ""
    return Reason(f"not as planned any more{more}", fix="plan again")
