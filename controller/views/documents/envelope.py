"""The envelope of every JSON document that a command prints, how its objects are filled, and the one form that values of ours have in it.

Light: what fails before anything is loaded needs it too.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Final, TypeVar

import orjson

from controller import __version__
from controller.model.canonical import ABSENT
from controller.model.printable import printable_json
from controller.model.ref import Origin, ResourceRef

FORMAT_VERSION: Final = 1
_Object = TypeVar("_Object", bound=Mapping[str, object])


def filled(form: Callable[..., _Object], *values: object, **given: object) -> _Object:
    """Return an object of this type: each field as given, else what the first value has by its name: ``copiesBehind``, ``copies_behind``.

    A field given as ABSENT is left out. Where a value is None, a field that no other has is null; otherwise one that is not
    given and that no value has raises AttributeError.
    """
    otherwise = (None,) if None in values else ()
    for key in vars(form)["__annotations__"]:
        if key not in given:
            name = _attribute(key)
            holder = next((value for value in values if hasattr(value, name)), None)
            given[key] = getattr(holder, name, *otherwise)
    return form(**present(**given))


def present(**fields: object) -> dict[str, object]:
    """Return the fields that are there; those given as ABSENT are left out."""
    return {key: value for key, value in fields.items() if value is not ABSENT}


@cache
def _attribute(key: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", key)


def document_text(name: str, content: Mapping[str, object]) -> bytes:
    """Return a document as indented UTF-8 ended by a line feed: the envelope first, then its fields, sorted at every depth.

    A document that says of itself of which format it is, and by which version it was made, keeps that.
    """
    envelope = {
        "formatVersion": FORMAT_VERSION,
        "controllerVersion": __version__,
        "document": name,
    }
    own = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
    # Written twice, as orjson sorts all keys or none.
    ordered = orjson.loads(orjson.dumps(content, default=_plain, option=own))
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return printable_json(orjson.dumps({**envelope, **ordered}, option=options))


def document_line(name: str, content: Mapping[str, object]) -> str:
    """Return the same document on one line, ended by a line feed."""
    text = orjson.dumps(
        orjson.loads(document_text(name, content)), option=orjson.OPT_APPEND_NEWLINE
    )
    return printable_json(text).decode()


def _plain(value: object) -> object:
    """Return what JSON has no form for: moments, references and places as text, other values of ours as objects."""
    match value:
        case datetime():
            # Imported where there is a moment: nothing that fails early has one.
            from controller.ledger.records import iso_ms  # noqa: PLC0415

            return iso_ms(value)
        case ResourceRef() | Origin():
            return str(value)
        case Mapping():
            return dict(value)
        case _:
            return {key: getattr(value, name) for name, key in keys_of(type(value)).items()}


def keys_of(form: type) -> dict[str, str]:
    """Return the fields of a named tuple or a dataclass, and what they are called in JSON: ``copies_behind``, ``copiesBehind``."""
    names = getattr(form, "_fields", None) or [field.name for field in fields(form)]
    return {name: _camel(name) for name in names}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
