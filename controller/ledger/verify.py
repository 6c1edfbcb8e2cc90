"""One pass over a scope's records: the chain checked, and each item followed on the way."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from controller.gc_tuning import relaxed_gc
from controller.ledger.chain import (
    MAX_FINDINGS,
    Anchored,
    ChainCheck,
    ChainEntry,
    Finding,
    Verification,
    VerificationReport,
    stray_of,
)
from controller.ledger.heads import Heads
from controller.ledger.large_images import BlobStore
from controller.ledger.records import EntityKey
from controller.ledger.replay import Difference, Replay
from controller.ledger.stream_changes import STREAM_PREFIX

LOOKS = 4
"""How often the index is looked at again for records that the head says are there: it follows the table within seconds."""
PAUSE_S = 1.0


class Chain(Protocol):
    """Where a scope's records are read from."""

    def pages(self, scope: str, after: int) -> Iterator[Sequence[ChainEntry]]:
        """Yield the records with a sequence above ``after``, in order, page by page. Raises as any read."""


def verify_scope(
    scope: str,
    chain_of: Chain,
    heads: Heads,
    *,
    sleep: Callable[[float], None],
    replay: Replay | None = None,
    blobs: BlobStore | None = None,
    anchors: Iterable[Anchored] = (),
) -> Verification:
    """Read all records of a scope once and say whether its chain is whole, and as anchored; feed ``replay`` on the way.

    Records written meanwhile are no finding. Raises as any read; then nothing is known.
    """
    before = heads.read(scope)
    check = ChainCheck(scope, before, blobs, anchors)
    with relaxed_gc():
        for look in range(LOOKS):
            if look:
                sleep(PAUSE_S)
            for page in chain_of.pages(scope, check.reached):
                check.add(page)
                if replay is not None:
                    replay.add_page(page)
            if before is None or check.reached >= before.sequence:
                break
    return check.finish(heads.read(scope))


class TablesNow(NamedTuple):
    """The tables as they are."""

    read: Callable[[], Iterable[tuple[EntityKey, str]]]
    """Reads every table anew: item and digest of its full image, each item once."""
    is_followed: Callable[[Difference], bool] = lambda _: False
    """Tells of a difference whether others may write so: then it is none."""


def verify_ledger(
    scopes: Iterable[str],
    chain_of: Chain,
    heads: Heads,
    *,
    sleep: Callable[[float], None],
    tables: TablesNow | None = None,
    blobs: BlobStore | None = None,
    anchors: Mapping[str, Sequence[Anchored]] = MappingProxyType({}),
) -> VerificationReport:
    """Verify scopes, also against what was anchored of them, and with ``tables`` replay them against the tables as they are.

    Raises as any read; then nothing is known.
    """
    names = tuple(scopes)
    replay, found = None, []
    if tables is not None:
        known = {name: heads.read(name) for name in names}
        replay = Replay({name: head.sequence for name, head in known.items() if head})
        found = list(tables.read())
    # What others did is known before it is asked what a change of ours found.
    in_order = sorted(names, key=lambda name: not name.startswith(STREAM_PREFIX))
    verified = {
        name: verify_scope(
            name,
            chain_of,
            heads,
            sleep=sleep,
            replay=replay,
            blobs=blobs,
            anchors=anchors.get(name, ()),
        )
        for name in in_order
    }
    results = tuple(verified[name] for name in names)
    if replay is None or tables is None:
        return VerificationReport(results)
    return VerificationReport(results, replay.compare(found, tables.is_followed))


def find_strays(
    items: Iterable[Mapping[str, Any]],
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return which items of the audit table are in no chain, a thousand at most, and which scopes its records name."""
    strays: list[Finding] = []
    scopes: set[str] = set()
    for item in items:
        stray = stray_of(item)
        if stray is None:
            scopes |= {item["Scope"]} if "Scope" in item else set()
        elif len(strays) < MAX_FINDINGS:
            strays.append(stray)
    return tuple(sorted(strays)), tuple(sorted(scopes))
