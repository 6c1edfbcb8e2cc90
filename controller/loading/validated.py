"""One document on its own, written or read back from items: fields checked, references listed, own attributes projected.

Items read back are the tables, a snapshot or the ledger as documents, as YAML is. What a document says by its form alone, valid
or not, is found here too: fields cleared by null, and the names of other objects.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Any, NamedTuple

from pydantic import ValidationError

from controller.kinds.language.fields import (
    Named,
    Shape,
    authored_spec,
    controller_only,
    fields_of,
    merge,
    references,
)
from controller.kinds.language.kind import Elsewhere, Finding, Kind, Kinds, Path
from controller.kinds.language.spec import Metadata
from controller.loading.envelope import DefaultsDocument
from controller.loading.issues import (
    PlacedIssue,
    placed,
    unknown_field,
    unknown_kind,
    validation_issues,
)
from controller.model.canonical import canonical_bytes, parse_canonical, without_empty_texts
from controller.model.observed import BENEATH, SHAPE, put_back_base_fields
from controller.model.ref import Origin, ProblemCode, ResourceRef
from controller.model.resource import AuthoredDocument, Resource
from controller.model.table import Items

Json = Any


def defaults_issues(documents: Iterable[DefaultsDocument], kinds: Kinds) -> Iterator[PlacedIssue]:
    """Yield the issues of every Defaults document; a missing field is none, documents may still give it."""
    given: dict[tuple[str, str], DefaultsDocument] = {}
    for document in documents:
        issues: list[Finding] = []
        try:
            Metadata.model_validate(parse_canonical(document.body)["metadata"])
        except ValidationError as error:
            issues += validation_issues(error, ("metadata",), Metadata)
        for name, partial in document.partial_specs().items():
            path = ("spec", name)
            first = given.setdefault((document.folder, name), document)
            if name not in kinds:
                issues.append(unknown_kind(path, name, sorted(kinds), at_key=True))
            elif not isinstance(partial, dict):
                fix = f"write '{name}: {{field: value}}'"
                issues.append(Finding(path, "expected a map of fields", fix))
            elif first is not document:
                message = f"this folder's defaults for {name} are already given"
                there = Elsewhere(None, path, (first.origin.path, first.index))
                issues.append(
                    Finding(
                        path,
                        message,
                        "merge the two",
                        at_key=True,
                        code=ProblemCode.DUPLICATE,
                        elsewhere=(there,),
                    )
                )
            else:
                issues += _partial_issues(kinds[name], partial, path)
        yield from placed(issues, document.origin, document.index)


def defined_twice(ref: ResourceRef, first: "ValidatedDocument | None") -> Finding:
    """Say of a document that its object has one already: the ``first``, where it is known."""
    at, code = ("metadata", "name"), ProblemCode.DUPLICATE
    there = () if first is None else (Elsewhere(ref, at, (first.origin.path, first.index)),)
    message = f"{ref} is already defined"
    return Finding(at, message, "remove one of the two", code=code, elsewhere=there)


def _partial_issues(
    kind: Kind[Any], partial: dict[str, Any], path: tuple[str, ...]
) -> Iterator[Finding]:
    yield from null_field_issues(kind, partial, path)
    spec = merge({}, partial)
    for field, authored in kind.authored_fields.items():
        # Where no object uses it, expanding forgets it.
        try:
            authored.model.model_validate(authored.expand(spec.pop(field, {})))
        except ValidationError as error:
            yield from validation_issues(error, (*path, field), authored.model, partial=True)
    try:
        kind.spec.model_validate(kind.expand(spec))
    except ValidationError as error:
        yield from validation_issues(error, path, kind.spec, partial=True)


def null_field_issues(kind: Kind[Any], spec: dict[str, Json], prefix: Path) -> Iterator[Finding]:
    """Yield an issue for each field of an authored spec that is null and unknown. ``prefix`` leads to the spec.

    Merging forgets fields that are cleared by null, so whether there are such fields is asked before.
    """
    authored = {name: Shape(model=field.model) for name, field in kind.authored_fields.items()}
    roots = [(prefix, Shape(model=kind.spec), spec)]
    roots += [((*prefix, name), authored[name], spec[name]) for name in authored if name in spec]
    for root in roots:
        for path, shape, value in _values_of(*root):
            if shape.model is not None and isinstance(value, dict):
                known = [*fields_of(shape.model).by_yaml, *(authored if path == prefix else ())]
                for name, member in value.items():
                    if member is None and name not in known:
                        yield unknown_field((*path, name), known)


def written_references(
    kind: Kind[Any], body: bytes, defaults: Mapping[str, Json]
) -> Iterator[Named]:
    """Yield the references of a document (canonical JSON of metadata and spec) as far as it has the form of its kind.

    ``defaults`` is the partial spec below it. One run then tells of wrong names too where a document is not valid.
    """
    document = parse_canonical(body)
    unmanaged = document["metadata"].get("unmanaged")
    known = unmanaged if isinstance(unmanaged, list) else ()
    spec = kind.expand(merge(defaults, document["spec"]))
    for path, shape, value in _values_of((), Shape(model=kind.spec), spec):
        if shape.reference is not None and isinstance(value, str):
            read = shape.reference.read
            name = read(value) if read else value
            if name and f"{shape.reference.kind}/{name}" not in known:
                yield Named(path, shape.reference.kind, name)


def _values_of(path: Path, shape: Shape, value: Json) -> Iterator[tuple[Path, Shape, Json]]:
    """Yield (path, shape, value) of a value and of everything in it whose shape is known."""
    yield path, shape, value
    if isinstance(value, list) and shape.members is not None:
        for place, member in enumerate(value):
            yield from _values_of((*path, place), shape.members, member)
    elif isinstance(value, dict):
        fields = fields_of(shape.model).by_yaml
        for name, member in value.items():
            inner = fields[name].shape if name in fields else shape.values
            if inner is not None:
                yield from _values_of((*path, name), inner, member)


@dataclass(slots=True)
class ValidatedDocument:
    """A valid document, not yet held against the others. ``items`` has the attributes that need nobody else."""

    ref: ResourceRef
    origin: Origin
    index: int
    document: bytes
    facts: Any
    references: list[Named]
    items: Items
    extra: dict[str, Any]
    owned: tuple[str, ...]
    retired: bool
    unmanaged: list[str]
    acknowledged: Sequence[str]


@dataclass(slots=True)
class CheckedDocument:
    """A document whose fields are all as its kind allows; nothing is worked out from them yet."""

    document: bytes
    """Canonical JSON of metadata and spec, defaults merged."""
    metadata: Metadata
    written: dict[str, Any]
    """The metadata as authored."""
    spec: Any


NO_DEFAULTS: Mapping[str, Any] = {}
METADATA = Metadata.__pydantic_validator__.validate_python
NAME = ("metadata", "name")


def check_document(
    kind: Kind[Any], body: bytes, defaults: Mapping[str, Any] = NO_DEFAULTS
) -> CheckedDocument | tuple[Finding, ...]:
    """Check the fields of one document after merging ``defaults`` under it.

    ``body`` is the canonical JSON of metadata and spec as authored. Returns every issue if there is any.
    """
    document = parse_canonical(body)
    issues: list[Finding] = []
    if defaults or b"null" in body:
        if b"null" in body:
            issues += null_field_issues(kind, document["spec"], ("spec",))
        document["spec"] = merge(defaults, document["spec"])
        body = canonical_bytes(document)
    metadata, spec = None, None
    try:
        metadata = METADATA(document["metadata"])
    except ValidationError as error:
        issues += validation_issues(error, ("metadata",), Metadata)
    try:
        spec = kind.spec.__pydantic_validator__.validate_python(kind.expand(document["spec"]))
    except ValidationError as error:
        issues += validation_issues(error, ("spec",), kind.spec)
    if issues or metadata is None or spec is None:
        name = document["metadata"].get("name")
        if kind.names is not None and name is not None and all(i.path != NAME for i in issues):
            # Of a valid document a rule says it.
            issues += kind.names.findings(name)
        return tuple(dict.fromkeys(issues))
    return CheckedDocument(body, metadata, document["metadata"], spec)


def validate_document(
    kind: Kind[Any],
    body: bytes,
    origin: Origin,
    index: int,
    defaults: Mapping[str, Any] = NO_DEFAULTS,
) -> ValidatedDocument | tuple[Finding, ...]:
    """Check one document and work out what it asks for by itself. Returns every issue if there is any."""
    checked = check_document(kind, body, defaults)
    if not isinstance(checked, CheckedDocument):
        return checked
    spec, body = checked.spec, checked.document
    # As of what is found: names that are one text are compared without a look at it.
    key = intern(kind.key(checked.metadata.name, spec))
    dump = kind.spec.__pydantic_serializer__.to_python
    items = kind.project(key, dump(spec, by_alias=True, exclude_none=True))
    if b'""' in body:
        items = without_empty_texts(items)
    # Those shared fields the YAML gives.
    owned = tuple(
        [
            ".".join((shared.table, *shared.path))
            for shared in kind.shared
            if _given(items.get(shared.table), shared.path)
        ]
    )
    # What was authored and is in no attribute; see ``controller.model.observed``.
    extra: dict[str, Any] = {
        "metadata": {
            name: value for name, value in checked.written.items() if name != "name" and value
        },
        "spec": controller_only(spec),
        "owned": list(owned),
    }
    return ValidatedDocument(
        ResourceRef(kind.name, key),
        origin,
        index,
        body,
        kind.facts(key, spec),
        references(spec),
        items,
        {"shape": SHAPE, **{part: given for part, given in extra.items() if given}},
        owned,
        extra["spec"].get("lifecycle") == "retired",
        checked.metadata.unmanaged,
        checked.metadata.acknowledged,
    )


def _given(value: Any, path: tuple[str, ...]) -> bool:
    for place, step in enumerate(path):
        if step == "*":
            rest = path[place + 1 :]
            return isinstance(value, list) and any(_given(member, rest) for member in value)
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


class StoredObject(NamedTuple):
    """One object as the tables hold it: canonical attributes, the mark's extra, and where it was written."""

    attributes: bytes
    extra: Mapping[str, Any]
    origin: Origin


