"""A load with some documents put otherwise: what overrides make of the accepted desired state."""

from collections.abc import Mapping
from dataclasses import replace

from controller.loading.compiled import CompiledKinds
from controller.loading.issue import placed
from controller.loading.load import Loaded
from controller.loading.resolve import resolve_all
from controller.loading.validated import ValidatedDocument, validate_document
from controller.model.ref import ResourceRef


def overlay_documents(
    loaded: Loaded, documents: Mapping[ResourceRef, bytes], kinds: CompiledKinds
) -> Loaded:
    """Return the load as it would be if these objects' effective documents were the given ones.

    Everything is validated again as far as it depends on them. The memory stays that of the files, so the next load
    starts from what the source says. A name that is not in the load is passed over.
    """
    present = sorted(documents.keys() & loaded.resources.keys())
    if not present:
        return loaded
    memory, issues = loaded.memory, list(loaded.issues)
    valid: dict[ResourceRef, ValidatedDocument] = {}

    def add(ref: ResourceRef, body: bytes) -> None:
        origin, index = loaded.resources[ref].origin, loaded.resources[ref].index
        made = validate_document(kinds.by_name[ref.kind], body, origin, index)
        if isinstance(made, ValidatedDocument):
            valid[ref] = made
        else:
            issues.extend(placed(made, origin, index))

    for ref in present:
        add(ref, documents[ref])
    touched = frozenset(valid)
    for ref, before in memory.resolved.items():
        if ref not in valid and not touched.isdisjoint(before.asked):
            add(ref, before.resource.document)
    resources = dict(loaded.resources)
    facts = {**memory.facts, **{ref: document.facts for ref, document in valid.items()}}
    for ref, found in resolve_all(valid, kinds, memory.settings, facts).items():
        resources[ref] = found.resource
        issues += placed(found.issues, found.resource.origin, found.resource.index)
    return replace(loaded, resources=resources, issues=tuple(dict.fromkeys(issues)))
