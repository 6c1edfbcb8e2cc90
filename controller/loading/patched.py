"""A load with some documents put otherwise: what overrides make of the accepted desired state."""

from collections.abc import Mapping
from dataclasses import replace

from controller.loading.compiled import CompiledKinds
from controller.loading.draft import Draft, draft
from controller.loading.issue import PlacedIssue
from controller.loading.load import Loaded
from controller.loading.resolve import resolve
from controller.loading.world import TracingWorld
from controller.model.ref import ResourceRef

NONE_BROKEN: frozenset[ResourceRef] = frozenset()


def with_documents(
    loaded: Loaded, documents: Mapping[ResourceRef, bytes], kinds: CompiledKinds
) -> Loaded:
    """Return the load as it would be if these objects' effective documents were the given ones.

    Everything is validated again as far as it depends on them. The memory stays that of the files, so the next load
    starts from what the source says. A name that is not in the load is passed over.
    """
    present = {ref: body for ref, body in documents.items() if ref in loaded.resources}
    if not present:
        return loaded
    facts, issues = dict(loaded.memory.facts), list(loaded.issues)
    drafts: dict[ResourceRef, Draft] = {}
    for ref, body in present.items():
        resource = loaded.resources[ref]
        one = draft(kinds.by_name[ref.kind], body, resource.origin, resource.index)
        if isinstance(one, Draft):
            drafts[ref] = one
            facts[ref] = one.facts
        else:
            origin = resource.origin
            issues += [
                PlacedIssue(origin.path, resource.index, origin.line, issue) for issue in one
            ]
    touched = frozenset(drafts)
    for ref, before in loaded.memory.resolved.items():
        if ref not in drafts and not touched.isdisjoint(before.asked):
            resource = before.resource
            again = draft(
                kinds.by_name[ref.kind], resource.document, resource.origin, resource.index
            )
            assert isinstance(again, Draft), f"{ref} was valid and has not changed: {again}"
            drafts[ref] = again
    world = TracingWorld(facts, *loaded.memory.settings)
    resources = dict(loaded.resources)
    for ref, one in drafts.items():
        resolved = resolve(one, kinds.by_name[ref.kind].kind, world, NONE_BROKEN)
        resources[ref] = resolved.resource
        origin = resolved.resource.origin
        issues += [
            PlacedIssue(origin.path, one.index, origin.line, issue) for issue in resolved.issues
        ]
    return replace(loaded, resources=resources, issues=tuple(dict.fromkeys(issues)))
