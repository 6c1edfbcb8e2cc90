"""What a scope holds of ours, as a source of desired state that is not YAML has it."""

from controller.kinds.language.kind import Kinds
from controller.loading.validated import StoredObject
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.observed import ObservedState, Ownership
from controller.model.ref import Origin, ResourceRef
from controller.planning.fields import comparable
from controller.planning.leaving import is_leaving


def stored_objects(observed: ObservedState, kinds: Kinds) -> dict[ResourceRef, StoredObject]:
    """Return what a scope holds of ours for ``desired_from_items``: without the shared fields that their YAML did not give.

    What is marked as leaving is no longer wanted: its marks say that it goes.
    """
    stored: dict[ResourceRef, StoredObject] = {}
    for ref, found in observed.objects.items():
        is_ours = found.ownership in (Ownership.OURS, Ownership.LOST_MARK)
        if is_ours and not is_leaving(found):
            extra = found.mark.extra if found.mark is not None else {}
            shared = kinds[ref.kind].shared if ref.kind in kinds else ()
            own = comparable(parse_canonical(found.attributes), shared, extra.get("owned", ()))
            origin = Origin(found.mark.path, found.mark.line) if found.mark else Origin("")
            stored[ref] = StoredObject(canonical_bytes(own), extra, origin)
    return stored
