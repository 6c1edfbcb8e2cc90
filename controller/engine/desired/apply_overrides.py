"""Overrides laid over a revision: what planning then takes for the desired state."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from controller.engine.desired.load_revision import LoadedRevision
from controller.errors import InvalidDesiredState
from controller.kinds.language.kind import Kind
from controller.loading.compiled import CompiledKinds
from controller.loading.describe import problems_of
from controller.loading.patched import with_documents
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.extra import BENEATH, projection_digest
from controller.model.override import Override
from controller.model.problem import Problem, ProblemCode
from controller.model.ref import ResourceRef
from controller.model.resource import Resource
from controller.planning.overrides import beneath, patch, patched_refs
from controller.ports import Source


def apply_overrides(
    revision: LoadedRevision, overrides: Sequence[Override], kinds: CompiledKinds, source: Source
) -> LoadedRevision:
    """Return the revision with the values of the overrides (those that hold) in its documents, checked again.

    Raises InvalidDesiredState if that makes something wrong that was right, WrongUsage for an override whose path leads nowhere.
    """
    refs = [ref for ref in sorted(patched_refs(overrides)) if ref in revision.loaded.resources]
    if not refs:
        return revision
    documents = {
        ref: patch(revision.loaded.resources[ref].document, _of(overrides, ref)) for ref in refs
    }
    loaded = with_documents(revision.loaded, documents, kinds)
    files = dict(sorted(revision.tree.files.items()))
    problems = problems_of(
        loaded, files, lambda content_id: next(data for _, data in source.read([content_id])), kinds
    )
    known = set(revision.problems)
    fresh = [problem for problem in problems if problem not in known and not problem.warning]
    if fresh:
        raise InvalidDesiredState([*fresh, *_blamed(overrides, refs, revision)])
    resources = {
        ref: _with_beneath(one, revision.loaded.resources[ref].document, kinds)
        if ref in documents
        else one
        for ref, one in loaded.resources.items()
    }
    return replace(revision, loaded=replace(loaded, resources=resources))


def _of(overrides: Sequence[Override], ref: ResourceRef) -> list[Override]:
    return [override for override in overrides if override.ref == ref]


def _with_beneath(resource: Resource, document: bytes, kinds: CompiledKinds) -> Resource:
    """Let the mark say what Git has: an override's end is then kept where Git is out of reach."""
    kind = kinds.by_name[resource.ref.kind].kind
    fields = beneath(_as_read_back(document, kind), _as_read_back(resource.document, kind))
    if not fields:
        return resource
    asked = resource.projection
    extra = canonical_bytes({**parse_canonical(asked.extra), BENEATH: fields})
    digest = projection_digest(asked.attributes, extra)
    return replace(resource, projection=replace(asked, extra=extra, digest=digest))


def _as_read_back(document: bytes, kind: Kind[Any]) -> bytes:
    """Return a document without the fields that only the YAML has (roleDefaults): read back from the tables it has none."""
    if not kind.authored_fields or kind.expand is None:
        return document
    value = parse_canonical(document)
    return canonical_bytes({**value, "spec": kind.expand(value["spec"])})


def _blamed(
    overrides: Sequence[Override], refs: Sequence[ResourceRef], revision: LoadedRevision
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
