"""What importing begins with and ends in: objects as found, documents, what was odd, and what could not be written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from controller.model.ref import ResourceRef

Json = Any
Items = Mapping[str, Mapping[str, Json]]
"""Logical table name -> attributes, without ``Audit`` and ``Managed``."""


class Oddity(NamedTuple):
    """Something that is not as it should be: what was found, what was written, and what is left to a person."""

    ref: ResourceRef
    found: str
    written: str
    decide: str = ""


@dataclass(frozen=True, slots=True)
class FoundObject:
    """One object as the tables hold it.

    ``whole`` are its items as found, ``items`` those without the shared fields that nobody's YAML owns; ``extra`` is that
    of our mark, if it is ours. ``remark`` says what is odd about where it was found. ``overrides`` says whose override
    holds until when, by the field it is in (``spec.schedule``).
    """

    ref: ResourceRef
    items: Items
    whole: Items
    extra: Mapping[str, Json] = field(default_factory=dict)
    ours: bool = False
    remark: Oddity | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Written:
    """One object as a document: what it holds under YAML names, short forms written out.

    ``ours`` says that it had been written before, by whoever applied it. ``comments`` are lines for its reader.
    """

    ref: ResourceRef
    name: str
    spec: dict[str, Json]
    metadata: dict[str, Json] = field(default_factory=dict)
    oddities: list[Oddity] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    ours: bool = False

    def note(self, found: str, written: str, decide: str = "") -> None:
        """Note something that is not as it should be; see ``Oddity``."""
        self.oddities.append(Oddity(self.ref, found, written, decide))

    def named(self, kind: str) -> ResourceRef:
        """Return the object of a kind that the document names in the field that is called like it."""
        return ResourceRef(kind, str(self.spec.get(f"{kind[:1].lower()}{kind[1:]}")))

    def document(self) -> dict[str, Json]:
        """Return ``{"metadata": …, "spec": …}``."""
        return {"metadata": {"name": self.name, **self.metadata}, "spec": self.spec}


def free_name(base: str, taken: Collection[str]) -> str:
    """Return the name, or the first of it with a number behind that is not taken."""
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One object that stays as it is: why, and what of it can be written, for a person to complete."""

    ref: ResourceRef
    reason: str
    decide: str
    items: Items
    written: Written | None = None
