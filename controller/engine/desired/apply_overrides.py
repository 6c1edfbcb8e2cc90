"""Overrides laid over a revision: what planning then takes for the desired state."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from controller.engine.desired.load_revision import LoadedRevision
from controller.errors import InvalidDesiredState
from controller.loading.compiled import CompiledKind, CompiledKinds
from controller.loading.describe import problems_of
from controller.loading.overlay_documents import overlay_documents
from controller.model.canonical import canonical_bytes, parse_canonical, projection_digest
from controller.model.observed import BENEATH
from controller.model.override import Override
from controller.model.ref import Problem, ProblemCode, ResourceRef
from controller.model.resource import Resource
from controller.planning.overrides import base_fields, patch, patched_refs


def apply_overrides(
    revision: LoadedRevision, overrides: Sequence[Override], kinds: CompiledKinds
) -> LoadedRevision:
    """Return the revision with the values of the overrides (those that hold) in its documents, checked again.

    Raises InvalidDesiredState if that makes something wrong that was right, WrongUsage for an override whose path leads nowhere.
    """
    plain = revision.loaded.resources
    documents = {
        ref: patch(plain[ref].document, [made for made in overrides if made.ref == ref])
        for ref in sorted(patched_refs(overrides) & plain.keys())
    }
    if not documents:
        return revision
    loaded = overlay_documents(revision.loaded, documents, kinds)
    problems = problems_of(loaded, revision.origins, kinds)
    known = set(revision.problems)
    fresh = [problem for problem in problems if problem not in known and not problem.warning]
    if fresh:
        raise InvalidDesiredState([*fresh, *_blamed(overrides, documents.keys(), revision)])
    resources = dict(loaded.resources)
    for ref in documents:
        compiled = kinds.by_name[ref.kind]
        resources[ref] = _with_base_fields(resources[ref], plain[ref].document, compiled)
    return replace(revision, loaded=replace(loaded, resources=resources))


def _with_base_fields(resource: Resource, document: bytes, compiled: CompiledKind) -> Resource:
    """Let the mark say what Git has: an override's end is then kept where Git is out of reach."""
    fields = base_fields(
        _as_read_back(document, compiled), _as_read_back(resource.document, compiled)
    )
    if not fields:
        return resource
    asked = resource.projection
    extra = canonical_bytes({**parse_canonical(asked.extra), BENEATH: fields})
    digest = projection_digest(asked.attributes, extra)
    return replace(resource, projection=replace(asked, extra=extra, digest=digest))


def _as_read_back(document: bytes, compiled: CompiledKind) -> bytes:
    """Return a document without the fields that only the YAML has (roleDefaults): read back from the tables it has none."""
    if not compiled.kind.authored_fields:
        return document
    value = parse_canonical(document)
    return canonical_bytes({**value, "spec": compiled.expanded(value["spec"])})


def _blamed(
    overrides: Sequence[Override], refs: Collection[ResourceRef], revision: LoadedRevision
) -> list[Problem]:
    """Say which overrides the problems come from: the files alone are right."""
    return [
        Problem(
            revision.loaded.resources[override.ref].origin,
            override.path,
            f"an override of {override.actor} puts {override.value!r} here ({override.reason})",
            f"release override {override.id}, or let the YAML fit it",
            warning=True,
            code=ProblemCode.OVERRIDE,
        )
        for override in overrides
        if override.ref in refs
    ]
