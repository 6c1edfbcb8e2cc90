"""Digests of plans and violations, and how a reviewer approves exactly what a guard counted: ``maxDeletes@3f9c1a``."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from controller.model.canonical import canonical_bytes, digest_of
from controller.model.plan import APPROVAL_DIGITS, FORMAT_VERSION, Change, ScopePlan, Violation

TRAILER: Final = "Envctl-Override"
"""What a line of a commit message begins with that approves: ``Envctl-Override: maxDeletes@3f9c1a``."""

_TOKEN: Final = re.compile(r"(?P<guard>[A-Za-z][A-Za-z0-9]*)@(?P<digits>[0-9a-f]{1,64})")
_TRAILER_LINE: Final = re.compile(
    rf"^[ \t>*+-]*{TRAILER}[ \t]*:(?P<values>[^\r\n]*)", re.IGNORECASE | re.MULTILINE
)


def overrides_in(message: str) -> tuple[str, ...]:
    """Return the ``GUARD@DIGEST`` approvals of a commit message, each once, in the order written.

    They may stand on any line, not only in the last paragraph: a squash-merge gathers the messages of several commits, often
    as a list or indented. One line may hold several, parted by commas or spaces. What is no GUARD@DIGEST approves nothing.
    """
    found = (
        word
        for line in _TRAILER_LINE.finditer(message)
        for word in re.split(r"[,\s]+", line["values"])
        if _TOKEN.fullmatch(word)
    )
    return tuple(dict.fromkeys(found))


def approve(violations: Iterable[Violation], tokens: Sequence[str]) -> tuple[Violation, ...]:
    """Return the violations, those a token names set as overridden. What cannot be overridden stays as it is."""
    return tuple(
        replace(v, overridden=True) if v.overridable and _approved(v, tokens) else v
        for v in violations
    )


def unused_tokens(violations: Sequence[Violation], tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the tokens that approve nothing (any more), for a warning: the changes they were given for are others now."""
    return tuple(token for token in tokens if not any(_approved(v, (token,)) for v in violations))


def is_too_short(token: str) -> bool:
    """Tell whether a token has fewer digits than tell violations apart: it approves nothing."""
    match = _TOKEN.fullmatch(token)
    return match is not None and len(match["digits"]) < APPROVAL_DIGITS


def _approved(violation: Violation, tokens: Iterable[str]) -> bool:
    return any(
        match["guard"] == violation.guard
        and len(match["digits"]) >= APPROVAL_DIGITS
        and violation.digest.startswith(match["digits"])
        for match in filter(None, map(_TOKEN.fullmatch, tokens))
    )


def plan_digest(scopes: Iterable[ScopePlan]) -> str:
    """Digest of changes in their order, the states they were planned from, violations, and the format's version.

    Revision, origins, authorship and wording are shown, not hashed; neither is whether a violation has been
    approved, nor the state that follows from it. Scopes count in the order of their names. 64 hexadecimal digits.
    """
    whole = hashlib.sha256(f"envctl plan {FORMAT_VERSION}\n".encode())
    for scope in sorted(scopes, key=lambda scope: scope.scope):
        violations = sorted((v.guard, v.digest) for v in scope.violations)
        head = (scope.scope, violations, len(scope.changes))
        whole.update(canonical_bytes(head))
        for change in scope.changes:
            _add(whole, change)
    return whole.hexdigest()


def violation_digest(guard: str, scope: str, counted: Iterable[Change]) -> str:
    """Digest over exactly the changes a violation counts: what they are, what they do, from which state.

    It does not depend on the revision, so an approval holds after a squash-merge.
    """
    counted_now: Sequence[list[str]] = sorted(
        [*change.ref, change.target, change.action, change.base.decode()] for change in counted
    )
    return digest_of([FORMAT_VERSION, guard, scope, counted_now])


def _add(whole: "hashlib._Hash", change: Change) -> None:
    parts = (
        canonical_bytes((change.action, change.target, *change.ref, change.cause.value)),
        change.before,
        change.after,
        change.extra,
        change.digest.encode(),
        change.base,
        canonical_bytes(dict(change.effects or {})),
    )
    for part in parts:
        # A length before each part, so that no two sequences of parts give the same bytes.
        whole.update(b"-" if part is None else b"%d:" % len(part))
        whole.update(part or b"")
