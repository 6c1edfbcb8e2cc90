"""What is wanted of an instance, a group or an environment at moments to come, overrides and their ends included."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Final

from controller.engine.queries.explain.explanation import NextChange
from controller.scheduling.decision import Decision
from controller.scheduling.schedule import Schedule, ScheduleNeverRuns, State
from controller.scheduling.timeline import next_change

SHOWN: Final = 3
MOST_MOMENTS: Final = 80
"""Moments looked at: schedules that are not followed change too."""
_TOLD: Final = frozenset({State.ON, State.OFF, State.NOSCHEDULE})


def next_changes(
    decision: Decision,
    at: datetime,
    ends: Collection[datetime],
    decided: Callable[[datetime], Decision],
) -> tuple[NextChange, ...]:
    """Return the next three moments after ``at``, that of the decision, at which another state is wanted.

    ``ends`` are when overrides of documents end: only then is decided anew. In between the rules that were asked stay
    the same, and their own schedules and ends say when they ask for something else.
    """
    state, moment = decision.wanted_at(at), at
    found: list[NextChange] = []
    for _ in range(MOST_MOMENTS):
        coming = [*_moments(decision, moment), *(end for end in ends if end > moment)]
        if not coming or len(found) == SHOWN:
            break
        moment = min(coming)
        if moment in ends:
            decision = decided(moment)
        after = decision.wanted_at(moment)
        if after is not state and after in _TOLD:
            found.append(NextChange(moment, after))
        state = after
    return tuple(found)


def _moments(decision: Decision, after: datetime) -> Iterator[datetime]:
    """Yield when each rule that was asked comes to ask for something else, or ends."""
    for rule in decision.chain:
        schedule, until = rule.candidate.schedule, rule.candidate.until
        if until is not None and until > after:
            yield until
        if isinstance(schedule, Schedule):
            try:
                change = next_change(schedule, after)
            except ScheduleNeverRuns:
                continue
            if change is not None:
                yield change.at.astimezone(UTC)
