"""What overrides put into the tables for a while is no part of a document: it gets what is beneath them."""

from typing import Any

from controller.kinds.language.kind import Kind
from controller.loading.authoring.found import FoundObject, Oddity
from controller.loading.authoring.mending import said
from controller.loading.authoring.polish import polished
from controller.model.extra import BENEATH

Json = Any


def without_overrides(
    document: dict[str, dict[str, Json]], found: FoundObject, kind: Kind[Any]
) -> list[Oddity]:
    """Put back into ``{"metadata", "spec"}`` what an object's mark says is beneath overrides; return a note for each field."""
    notes = []
    for path, known in found.extra.get(BENEATH, {}).items():
        part, _, name = path.partition(".")
        held = document[part].get(name)
        if known is None:
            document[part].pop(name, None)
        else:
            document[part][name] = known
        whose = found.overrides.get(path, "an override that has ended by now")
        notes.append(
            Oddity(
                found.ref,
                f"{name} {_said(kind, name, held)}: put there by {whose}",
                f"what is beneath it: {_said(kind, name, document[part].get(name))}",
            )
        )
    return notes


def _said(kind: Kind[Any], name: str, value: Json) -> str:
    if value is None:
        return "nothing"
    return said(kind, (name,), polished(kind, {name: value}).get(name, value))
