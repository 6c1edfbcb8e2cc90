"""What a found object names, read from its items by the types of its kind's spec: it has to go before them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from controller.kinds.language.fields import Shape, by_attribute
from controller.kinds.language.kind import Kind
from controller.model.observed import ObservedState, Ownership
from controller.model.ref import ResourceRef
from controller.targets.table_items.plain_json import load_plain


def with_references(
    observed: ObservedState, refs: Iterable[ResourceRef], kinds: Mapping[str, Kind[Any]]
) -> ObservedState:
    """Return the state with ``depends_on`` filled in for these objects: those that leave, as it costs more than a look."""
    objects = dict(observed.objects)
    for ref in refs:
        kind = kinds.get(ref.kind)
        if kind is not None:
            found = objects[ref]
            objects[ref] = replace(found, depends_on=found_references(kind, found.attributes))
    return replace(observed, objects=objects)


def still_naming(
    observed: ObservedState, refs: Iterable[ResourceRef], kinds: Mapping[str, Kind[Any]]
) -> dict[ResourceRef, ResourceRef]:
    """Return which of these objects something names that is not ours, each with the first that does."""
    wanted = frozenset(refs)
    naming: dict[ResourceRef, ResourceRef] = {}
    for ref in sorted(observed.objects) if wanted else ():
        found, kind = observed.objects[ref], kinds.get(ref.kind)
        if kind is not None and found.ownership is not Ownership.OURS:
            for named in wanted.intersection(found_references(kind, found.attributes)):
                naming.setdefault(named, ref)
    return naming


def found_references(kind: Kind[Any], attributes: bytes) -> tuple[ResourceRef, ...]:
    """Return what an object with these items names, each once; empty if its items are not what the kind would have written."""
    try:
        _, spec = kind.recover(load_plain(attributes))
        return tuple(dict.fromkeys(_references(Shape(model=kind.spec), spec)))
    except (KeyError, TypeError, AttributeError, ValueError):
        # Half an object, or one others wrote in a form of theirs: it names nothing we could tell.
        return ()


def _references(shape: Shape, value: Any) -> Iterator[ResourceRef]:
    if shape.reference is not None:
        read = shape.reference.read
        name = value if read is None else read(value)
        if isinstance(name, str):
            yield ResourceRef(shape.reference.kind, name)
    elif shape.model is not None:
        fields = by_attribute(shape.model)
        for attribute, inner in value.items() if isinstance(value, dict) else ():
            field = fields.get(attribute)
            if field is not None and "reference" in field.marks and inner is not None:
                yield from _references(field.shape, inner)
    elif shape.members is not None:
        for member in value:
            yield from _references(shape.members, member)
    elif shape.values is not None:
        for member in value.values():
            yield from _references(shape.values, member)
