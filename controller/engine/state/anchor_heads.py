"""The heads of all scopes written where no writer of the tables can change them: a job of once an hour."""

from controller.engine.installation.installation import Installation
from controller.ledger.heads import HEAD_PREFIX, head_of_row
from controller.snapshots.anchors import Anchor, anchor_of, write_anchor
from controller.snapshots.store import SnapshotStore


def anchor_heads(installation: Installation, store: SnapshotStore) -> tuple[Anchor, str]:
    """Write an anchor of every scope's head as it is now; return it and its key in the store.

    Raises DamagedState for a head that is damaged, and as any read and any write of the store.
    """
    master = installation.master
    at = master.process.clock()
    heads = [
        head_of_row(str(row["Id"]).removeprefix(HEAD_PREFIX), row)
        for row in master.store.scan(master.state_table)
        if str(row["Id"]).startswith(HEAD_PREFIX)
    ]
    anchor = anchor_of(installation.id, heads, at)
    return anchor, write_anchor(store, anchor)
