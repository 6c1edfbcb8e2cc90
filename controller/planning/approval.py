"""How a reviewer approves exactly the changes a guard counted: ``maxDeletes@3f9c1a``."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from controller.model.plan import Violation

TRAILER: Final = "Envctl-Override"
"""What a line of a commit message begins with that approves."""

_TOKEN: Final = re.compile(r"(?P<guard>[A-Za-z]+)@(?P<digits>[0-9a-f]{6,64})")


def approve(violations: Iterable[Violation], tokens: Sequence[str]) -> tuple[Violation, ...]:
    """Return the violations, those a token names set as overridden. What cannot be overridden stays as it is."""
    return tuple(
        replace(v, overridden=True) if v.overridable and _approved(v, tokens) else v
        for v in violations
    )


def unused_tokens(violations: Sequence[Violation], tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the tokens that approve nothing (any more), for a warning: the changes they were given for are others now."""
    return tuple(token for token in tokens if not any(_approved(v, (token,)) for v in violations))


def _approved(violation: Violation, tokens: Iterable[str]) -> bool:
    matches = filter(None, map(_TOKEN.fullmatch, tokens))
    return any(
        match["guard"] == violation.guard and violation.digest.startswith(match["digits"])
        for match in matches
    )
