"""Questions to the ledger as values, and the tokens that say where the next page of an answer begins. Pure."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from controller.errors import WrongUsage
from controller.ledger.records import EntityKey, iso_ms

MAX_LIMIT: Final = 1000
"""Records that one query looks at, at most."""


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` to ``until``, both aware and included; None for no bound."""

    since: datetime | None = None
    until: datetime | None = None

    def bounds(self) -> tuple[str, str]:
        """Return both as records spell moments; without a bound, something below or above all of them."""
        first = iso_ms(self.since) if self.since else "0"
        return first, iso_ms(self.until) if self.until else "9999"


EVER = Period()


@dataclass(frozen=True, slots=True)
class OfEntity:
    """The changes of the items of one object, or of a single item."""

    entities: tuple[EntityKey, ...]
    period: Period = EVER


@dataclass(frozen=True, slots=True)
class OfActor:
    """What somebody changed, by the name in ``Audit.User``."""

    actor: str
    period: Period = EVER


@dataclass(frozen=True, slots=True)
class OfTransaction:
    """What one transaction id stands for: one run of an apply."""

    transaction_id: str


@dataclass(frozen=True, slots=True)
class OfScope:
    """Everything of one scope."""

    scope: str


@dataclass(frozen=True, slots=True)
class OfPeriod:
    """Everything between two moments, other programs' records too. Both aware; each UTC day is a page at least."""

    since: datetime
    until: datetime
    older: OfEntity | None = None
    """What is asked of what the old product had recorded, which comes last."""


Question = OfEntity | OfActor | OfTransaction | OfScope | OfPeriod


def token_of(question: Question, position: Any) -> str:
    """Return an opaque text for a position (plain JSON), good for the same question alone."""
    return urlsafe_b64encode(orjson.dumps([_fingerprint(question), position])).decode().rstrip("=")


def position_of(question: Question, token: str) -> Any:
    """Read back the position. Raises WrongUsage for a token that is none, or that belongs to another question."""
    try:
        fingerprint, position = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError):
        fingerprint = position = None
    if fingerprint != _fingerprint(question):
        raise no_position()
    return position


def no_position() -> WrongUsage:
    """Return the error that a token is none of the question's."""
    return WrongUsage(
        "the page token does not belong to this question",
        fix="repeat the question without it, then follow the tokens of its own answers",
    )


def _fingerprint(question: Question) -> str:
    return hashlib.sha256(repr(question).encode()).hexdigest()[:16]
