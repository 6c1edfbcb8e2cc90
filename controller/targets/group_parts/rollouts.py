"""Which groups may have their instances replaced now: some at a time, and none any more once one has failed."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from controller.kinds.calendar import frozen_because
from controller.model.accepted import AcceptedState
from controller.model.live import LiveScope
from controller.model.ref import ResourceRef
from controller.planning.overrides import suspended_in_accounts
from controller.planning.wording import as_applied
from controller.targets.group_parts.found import FoundAttributes
from controller.targets.group_parts.names import REFRESH, ask, group_ref
from controller.targets.group_parts.role_design import BULK_PATCH, GroupDesign

RUNNING = frozenset({"Pending", "InProgress", "Cancelling", "Baking", "RollbackInProgress"})
FAILED = frozenset({"Failed", "RollbackFailed", "RollbackSuccessful", "Cancelled"})

REPLACES = frozenset({"InstanceRefresh", "Launch", "Terminate"})
"""Processes of a group without any of which a refresh waits, in vain, in the place of others."""


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


STUCK = frozenset({Turn.FAILED, Turn.STOPPED})
"""Somebody has to do something before these go on."""


class Candidate(NamedTuple):
    """A group that may be rolled out."""

    name: str
    rolls: bool
    """Its role replaces instances, and nothing forbids it just now."""
    behind: int
    """Members behind its template, once what is planned is done."""
    changes: bool
    """Its template changes in this plan."""
    seen: FoundAttributes


class Turns:
    """What of a scope may replace instances just now.

    A group whose changes are held back must not take the place of one whose are not.
    """

    def __init__(self, accepted: AcceptedState, scope: LiveScope, now: datetime) -> None:
        """Take what is accepted at an aware moment."""
        self.at_once = accepted.options.max_parallel_rollouts
        self._accepted = accepted
        self._scope = scope
        self._left = suspended_in_accounts(accepted.overrides)
        self._day = now.astimezone(UTC).date()

    def held_because(self, design: GroupDesign, seen: FoundAttributes) -> str:
        """Return why the instances of a group whose role replaces them may not be replaced; empty if they may.

        What was applied last holds them as well as what is accepted.
        """
        held = self._held_in(self._accepted, design.environment)
        if not held and self._accepted.before is not None:
            before = self._held_in(self._accepted.before, design.environment)
            held = before and as_applied(before)
        if held:
            return held
        refs = (
            ResourceRef("Environment", design.environment),
            group_ref(self._scope.name, design.name),
        )
        if any(ref in self._left for ref in refs):
            return "an override leaves the group as it is"
        if seen["parked"]:
            return "they are off for their schedule; when they run again they are replaced"
        suspended = sorted(REPLACES & {*seen.get("suspended", ())})
        if suspended:
            return f"its process {suspended[0]} is suspended, so AWS replaces none: resume it"
        return ""

    def _held_in(self, state: AcceptedState, environment: str) -> str:
        """Return what one state says against replacing instances of an environment; empty if nothing."""
        spec, of_type = state.spec("Environment", environment), state.type_of(environment)
        kind = f"EnvironmentType/{spec.environment_type if spec else ''}"
        if of_type is not None and BULK_PATCH in (of_type.protected_actions or ()):
            return f"{kind} is protected against {BULK_PATCH}; to replace them, take that out of its protectedActions"
        if state.operational(environment, "DeploymentsLocked"):
            return f"deployments to Environment/{environment} are locked until its deploymentsLocked says false"
        for calendar in (of_type and of_type.freeze) or ():
            if frozen := frozen_because(state, calendar, self._day):
                return f"{kind} is frozen: {frozen}"
        return ""


def turns(
    candidates: Iterable[Candidate], known: Mapping[str, Any], at_once: int
) -> dict[str, Turn]:
    """Return each group's turn. A refresh that failed for a group's present template stops those that have not begun."""
    ordered = sorted(candidates)
    result = {candidate.name: _own(candidate, known) for candidate in ordered}
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


def _own(candidate: Candidate, known: Mapping[str, Any]) -> Turn:
    if not candidate.behind or not candidate.rolls:
        return Turn.NONE
    if not candidate.seen["refresh"]:
        return Turn.NOW
    question = ask(REFRESH, candidate.name)
    if question not in known:
        return Turn.UNKNOWN
    answer = known[question]
    status = str(answer["status"]) if answer else ""
    if status in RUNNING:
        return Turn.RUNS
    version = candidate.seen["refresh"].partition(" ")[0]
    if candidate.changes or version != candidate.seen["template"].rpartition(":")[2]:
        return Turn.NOW
    if status in FAILED:
        return Turn.FAILED
    # It went through: what was in standby then it left out, and that is replaced once it runs again.
    return Turn.NOW if not status or candidate.seen["behind_running"] else Turn.NONE


def rollout_text(turn: Turn, name: str, known: Mapping[str, Any], at_once: int) -> str:
    """Say how far replacing the instances of a group has come; empty where there is nothing to say."""
    answer = known.get(ask(REFRESH, name)) or {}
    reason = str(answer.get("reason") or "")
    match turn:
        case Turn.RUNS:
            why = f": {reason.rstrip('.')}" if reason else ""
            return f"its instances are being replaced: {answer.get('percent', 0)} % ({answer.get('status')}{why})"
        case Turn.FAILED:
            return (
                f"replacing its instances ended as {answer.get('status')}: {reason.rstrip('.') or 'AWS gives no reason'};"
                " no other group of this scope begins. Correct the template, or remove the tag envctl:refresh to try again"
            )
        case Turn.STOPPED:
            return "its instances are not replaced: another group's failed"
        case Turn.WAITS:
            return f"its instances are replaced when it is its turn ({at_once} groups at a time)"
        case Turn.NONE if answer.get("status") == "Successful":
            return "instances in standby, or protected from scale-in, keep the template before"
        case _:
            return ""
