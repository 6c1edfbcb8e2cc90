"""A scope's head that was lost, made again from the last record of its chain."""

from datetime import datetime

from controller.engine.commit.lease import Leases, epoch_ms
from controller.errors import DamagedState
from controller.ledger.chain import ChainCheck, FindingKind
from controller.ledger.large_images import BlobStore
from controller.ledger.verify import Chain
from controller.model.ledger_record import Head


def recover_head(
    scope: str, chain_of: Chain, leases: Leases, now: datetime, blobs: BlobStore | None = None
) -> Head | None:
    """Write the head that the records of a scope lead to, owned by nobody; None if there is a head already.

    Its epoch is a moment, above any that was counted, so that no worker of before can write. Raises DamagedState if there are no
    records or their chain is not whole, and as any read or write.
    """
    if leases.read(scope) is not None:
        return None
    check, last_at = ChainCheck(scope, None, blobs), ""
    for page in chain_of.pages(scope, 0):
        check.add(page)
        for entry in page:
            moment = (entry.record or {}).get("ISOTimestamp", {}).get("S", "")
            last_at = max(last_at, str(moment))
    found = check.finish(None)
    wrong = [finding for finding in found.findings if finding.kind is not FindingKind.HEAD]
    if wrong or not found.last:
        what = wrong[0].what if wrong else "the ledger has no record of it"
        raise DamagedState(
            f"scope {scope}: its head cannot be made from its records: {what}",
            fix=wrong[0].fix if wrong else "check the scope's name; envctl status lists scopes",
        )
    epoch = epoch_ms(now) // 1000
    head = Head(scope, epoch, "", 0, found.last, found.last_hash, last_at=last_at)
    return head if leases.restore(head) else None
