"""What can be asked of the ledger, and where in the answer the next page begins."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from controller.errors import WrongUsage
from controller.ledger.entities import EntityKey
from controller.ledger.records import iso_ms

MAX_LIMIT = 1000


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


Question = OfEntity | OfActor | OfTransaction | OfScope | OfPeriod


@dataclass(frozen=True, slots=True)
class Filters:
    """Which of the answers to leave out; empty for none. Applied after the page was cut, so a page may hold less than its limit."""

    change_types: frozenset[str] = frozenset()
    """Created, Updated, Deleted, Baseline."""
    causes: frozenset[str] = frozenset()


EVERYTHING = Filters()


def token_of(question: Question, filters: Filters, position: Any) -> str:
    """Return an opaque text for a position (plain JSON), good for the same question alone."""
    data = orjson.dumps([_fingerprint(question, filters), position])
    return urlsafe_b64encode(data).decode().rstrip("=")


def position_of(question: Question, filters: Filters, token: str) -> Any:
    """Read back the position. Raises WrongUsage for a token that is none, or that belongs to another question."""
    try:
        data = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        fingerprint, position = data
    except (ValueError, TypeError):
        fingerprint = position = None
    if fingerprint != _fingerprint(question, filters):
        raise WrongUsage(
            "the page token does not belong to this question",
            fix="repeat the question without it, then follow the tokens of its own answers",
        )
    return position


def check_limit(limit: int) -> int:
    """Return the limit. Raises WrongUsage unless it is 1 to 1000."""
    if not 1 <= limit <= MAX_LIMIT:
        raise WrongUsage(
            f"a page holds 1 to {MAX_LIMIT} records, not {limit}", fix="choose another limit"
        )
    return limit


def _fingerprint(question: Question, filters: Filters) -> str:
    text = repr((question, sorted(filters.change_types), sorted(filters.causes)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
