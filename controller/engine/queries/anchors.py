"""What a store's anchors say of an installation's chains."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from controller.aws.errors import NotFound
from controller.engine.installation.installation import Installation
from controller.errors import WrongUsage
from controller.ledger.chain import Anchored, Finding, FindingKind
from controller.snapshots.anchors import list_anchors, read_anchor
from controller.snapshots.store import SnapshotStore


class Anchors(NamedTuple):
    """What there is to compare chains with: where each scope stood, oldest first."""

    compared: int
    by_scope: Mapping[str, Sequence[Anchored]]
    unusable: tuple[Finding, ...]


def read_anchors(store: SnapshotStore, installation: Installation) -> Anchors:
    """Return all anchors that are compared. What is none of this installation's is a finding, as is that there is none.

    Raises as any read of the store.
    """
    by_scope: dict[str, list[Anchored]] = {}
    unusable, count = list[Finding](), 0
    for stored in list_anchors(store, installation.master.process.clock()):
        try:
            anchor = read_anchor(store, stored.key)
        except (WrongUsage, NotFound) as error:
            unusable.append(_finding(stored.key, error.message, error.fix))
            continue
        if anchor.installation != installation.id:
            what = f"{store.name}/{stored.key} is of another installation"
            fix = "give each installation a bucket or a prefix of its own (snapshots.prefix)"
            unusable.append(_finding(stored.key, what, fix))
            continue
        count += 1
        for scope, head in anchor.heads.items():
            by_scope.setdefault(scope, []).append(head)
    if not count:
        fix = "envctl audit anchor writes one, best every hour; were there some, find who deleted them (CloudTrail)"
        what = f"{store.name} holds no anchor to compare with"
        unusable.append(_finding(store.name, what, fix))
    return Anchors(count, by_scope, tuple(unusable))


def _finding(where: str, what: str, fix: str) -> Finding:
    return Finding(0, 0, FindingKind.ANCHOR, where, what, fix)
