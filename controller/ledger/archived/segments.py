"""Old records of a scope in one object: a line of JSON a record, compressed, and beside it an object that says what is in it. Pure."""

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from controller.aws.items import WireItem, canonical_wire
from controller.errors import DamagedState
from controller.ledger.chain import ChainEntry, hash_of_wire
from controller.ledger.large_images import BlobStore

FOLDER: Final = "ledger/"
"""What keys of segments begin with; scope, days and sequences follow."""
MOST_RECORDS: Final = 5000
"""Records of one segment."""
MOST_BYTES: Final = 16 << 20
"""Lines of one segment, up to the record that reaches it."""
_MOST_READ: Final = 2 * MOST_BYTES
_FORMAT: Final = 1
_DIGITS: Final = 12
_ID_BEGINS: Final = 12
_GZIP: Final = 31
_KEY: Final = re.compile(
    r"ledger/(.+)/(\d{4}-\d{2}-\d{2})_(\d{4}-\d{2}-\d{2})/(\d{12})-(\d{12})\.jsonl\.gz"
)
_FIX: Final = (
    "find who wrote it (CloudTrail: PutObject, DeleteObject), and restore the object from the bucket's"
    " older versions or its replica"
)


class Segment(NamedTuple):
    """Which records of a chain one object holds: sequences and days (UTC, ``2026-08-31``), both ends included."""

    scope: str
    first: int
    last: int
    since: str
    until: str

    @property
    def key(self) -> str:
        """Where its records are: ``ledger/config/2026-08-01_2026-08-31/000000000001-000000004711.jsonl.gz``."""
        return f"{self._stem}.jsonl.gz"

    @property
    def contents_key(self) -> str:
        """Where it is said what is in it."""
        return f"{self._stem}.contents.json.gz"

    @property
    def _stem(self) -> str:
        sequences = f"{self.first:0{_DIGITS}}-{self.last:0{_DIGITS}}"
        return f"{FOLDER}{self.scope}/{self.since}_{self.until}/{sequences}"


def segment_of_key(key: str) -> Segment | None:
    """Read the key of a segment's records; None for any other key."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    scope, since, until, first, last = match.groups()
    return Segment(scope, int(first), int(last), since, until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is said of a segment beside it, so that what it does not hold is known without reading it.

    Names are as the indexes of the table have them: ``EntityId``, ``ActorId``, ``RunId``; of audit ids the first 12 characters.
    """

    installation: str
    scope: str
    first: int
    last: int
    previous_hash: str
    """Of the first record: the hash of the one before the segment."""
    last_hash: str
    records: int
    bytes: int
    """Of the lines, unpacked."""
    sha256: str
    """Of the object with the records, as it is stored."""
    entities: frozenset[str]
    actors: frozenset[str]
    transactions: frozenset[str]
    audit_ids: frozenset[str]

    def may_have_id(self, audit_id: str) -> bool:
        """Tell whether a record of this id may be in the segment."""
        return audit_id[:_ID_BEGINS] in self.audit_ids


_NAMES: Final = {"EntityId": "entities", "ActorId": "actors", "RunId": "transactions"}
_PLAIN: Final[Mapping[str, tuple[str, type]]] = {
    "installation": ("installation", str),
    "scope": ("scope", str),
    "first": ("first", int),
    "last": ("last", int),
    "previousHash": ("previous_hash", str),
    "lastHash": ("last_hash", str),
    "records": ("records", int),
    "bytes": ("bytes", int),
    "sha256": ("sha256", str),
}
_SETS: Final = {
    "entities": "entities",
    "actors": "actors",
    "transactions": "transactions",
    "auditIds": "audit_ids",
}


def line_of(record: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return the line of a record as on the wire: canonical, so that the same record gives the same bytes."""
    return canonical_wire(record) + b"\n"


def segment_of(records: Sequence[WireItem]) -> Segment:
    """Return the segment that records of one scope, whose sequences follow each other, make."""
    first, last = records[0], records[-1]
    return Segment(
        first["Scope"]["S"],
        int(first["Sequence"]["N"]),
        int(last["Sequence"]["N"]),
        first["ISOTimestamp"]["S"][:10],
        last["ISOTimestamp"]["S"][:10],
    )


def pack_lines(lines: Iterable[bytes]) -> bytes:
    """Return the bytes of a segment's object."""
    return gzip.compress(b"".join(lines), mtime=0)


def contents_of(installation: str, records: Sequence[WireItem], packed: bytes) -> Contents:
    """Return what is to be said of a segment, its records read from ``packed``. Raises KeyError, TypeError and ValueError for what is none of ours."""
    names = {
        field: frozenset(record[attribute]["S"] for record in records)
        for attribute, field in _NAMES.items()
    }
    return Contents(
        installation=installation,
        scope=records[0]["Scope"]["S"],
        first=int(records[0]["Sequence"]["N"]),
        last=int(records[-1]["Sequence"]["N"]),
        previous_hash=records[0]["PreviousHash"]["S"],
        last_hash=records[-1]["Hash"]["S"],
        records=len(records),
        bytes=len(_unpacked(packed)),
        sha256=hashlib.sha256(packed).hexdigest(),
        audit_ids=frozenset(record["AuditID"]["S"][:_ID_BEGINS] for record in records),
        **names,
    )


def dump_contents(contents: Contents) -> bytes:
    """Return the bytes of the object that says what is in a segment."""
    plain: dict[str, Any] = {"formatVersion": _FORMAT}
    plain |= {name: getattr(contents, field) for name, (field, _) in _PLAIN.items()}
    plain |= {name: sorted(getattr(contents, field)) for name, field in _SETS.items()}
    return gzip.compress(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS), mtime=0)


