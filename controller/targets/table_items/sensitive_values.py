"""Values of fields that are marked as sensitive, wherever objects hold them: known to the redactor."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from controller.kinds.language.fields import is_sensitive, marked
from controller.kinds.language.kind import Kind, Kinds
from controller.kinds.language.spec import Spec
from controller.model.canonical import parse_canonical
from controller.model.ref import ResourceRef
from controller.redactor import REDACTOR

_LIKE_A_KEY: Final = re.compile(r"(?=\S*[0-9])(?=\S*[A-Za-z])\S{16,}")
"""Whoever writes a document must not choose which words of a plan are hidden: only what no sentence of ours holds is taken out
of every text. Its own field hides any value."""


def tell_sensitive(objects: Iterable[tuple[ResourceRef, bytes]], kinds: Kinds) -> None:
    """Have the sensitive values of objects, given with their items as canonical JSON, taken out of every text from now on."""
    models: dict[str, type[Spec]] = {name: kind.spec for name, kind in kinds.items()}
    sensitive = {name: kinds[name] for name, model in models.items() if marked(model, "sensitive")}
    REDACTOR.tell(
        *(
            value
            for ref, attributes in objects
            if ref.kind in sensitive
            for item in parse_canonical(attributes).values()
            for value in _within(sensitive[ref.kind], (), item, hides=False)
        )
    )


def _within(kind: Kind[Any], path: tuple[Any, ...], value: Any, *, hides: bool) -> Iterator[str]:
    hides = hides or is_sensitive(kind, path)
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _within(kind, (*path, name), part, hides=hides)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _within(kind, (*path, place), part, hides=hides)
    elif hides and isinstance(value, str) and _LIKE_A_KEY.fullmatch(value):
        yield value
