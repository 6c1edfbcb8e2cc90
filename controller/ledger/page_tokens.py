"""Tokens that say where the next page of an answer begins, short enough to be typed. Pure."""

import hashlib
from base64 import b32decode, b32encode
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from controller.aws.items import WireItem
from controller.errors import WrongUsage
from controller.ledger.questions import OfEntity, OfPeriod, Question
from controller.ledger.records import iso_ms

_CHECK: Final = 4
"""Bytes that tell a token of the question from another's, and from one that was typed wrong."""
_MARK: Final = 4
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_SEQUENCE, _MOMENT, _TEXT = range(3)
_OF_ONE, _OF_SEVERAL, _OF_ARCHIVE, _OF_OLDER = range(4)


class Where(StrEnum):
    """Where an answer goes on: in the table, in segments, or among what the old product left."""

    TABLE = "table"
    ARCHIVE = "archive"
    OLDER = "older"


class Told(NamedTuple):
    """The line that was told last: what its index sorts it by, and a mark of its audit id, which those of the same place differ in."""

    place: str | int
    """Its moment as the record spells it, or its sequence."""
    mark: int


def mark_of(audit_id: str) -> int:
    """Return the mark of an audit id."""
    return int.from_bytes(hashlib.sha256(audit_id.encode()).digest()[:_MARK])


def token_of(question: Question, position: Any) -> str:
    """Return an opaque text for a position, good for the same question alone: letters and digits, 20 to 40 as a rule."""
    body = b"".join(map(_written, _numbers(question, position)))
    return b32encode(_check(question, body) + body).decode().rstrip("=").lower()


def position_of(question: Question, token: str) -> Any:
    """Read back the position, whose lines are ``Told``.

    Raises WrongUsage for a token that is none, belongs to another question, or is of a version that wrote them otherwise.
    """
    try:
        raw = b32decode(token.upper() + "=" * (-len(token) % 8))
        check, body = raw[:_CHECK], raw[_CHECK:]
        if check != _check(question, body):
            raise no_position()
        return _position(question, _read(body))
    except (ValueError, LookupError, OverflowError, StopIteration) as error:
        raise no_position() from error


def no_position() -> WrongUsage:
    """Return the error that a token is none of the question's."""
    return WrongUsage(
        "the page token does not belong to this question",
        fix="repeat the question without it, then follow the tokens of its own answers",
    )


def _check(question: Question, body: bytes) -> bytes:
    return hashlib.sha256(repr(question).encode() + body).digest()[:_CHECK]


def _numbers(question: Question, position: Any) -> Iterator[int]:
    """Yield a position as whole numbers, none below 0."""
    match position:
        case (Where.OLDER, count):
            yield from (_OF_OLDER, count)
        case (Where.ARCHIVE, None):
            yield _OF_ARCHIVE
        case (Where.ARCHIVE, (month, told)):
            yield from (_OF_ARCHIVE, int(month[:4]) * 12 + int(month[5:]) - 1, told)
        case (Where.ARCHIVE, below):
            yield from (_OF_ARCHIVE, below)
        case (Where.TABLE, starts) if isinstance(question, OfEntity):
            yield _OF_SEVERAL
            for which, entity in enumerate(map(str, question.entities)):
                if entity in starts:
                    yield from (which, *_start(starts[entity]))
        case (Where.TABLE, start):
            yield from (_OF_ONE, *_start(start))
        case (day, start, told):
            yield from (_OF_ONE, date.fromisoformat(day).toordinal(), *_start(start))
            yield from () if told is None else (told,)


def _position(question: Question, numbers: Iterator[int]) -> Any:
    form = next(numbers)
    if form == _OF_OLDER:
        return Where.OLDER, next(numbers)
    if form == _OF_ARCHIVE:
        left = tuple(numbers)
        if len(left) == 2:
            return Where.ARCHIVE, (f"{left[0] // 12:04}-{left[0] % 12 + 1:02}", left[1])
        return Where.ARCHIVE, left[0] if left else None
    if isinstance(question, OfPeriod):
        day = date.fromordinal(next(numbers)).isoformat()
        return day, _told(numbers), next(numbers, None)
    if not isinstance(question, OfEntity):
        return Where.TABLE, _told(numbers)
    names = list(map(str, question.entities))
    return Where.TABLE, {names[which]: _told(numbers) for which in numbers}


def _start(start: WireItem | Told | None) -> Iterator[int]:
    """Yield where an index goes on: 0 for its beginning, else how the place is written, the place and the mark."""
    if start is None:
        yield 0
        return
    place, mark = start if isinstance(start, Told) else _told_of(start)
    if isinstance(place, int):
        yield from (_SEQUENCE + 1, place, mark)
    elif (at := _moment(place)) is not None:
        yield from (_MOMENT + 1, at, mark)
    else:
        yield from (_TEXT + 1, int.from_bytes(b"\1" + place.encode()), mark)


def _told_of(key: WireItem) -> Told:
    """Return which line a key of an index stands for."""
    mark = mark_of(key["AuditID"]["S"])
    if "Sequence" in key:
        return Told(int(key["Sequence"]["N"]), mark)
    return Told(key["ISOTimestamp"]["S"], mark)


def _told(numbers: Iterator[int]) -> Told | None:
    form = next(numbers) - 1
    if form < 0:
        return None
    place, mark = next(numbers), next(numbers)
    if form == _SEQUENCE:
        return Told(place, mark)
    if form == _MOMENT:
        return Told(iso_ms(_EPOCH + place * _MS), mark)
    return Told(place.to_bytes((place.bit_length() + 7) // 8)[1:].decode(), mark)


def _moment(text: str) -> int | None:
    """Return milliseconds since 1970 for a moment as our records spell it; None for what others write otherwise."""
    try:
        at = datetime.fromisoformat(text)
        found = (at - _EPOCH) // _MS
    except (ValueError, TypeError):
        return None
    return found if found >= 0 and iso_ms(at) == text else None


def _written(number: int) -> bytes:
    """Return a number in as few bytes as it takes: seven bits a byte, all but the last marked."""
    found = bytearray([number & 127])
    while number := number >> 7:
        found.append(number & 127 | 128)
    return bytes(reversed(found))


def _read(body: Iterable[int]) -> Iterator[int]:
    number, is_whole = 0, True
    for byte in body:
        number, is_whole = number << 7 | byte & 127, byte < 128
        if is_whole:
            yield number
            number = 0
    if not is_whole:
        raise ValueError("cut off within a number")