def read_contents(segment: Segment, packed: bytes, place: str) -> Contents:
    """Read what is said of a segment. Raises DamagedState, naming the object by ``place``, for what does not say it of this one."""
    try:
        plain = orjson.loads(_unpacked(packed))
        fields: dict[str, Any] = {field: _of(kind, plain[n]) for n, (field, kind) in _PLAIN.items()}
        fields |= {
            field: frozenset(_of(str, one) for one in plain[n]) for n, field in _SETS.items()
        }
        contents, version = Contents(**fields), plain["formatVersion"]
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise DamagedState(f"ledger: {place} cannot be read", fix=_FIX) from error
    if version != _FORMAT or contents.scope != segment.scope:
        raise DamagedState(f"ledger: {place} says nothing of a segment that we know", fix=_FIX)
    if (contents.first, contents.last) != (segment.first, segment.last):
        raise DamagedState(f"ledger: {place} is that of another segment", fix=_FIX)
    return contents


def read_entries(segment: Segment, packed: bytes, place: str) -> list[ChainEntry]:
    """Read a segment's records, in order. Raises DamagedState, naming the object by ``place``, where they are not those it is to hold.

    Whether each is what was written is left to the check of the chain.
    """
    return list(read_some(segment, packed, place, range(segment.first, segment.last + 1)))


def read_some(
    segment: Segment, packed: bytes, place: str, sequences: Iterable[int]
) -> Iterator[ChainEntry]:
    """Yield the records of a segment with these sequences, in the order asked; none is parsed before it is asked for.

    Raises as ``read_entries``, as far as it read.
    """
    try:
        lines = _unpacked(packed).splitlines()
        is_as_named = len(lines) == segment.last + 1 - segment.first
        for sequence in sequences if is_as_named else ():
            entry, scope = _entry(lines[sequence - segment.first])
            is_as_named = entry.sequence == sequence and scope == segment.scope
            if not is_as_named:
                break
            yield entry
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error) as error:
        raise DamagedState(f"ledger: {place} cannot be read", fix=_FIX) from error
    if not is_as_named:
        raise DamagedState(
            f"ledger: {place} does not hold records #{segment.first:,} to #{segment.last:,} of scope {segment.scope}, in their order",
            fix=_FIX,
        )


def check_links(
    records: Sequence[WireItem], sequence: int, hash_: str, blobs: BlobStore | None
) -> None:
    """Check that records are those that were written and go on, one after the other, from the one with this sequence and hash.

    Raises DamagedState, WrongUsage for images in a store that is not given, and ImagesLost.
    """
    for record in records:
        try:
            own = record["Hash"]["S"]
            follows = int(record["Sequence"]["N"]), record["PreviousHash"]["S"]
            is_whole = follows == (sequence + 1, hash_) and hash_of_wire(record, own, blobs) == own
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
            is_whole = False
        if not is_whole:
            raise DamagedState(
                f"ledger: what follows record #{sequence:,} is not record #{sequence + 1:,} as it was written",
                fix="envctl audit verify tells what is wrong; nothing was moved",
            )
        sequence, hash_ = sequence + 1, own


def missing(place: str) -> DamagedState:
    """Return the error that an object of a segment is not there."""
    return DamagedState(f"ledger: {place} is missing", fix=_FIX)


def _entry(line: bytes) -> tuple[ChainEntry, str]:
    """Return what a line holds, and of which scope."""
    record = orjson.loads(line)
    # What lists and chains lean on.
    texts = (record[name]["S"] for name in ("AuditID", "Scope", "ISOTimestamp", "EntityId"))
    audit_id, scope, *_ = [_of(str, text) for text in texts]
    return ChainEntry(int(record["Sequence"]["N"]), audit_id, record), scope


def _unpacked(packed: bytes) -> bytes:
    """Return what was compressed. Raises ValueError for more than a segment is to hold, or less than was written."""
    unpack = zlib.decompressobj(wbits=_GZIP)
    plain = unpack.decompress(packed, _MOST_READ)
    if not unpack.eof or unpack.unused_data:
        raise ValueError(len(plain))
    return plain


def _of(kind: type, value: object) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(type(value))
    return value