class ReadBack(NamedTuple):
    """What reading one object back gave: its document, or why it cannot be read as one of its kind."""

    stored: StoredObject
    document: CheckedDocument | tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ObjectsReadBack:
    """The documents of what the tables hold. ``unreadable`` objects hold something their kind does not allow.

    What was accepted was checked then, against all others too: nothing but its own fields is checked again.
    """

    resources: Mapping[ResourceRef, AuthoredDocument]
    specs: Mapping[ResourceRef, Any]
    unreadable: Mapping[ResourceRef, tuple[Finding, ...]]
    memory: Mapping[ResourceRef, ReadBack]


def read_back(
    objects: Mapping[ResourceRef, StoredObject],
    kinds: Kinds,
    memory: Mapping[ResourceRef, ReadBack],
) -> ObjectsReadBack:
    """Read objects back. What was read before and is held as then is not read again (``memory`` of an earlier result).

    Required fields of the old product do not matter here: what is in the tables was accepted.
    """
    read: dict[ResourceRef, ReadBack] = {}
    resources: dict[ResourceRef, AuthoredDocument] = {}
    specs: dict[ResourceRef, Any] = {}
    unreadable: dict[ResourceRef, tuple[Finding, ...]] = {}
    for ref, stored in objects.items():
        known = memory.get(ref)
        if known is not None and known.stored[:2] == stored[:2]:
            document = known.document
        else:
            body = authored_body(ref, stored, kinds)
            document = check_document(kinds[ref.kind], body) if isinstance(body, bytes) else body
        read[ref] = ReadBack(stored, document)
        if isinstance(document, CheckedDocument):
            resources[ref] = AuthoredDocument(ref, stored.origin, document.document)
            specs[ref] = document.spec
        else:
            unreadable[ref] = document
    return ObjectsReadBack(resources, specs, unreadable, read)


def spec_of(resource: Resource, kinds: Kinds) -> Any:
    """Return the spec model of a resource that was valid. Built anew at each call."""
    kind, spec = kinds[resource.ref.kind], parse_canonical(resource.document)["spec"]
    return kind.spec.model_validate(kind.expand(spec))


def authored_body(
    ref: ResourceRef, stored: StoredObject, kinds: Kinds, *, base: bool = False
) -> bytes | tuple[Finding, ...]:
    """Return the canonical document (metadata and spec) as somebody would have written it to get this object.

    With ``base`` it is without what overrides put in it. The item may lack what even the object's name is made of.
    """
    if ref.kind not in kinds:
        return (unknown_kind((), ref.kind),)
    try:
        kind, extra = kinds[ref.kind], stored.extra
        name, spec = authored_spec(kind, parse_canonical(stored.attributes), extra.get("spec"))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return (Finding((), f"the item is not in the shape of a {ref.kind}: {error!r}"),)
    document = {"metadata": {"name": name, **extra.get("metadata", {})}, "spec": spec}
    if base:
        put_back_base_fields(document, extra.get(BENEATH, {}))
    return canonical_bytes(document)
