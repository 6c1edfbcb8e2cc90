"""How a scope stands in words: why it is not in order, and what to type next."""

from collections import Counter
from collections.abc import Sequence

from controller.engine.queries.status.view import UNSEEN, ScopeLine
from controller.model.observed import CONFIG_SCOPE, ScopeState


def next_step(scope: ScopeLine) -> str:
    """Return what to type about a scope that is not in order; empty for one that is."""
    if scope.in_order or not scope.known:
        return ""
    if scope.newer:
        return "envctl version"
    if scope.status is None and scope.name == CONFIG_SCOPE:
        return "envctl plan"
    changes = scope.status.changes if scope.status else 0
    if scope.name == CONFIG_SCOPE and scope.state == ScopeState.STALLED and not changes:
        return "envctl validate"
    if scope.damaged or scope.state in ("unknown", "waiting", UNSEEN):
        return f"envctl doctor {scope.name}"
    if scope.lacking and scope.status and not (changes or scope.status.blocked):
        return f"envctl doctor {scope.name}"
    return f"envctl plan --scope {scope.name}"


def what_of(scope: ScopeLine) -> str:
    """Return in one line why a scope is not in order; empty for one that is."""
    status = scope.status
    if scope.newer:
        return scope.newer
    if status is None:
        return scope.damaged or "nobody looked at it yet"
    first = status.reason.message
    counts = []
    if status.changes:
        waits = status.state in (ScopeState.OBSERVE, ScopeState.REFUSED)
        verbs = ("waits", "wait") if waits else ("is left", "are left")
        counts.append(_changes(status.changes, *verbs))
    if status.blocked:
        counts.append(_changes(status.blocked, "is blocked", "are blocked"))
    if scope.lacking:
        noun = "object waits" if scope.lacking == 1 else "objects wait"
        counts.append(f"{scope.lacking:,} {noun} for what the account lacks")
    if scope.open_records:
        counts.append(f"{scope.open_records} announced and not ended: the next run settles it")
    if scope.damaged:
        counts.append(f"damaged: {scope.damaged}")
    if not scope.known:
        counts.append("no Account or EnvironmentType names it any more")
    parts = [first, ", ".join(counts)]
    if status.state is ScopeState.OBSERVE:
        # What waits is what a reader looks for; why it is only observed was their own choice.
        parts.reverse()
    return "; ".join(filter(None, parts))


def in_words(scopes: Sequence[ScopeLine]) -> str:
    """Return ``43: 40 in order · 1 waiting``."""
    order = sum(scope.in_order for scope in scopes)
    rest = Counter(scope.state for scope in scopes if not scope.in_order)
    parts = [f"{order} in order", *(f"{rest[state]} {state}" for state in sorted(rest))]
    return f"{len(scopes)}: {' · '.join(parts)}"


def _changes(count: int, single: str, several: str) -> str:
    return f"1 change {single}" if count == 1 else f"{count:,} changes {several}"
