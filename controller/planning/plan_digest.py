"""Digests: of a plan, so that what is applied is what was reviewed; of a violation, so that an approval fits it alone."""

import hashlib
from collections.abc import Iterable, Sequence

from controller.model.canonical import canonical_bytes, digest_of
from controller.model.plan import FORMAT_VERSION, Change, ScopePlan


def plan_digest(scopes: Iterable[ScopePlan]) -> str:
    """Digest of changes in their order, the states they were planned from, violations, and the format's version.

    Revision, origins, authorship and wording are shown, not hashed; neither is whether a violation has been
    approved, nor the state that follows from it. Scopes count in the order of their names. 64 hexadecimal digits.
    """
    whole = hashlib.sha256(f"envctl plan {FORMAT_VERSION}\n".encode())
    for scope in sorted(scopes, key=lambda one: one.scope):
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
