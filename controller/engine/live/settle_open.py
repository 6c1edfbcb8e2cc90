"""Records left open by a run that died: settled by looking at what is there now, before anything else is done. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from controller.engine.live.records import DIGEST, TARGET, Ending, refs_of
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import Observation
from controller.model.ref import ResourceRef
from controller.planning.wording import NAMES_SHOWN

DONE: Final = "found done when the scope was looked at next"
NOT_DONE: Final = "not done: the run that announced it ended before"
OTHERWISE: Final = "neither as before nor as intended: on its way, or changed by somebody else; the next run goes on"

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
    return Ending("failed", "; ".join(_counted(states)))


def _counted(states: Mapping[ResourceRef, str]) -> Iterator[str]:
    """Yield how many objects became what, of what is not done with the first few names: a record may be of hundreds."""
    for state in (DONE, NOT_DONE, OTHERWISE):
        names = sorted(ref.key.rpartition("/")[2] for ref, one in states.items() if one == state)
        if names:
            shown = ", ".join(names[:NAMES_SHOWN]) + (", …" if names[NAMES_SHOWN:] else "")
            which = "" if state == DONE else f" ({shown})"
            yield f"{len(names)} of {len(states)}{which} {state}"


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
