"""The form of items in the config tables: canonical JSON of them, our signature on them, and what they refer to. Pure.

The signature is the attribute ``Managed{By, Id, Revision, Path, Line, Digest, Extra, Author}``. JSON has no word for sets, bytes and
numbers that neither an integer of 64 bits nor a double holds: they are written as ``{"$set": …}``,
``{"$bytes": …}`` and ``{"$number": …}``; a map that only looks like one of these, or like the mark of a time, as ``{"$map": …}``. Items of ours have none of
them; what is found in a table may.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from sys import intern
from typing import Any, Final

import orjson

from controller.aws.items import number_of_text, number_text
from controller.kinds.language.fields import Shape, fields_of
from controller.kinds.language.kind import Kind
from controller.model.canonical import canonical_bytes
from controller.model.observed import NOBODY_KNOWN, MadeBy, Mark, ObservedState
from controller.model.ref import ResourceRef
from controller.planning.leaving import NOW_MS

MANAGED = "Managed"
AUDIT = "Audit"
_NOTHING: Mapping[str, Any] = {}
_MAX_INT = 2**63 - 1
_TAGS: Final = frozenset({"$set", "$bytes", "$number", "$map", NOW_MS})


def dump_plain(value: Any) -> bytes:
    """Return the canonical JSON of a plain value: sorted keys, no white space."""
    try:
        data = canonical_bytes(value)
    except TypeError:
        return canonical_bytes(_tagged(value))
    return canonical_bytes(_tagged(value)) if b'{"$' in data else data


def load_plain(data: bytes) -> Any:
    """Read back what ``dump_plain`` wrote."""
    value = orjson.loads(data)
    return _untagged(value) if b'{"$' in data else value


def _tagged(value: Any) -> Any:
    match value:
        case Mapping():
            tagged = {name: _tagged(member) for name, member in value.items()}
            return {"$map": tagged} if len(tagged) == 1 and not _TAGS.isdisjoint(tagged) else tagged
        case list() | tuple():
            return [_tagged(member) for member in value]
        case frozenset() | set():
            return {"$set": sorted((_tagged(member) for member in value), key=orjson.dumps)}
        case bytes():
            return {"$bytes": b64encode(value).decode()}
        case Decimal():
            return {"$number": number_text(value)}
        case int() if not isinstance(value, bool) and abs(value) > _MAX_INT:
            return {"$number": number_text(value)}
        case _:
            return value


def _untagged(value: Any) -> Any:
    match value:
        case {"$set": list() as members, **rest} if not rest:
            return frozenset(_untagged(member) for member in members)
        case {"$bytes": str() as text, **rest} if not rest:
            return b64decode(text)
        case {"$number": str() as text, **rest} if not rest:
            return number_of_text(text)
        case {"$map": dict() as members, **rest} if not rest:
            return {name: _untagged(member) for name, member in members.items()}
        case dict():
            return {name: _untagged(member) for name, member in value.items()}
        case list():
            return [_untagged(member) for member in value]
        case _:
            return value


def mark_id(installation: str, table: str, key: Mapping[str, Any]) -> str:
    """Return what ``Managed.Id`` must be: a digest of installation, physical table and key, so that a copy does not fit."""
    text = orjson.dumps((installation, table))[:-1] + b","
    return hashlib.sha256(text + orjson.dumps(key, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def mark_of(managed: object) -> Mark | None:
    """Read a ``Managed`` attribute as found; None if it is not one of ours in form, whatever it is.

    What is lost of path and line is no reason to disown an item; what is lost of the rest is.
    """
    if not isinstance(managed, dict):
        return None
    get = managed.get
    by, id_, digest, extra = get("By"), get("Id"), get("Digest"), get("Extra", _NOTHING)
    if not (type(by) is type(id_) is type(digest) is str and isinstance(extra, dict)):
        return None
    revision, path, line = get("Revision"), get("Path"), get("Line")
    return Mark(
        intern(by),
        id_,
        intern(revision) if type(revision) is str else "",
        intern(path) if type(path) is str else "",
        line if type(line) is int else 0,
        digest,
        extra,
        _made_by(get("Author")),
    )


_AUTHOR: Final = {
    "Name": "author",
    "Commit": "commit",
    "Date": "date",
    "Subject": "subject",
    "Cause": "cause",
}
"""What ``Managed.Author`` may have, and ``Overrides``: attribute -> field."""
_OVERRIDES: Final = "Overrides"


def author_item(made_by: MadeBy) -> dict[str, Any]:
    """Return ``Managed.Author``; empty where nothing is known."""
    item: dict[str, Any] = {name: getattr(made_by, field) for name, field in _AUTHOR.items()}
    item[_OVERRIDES] = list(made_by.overrides)
    return {name: value for name, value in item.items() if value}


def _made_by(item: object) -> MadeBy:
    """Read ``Managed.Author`` as found: nobody decides by it, so what is lost of it is only not known."""
    if not isinstance(item, dict):
        return NOBODY_KNOWN
    texts = {field: item.get(name, "") for name, field in _AUTHOR.items()}
    ids = item.get(_OVERRIDES, [])
    whole = (
        all(type(text) is str for text in (*texts.values(), *ids)) if type(ids) is list else False
    )
    return MadeBy(**texts, overrides=tuple(ids)) if whole else NOBODY_KNOWN


def moment_or_none(text: object) -> datetime | None:
    """Read a moment that others wrote, in UTC where it names no zone; None for what is none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def with_references(
    observed: ObservedState, refs: Iterable[ResourceRef], kinds: Mapping[str, Kind[Any]]
) -> ObservedState:
    """Return the state with ``depends_on`` filled in for these objects: those that leave, as it costs more than a look."""
    objects = dict(observed.objects)
    for ref in refs:
        kind = kinds.get(ref.kind)
        if kind is not None:
            found = objects[ref]
            objects[ref] = found._replace(depends_on=found_references(kind, found.attributes))
    return replace(observed, objects=objects)


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
        fields = fields_of(shape.model).by_attribute
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
