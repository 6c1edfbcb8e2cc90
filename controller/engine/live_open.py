"""Records left open by a run that died: settled by looking at what is there now, before anything else is done. Pure."""

from collections.abc import Mapping
from typing import Final

from controller.engine.live_records import DIGEST, TARGET, Ending, refs_of
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import Observation
from controller.model.ref import ResourceRef

DONE: Final = "found done when the scope was looked at next"
NOT_DONE: Final = "not done: the run that announced it ended before"
OTHERWISE: Final = "found now otherwise than before and than intended"

Found = Mapping[ResourceRef, Observation]


def settle(record: LedgerRecord, found: Found) -> Ending:
    """Say what became of an announced change, from what its objects are now.

    ``found`` are all objects of the target, as just observed. What is as intended succeeded; what is as before was not
    done; anything else is left to the next plan. Of several objects all must be as intended.
    """
    states = {ref: _state(record, ref, found.get(ref)) for ref in refs_of(record)}
    if set(states.values()) <= {DONE}:
        return Ending("succeeded", DONE)
    if len(states) == 1 or len(set(states.values())) == 1:
        return Ending("failed", next(iter(states.values())))
    told = (f"{ref.key}: {state}" for ref, state in sorted(states.items()) if state != DONE)
    return Ending("failed", "; ".join(told))


def unseen_ending(target: str) -> Ending:
    """Return how a change ended that cannot be looked at any more, as its target is off or not installed."""
    return Ending("failed", f"not known: target {target!r} is off, or not installed any more")


def target_of(record: LedgerRecord) -> str:
    """Return the name of the target that made a record."""
    return str(record.new_meta.get(TARGET, ""))


def _state(record: LedgerRecord, ref: ResourceRef, found: Observation | None) -> str:
    before, after = _image(record, ref, new=False), _image(record, ref, new=True)
    if found is None:
        if after is None:
            return DONE
        return NOT_DONE if before is None else OTHERWISE
    digest = record.new_meta.get(DIGEST)
    attributes = canonical_bytes(parse_canonical(found.attributes))
    if after is not None and (attributes == after or (digest and found.digest == digest)):
        return DONE
    return NOT_DONE if attributes == before else OTHERWISE


def _image(record: LedgerRecord, ref: ResourceRef, *, new: bool) -> bytes | None:
    image = record.new_value if new else record.old_value
    if DIGEST not in record.new_meta and image is not None:
        image = image.get(str(ref))
    return None if image is None else canonical_bytes(image)
