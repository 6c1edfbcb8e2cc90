"""Valid documents held against each other: references exist, derived attributes filled in, rules kept, values unique."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from controller.kinds.language.fields import Named
from controller.kinds.language.kind import (
    DEFAULT_RULES,
    Elsewhere,
    Finding,
    Kind,
    Kinds,
    RuleSettings,
)
from controller.kinds.language.spec import merge_derived
from controller.loading.issues import MAX_ISSUES, further
from controller.loading.positions import dotted
from controller.loading.validated import (
    StoredObject,
    ValidatedDocument,
    authored_body,
    validate_document,
)
from controller.model.canonical import canonical_bytes, projection_digest
from controller.model.closest import did_you_mean
from controller.model.observed import SHAPE
from controller.model.ref import (
    Origin,
    Problem,
    ProblemCode,
    RelatedPlace,
    ResourceRef,
    in_file_order,
)
from controller.model.resource import DesiredState, Projection, Resource

NOTHING_EXTRA = canonical_bytes({"shape": SHAPE})
"""Most objects have nothing extra: those share one value."""

_NAMES_SHOWN = 5

_MAX_COMPARISONS = 500_000
"""Names that wrong ones are compared with, in one load: takes a second. Of further ones nothing is suggested."""

ALL = ""
"""Stands for every object of a kind in what was asked; no object can have this name."""


@dataclass(eq=False, slots=True)
class TracingWorld:
    """Answers from the facts of all objects and keeps the list of what was ``asked``.

    Its other public fields are the settings that rules may depend on besides other objects.
    """

    _facts: Mapping[ResourceRef, Any]
    compatibility: str
    default_region: str
    allowed_secrets: tuple[str, ...]
    allowed_role_names: tuple[str, ...] | None
    _answers: dict[tuple[str, str], tuple[ResourceRef, Any]] = field(
        default_factory=dict, init=False
    )
    """The same few objects are asked about again and again. A reference is a plain pair too."""
    asked: list[ResourceRef] = field(default_factory=list, init=False)
    """What was asked; whoever wants to know begins a new list."""
    _names: dict[str, list[str]] = field(default_factory=dict, init=False)
    _comparisons_left: int = field(default_factory=lambda: _MAX_COMPARISONS, init=False)

    def facts(self, kind: str, key: str) -> Any:
        """Return the facts of an object, None if there is none by that name."""
        pair = (kind, key)
        known = self._answers.get(pair)
        if known is None:
            ref = ResourceRef(kind, key)
            known = self._answers[pair] = (ref, self._facts.get(ref))
        self.asked.append(known[0])
        return known[1]

    def names(self, kind: str) -> Sequence[str]:
        """Return every key of a kind, sorted; remembered as a question about all of them."""
        self.asked.append(ResourceRef(kind, ALL))
        if kind not in self._names:
            self._names[kind] = sorted(ref.key for ref in self._facts if ref.kind == kind)
        return self._names[kind]

    def no_such(self, named: Named) -> Finding:
        """Say that a reference leads nowhere, and what was meant or what there is."""
        names = self.names(named.kind)
        near = names if self._comparisons_left > 0 else ()
        self._comparisons_left -= len(names)
        return no_such(named, names, near)


class Resolved(NamedTuple):
    """A resource with everything it asked about, so that one knows when to look again."""

    resource: Resource
    issues: tuple[Finding, ...]
    asked: tuple[ResourceRef, ...]


def resolve(
    document: ValidatedDocument,
    kind: Kind[Any],
    world: TracingWorld,
    broken: frozenset[ResourceRef] = frozenset(),
) -> Resolved:
    """Check one document against the world and give its final resource.

    ``broken`` are objects that exist but whose own documents are wrong: nothing is said of references to them.
    """
    ref, facts, items = document.ref, document.facts, document.items
    world.asked = []
    dangling = [
        named
        for named in document.references
        if world.facts(named.kind, named.name) is None and named[1:] not in broken
    ]
    if kind.derive is not None:
        items = merge_derived(items, kind.derive(ref, facts, world))
    issues = kind.findings(ref, facts, world)
    if document.unmanaged:
        issues = [issue for issue in issues if "/".join(issue.named) not in document.unmanaged]
        issues += _unmanaged_findings(document, kind, world)
        dangling = [named for named in dangling if "/".join(named[1:]) not in document.unmanaged]
    if known := document.acknowledged:
        issues = [issue for issue in issues if not (issue.warning and issue.code in known)]
    unknown = [world.no_such(named) for named in dangling[:MAX_ISSUES]]
    if len(dangling) > MAX_ISSUES:
        unknown.append(further(("spec",), len(dangling) - MAX_ISSUES))
    issues = [*unknown, *issues]
    attributes, extra = canonical_bytes(items), NOTHING_EXTRA
    if len(document.extra) > 1:
        extra = canonical_bytes(document.extra)
    # Each once, in order; objects that asked the same share their values.
    asked = tuple(dict.fromkeys(world.asked))
    single = tuple([ref for ref in asked if ref.key != ALL])
    projection = Projection(
        ref,
        attributes,
        extra,
        projection_digest(attributes, extra),
        document.owned,
        asked if len(single) == len(asked) else single,
        document.retired,
    )
    resource = Resource(ref, document.origin, document.index, document.document, projection)
    return Resolved(resource, tuple(issues), asked)


def _unmanaged_findings(
    document: ValidatedDocument, kind: Kind[Any], world: TracingWorld
) -> Iterator[Finding]:
    """Find what is said to have no document, and has one, or has to have one."""
    for place, text in enumerate(document.unmanaged):
        at = ("metadata", "unmanaged", place)
        other, _, key = text.partition("/")
        if other not in kind.unmanaged:
            may = ", ".join(sorted(kind.unmanaged)) or "nothing"
            message = f"{text} has to have a document: a {kind.name} may name without one: {may}"
            yield Finding(at, message, "add its document, or name one there is")
        elif world.facts(other, key) is not None:
            message = f"{text} has a document, so it is managed"
            there = (Elsewhere(ResourceRef(other, key), ("metadata", "name")),)
            yield Finding(at, message, "remove it from this list", warning=True, elsewhere=there)


def resolve_all(
    documents: Mapping[ResourceRef, ValidatedDocument],
    kinds: Kinds,
    settings: RuleSettings,
    facts: Mapping[ResourceRef, Any] | None = None,
) -> dict[ResourceRef, Resolved]:
    """Resolve documents against each other, or against all objects whose ``facts`` are given.

    ``settings`` are what rules may depend on besides.
    """
    own = {ref: document.facts for ref, document in documents.items()}
    world = TracingWorld(own if facts is None else facts, *settings)
    return {ref: resolve(document, kinds[ref.kind], world) for ref, document in documents.items()}


def no_such(named: Named, known: Sequence[str], near: Sequence[str]) -> Finding:
    """Say that a reference leads nowhere, and which of the ``near`` was meant, or what is ``known``; both are sorted."""
    path, kind, name = named
    few = ", ".join(known[:_NAMES_SHOWN])
    more = f" and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
    there_are = f"name one there is ({few}{more}), or add it"
    fix = did_you_mean(name, near, there_are if known else f"add it: there is no {kind} yet")
    message = f"no {kind} named {name!r}"
    code = ProblemCode.UNKNOWN_REFERENCE
    return Finding(("spec", *path), message, fix, code=code, named=(kind, name))


def clashes(
    kind: Kind[Any], facts: Iterable[tuple[ResourceRef, Any]]
) -> Iterator[tuple[ResourceRef, Finding]]:
    """Yield an issue for the second and each later claim to a value that only one object of a kind may have.

    Such are service ports and cluster short names. The issue names the first owner; ``facts`` come in the order of the
    documents.
    """
    for unique in kind.unique:
        owners: dict[Any, tuple[ResourceRef, tuple[str | int, ...]]] = {}
        for ref, known in facts:
            for path, value in unique.values(known):
                owner, owned_at = owners.setdefault(value, (ref, path))
                if (owner, owned_at) != (ref, path):
                    field = str(owned_at[-1])
                    whose = f"its own {field}" if owner == ref else f"{owner} ({field})"
                    message = f"{unique.what} {value!r} is already taken by {whose}"
                    fix = f"give {ref} another {unique.what}"
                    clash = Finding(path, message, fix, code=ProblemCode.DUPLICATE)
                    yield ref, clash._replace(elsewhere=(Elsewhere(owner, owned_at),))


def all_clashes(
    documents: Mapping[ResourceRef, ValidatedDocument], kinds: Kinds
) -> Iterator[tuple[ResourceRef, Finding]]:
    """Yield the ``clashes`` of all kinds; the first owner of a value is the first by name."""
    for name, kind in kinds.items():
        if kind.unique:
            mine = sorted((ref, documents[ref].facts) for ref in documents if ref.kind == name)
            yield from clashes(kind, mine)


class DesiredFromItems(NamedTuple):
    """Desired state made of items, and everything wrong with it. What is no document of its kind is not in it."""

    desired: DesiredState
    problems: tuple[Problem, ...]


def desired_from_items(
    objects: Mapping[ResourceRef, StoredObject],
    kinds: Kinds,
    *,
    source: str,
    revision: str,
    settings: RuleSettings = DEFAULT_RULES,
) -> DesiredFromItems:
    """Return what would have been written to get these objects, checked as documents are.

    ``attributes`` of the objects are without the shared fields that their YAML did not give. What overrides had put into
    them is taken out. Every origin names ``source`` (``snapshot 2026-11-28``), and of a problem the object, instead of a file.
    ``settings`` are what rules depend on besides the objects.
    """
    bodies = {ref: authored_body(ref, stored, kinds, base=True) for ref, stored in objects.items()}
    return desired_from_documents(
        bodies, kinds, source=source, revision=revision, settings=settings
    )


def desired_from_documents(
    bodies: Mapping[ResourceRef, bytes | tuple[Finding, ...]],
    kinds: Kinds,
    *,
    source: str,
    revision: str,
    settings: RuleSettings = DEFAULT_RULES,
) -> DesiredFromItems:
    """Return the desired state that canonical documents (metadata and spec) are, checked; in place of one what is wrong with it.

    The rest is as in ``desired_from_items``.
    """
    valid: dict[ResourceRef, ValidatedDocument] = {}
    wrong: dict[ResourceRef, tuple[Finding, ...]] = {}
    for ref, body in bodies.items():
        if not isinstance(body, bytes):
            wrong[ref] = body
            continue
        # The same for all: what changes for one reason is one group of a plan.
        made = validate_document(kinds[ref.kind], body, Origin(source), 0)
        if not isinstance(made, ValidatedDocument):
            wrong[ref] = made
        elif made.ref != ref:
            wrong[ref] = (Finding((), f"the item goes by another name: {made.ref}, not {ref}"),)
        else:
            valid[ref] = made
    resolved = resolve_all(valid, kinds, settings)
    for ref, found in resolved.items():
        wrong[ref] = found.issues
    for ref, clash in all_clashes(valid, kinds):
        wrong[ref] = (*wrong[ref], clash)
    problems = in_file_order(
        issue.at(Origin(f"{source}: {ref}"), dotted(issue.path), related=_related(issue, source))
        for ref, issues in wrong.items()
        for issue in issues
    )
    resources = {ref: found.resource for ref, found in resolved.items()}
    return DesiredFromItems(DesiredState(revision, source, "", "", resources), problems)


def _related(issue: Finding, source: str) -> tuple[RelatedPlace, ...]:
    """Return the other objects that an issue is about, where documents have no files."""
    return tuple(
        [
            RelatedPlace(Origin(f"{source}: {there.ref}"), str(there.ref), dotted(there.path))
            for there in issue.elsewhere
        ]
    )
