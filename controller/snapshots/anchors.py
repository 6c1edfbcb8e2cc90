"""Where ledgers stood at a moment, kept where who rewrites a ledger cannot rewrite it: one object an hour, never changed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

from controller.errors import WrongUsage
from controller.ledger.chain import Anchored
from controller.ledger.records import iso_ms
from controller.model.ledger_record import Head
from controller.snapshots.store import SnapshotStore, read_all

ANCHORS: Final = "anchors/"
"""What keys of anchors begin with; the moment follows."""
MOST_BYTES: Final = 1 << 20
ALL_FOR: Final = timedelta(days=35)
"""Of so long every anchor is compared, of before that the last one of each day."""
_FORMAT: Final = 1
_KEY: Final = re.compile(r"anchors/(\d{4}-\d{2}-\d{2})/(\d{6})Z\.json")


class UnusableAnchor(WrongUsage):
    """An object is kept as an anchor, and is none that we wrote."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The heads of an installation's scopes at a moment, which is aware. Empty heads are left out."""

    at: datetime
    installation: str
    heads: Mapping[str, Anchored]
    """By scope."""


class StoredAnchor(NamedTuple):
    """Where an anchor is, and of which moment."""

    key: str
    at: datetime


def anchor_of(installation: str, heads: Iterable[Head], at: datetime) -> Anchor:
    """Return the anchor of these heads, as they were read at a moment."""
    when = iso_ms(at)
    found = {h.scope: Anchored(h.sequence, h.last_hash, when) for h in heads if h.sequence}
    return Anchor(at, installation, found)


def write_anchor(store: SnapshotStore, anchor: Anchor) -> str:
    """Keep an anchor; return its key. Raises as any write."""
    moment = anchor.at.astimezone(UTC)
    key = f"{ANCHORS}{moment:%Y-%m-%d}/{moment:%H%M%S}Z.json"
    heads = {scope: [head.sequence, head.hash] for scope, head in sorted(anchor.heads.items())}
    content = {
        "formatVersion": _FORMAT,
        "at": iso_ms(anchor.at),
        "installation": anchor.installation,
        "heads": heads,
    }
    store.put(key, orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
    return key


def list_anchors(store: SnapshotStore, now: datetime) -> Iterator[StoredAnchor]:
    """Yield the anchors that are compared, oldest first: all of the last weeks, before that the last one of each day.

    Raises as any listing.
    """
    before: StoredAnchor | None = None
    for file in store.list(ANCHORS):
        match = _KEY.fullmatch(file.key)
        if match is None:
            continue
        try:
            at = datetime.strptime("".join(match.groups()), "%Y-%m-%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        if before is not None and (before.at.date() != at.date() or now - before.at <= ALL_FOR):
            yield before
        before = StoredAnchor(file.key, at)
    if before is not None:
        yield before


def read_anchor(store: SnapshotStore, key: str) -> Anchor:
    """Read an anchor. Raises UnusableAnchor for what is none of ours, NotFound, and as any read."""
    content = read_all(store, key, MOST_BYTES)
    try:
        plain: dict[str, Any] = orjson.loads(content)
        at = datetime.fromisoformat(plain["at"])
        heads = {
            scope: Anchored(_whole(sequence), _text(hash_), iso_ms(at))
            for scope, (sequence, hash_) in plain["heads"].items()
        }
        version, anchor = plain["formatVersion"], Anchor(at, _text(plain["installation"]), heads)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unusable(store, key) from error
    if version != _FORMAT:
        raise _unusable(store, key)
    return anchor


def _unusable(store: SnapshotStore, key: str) -> UnusableAnchor:
    return UnusableAnchor(
        f"{store.name}/{key} is no anchor that this version reads",
        fix="look who wrote it (CloudTrail: PutObject); the other anchors are compared without it",
    )


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
