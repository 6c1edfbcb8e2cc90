"""Which groups may have their instances replaced now: some at a time, and none any more once one has failed."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from controller.targets.group_parts.asks import REFRESH, ask
from controller.targets.group_parts.found import Seen

RUNNING = frozenset({"Pending", "InProgress", "Cancelling", "Baking", "RollbackInProgress"})
FAILED = frozenset({"Failed", "RollbackFailed", "RollbackSuccessful", "Cancelled"})


class Turn(StrEnum):
    """What becomes of a group whose instances are behind its template."""

    NONE = "none"
    """Nothing is behind, or only new instances are to get the template."""
    NOW = "now"
    WAITS = "waits"
    """For others to end."""
    RUNS = "runs"
    FAILED = "failed"
    STOPPED = "stopped"
    """Another group's failed."""
    UNKNOWN = "unknown"
    """Has to be asked for."""


class Candidate(NamedTuple):
    """A group that may be rolled out."""

    name: str
    rolls: bool
    """Its role replaces instances, and nothing forbids it just now."""
    behind: int
    """Members behind its template, once what is planned is done."""
    changes: bool
    """Its template changes in this plan."""
    seen: Seen


def turns(
    candidates: Iterable[Candidate], known: Mapping[str, Any], at_once: int
) -> dict[str, Turn]:
    """Return each group's turn. A refresh that failed for a group's present template stops those that have not begun."""
    ordered = sorted(candidates)
    result = {one.name: _own(one, known) for one in ordered}
    running = sum(turn is Turn.RUNS for turn in result.values())
    stopped = any(turn is Turn.FAILED for turn in result.values())
    blind = any(turn is Turn.UNKNOWN for turn in result.values())
    for name, turn in result.items():
        if turn is not Turn.NOW:
            continue
        if stopped:
            result[name] = Turn.STOPPED
        elif blind or running >= at_once:
            result[name] = Turn.WAITS
        else:
            running += 1
    return result


def _own(one: Candidate, known: Mapping[str, Any]) -> Turn:
    if not one.behind or not one.rolls:
        return Turn.NONE
    if one.changes:
        return Turn.NOW
    version, _, _refresh = one.seen["refresh"].partition(" ")
    if version != one.seen["template"].rpartition(":")[2]:
        return Turn.NOW
    question = ask(REFRESH, one.name)
    if question not in known:
        return Turn.UNKNOWN
    answer = known[question]
    status = str(answer["status"]) if answer else ""
    if status in RUNNING:
        return Turn.RUNS
    if status in FAILED:
        return Turn.FAILED
    # It went through; what is still behind was in standby, and is replaced when it is started again.
    return Turn.NONE if status else Turn.NOW
