"""The rest of the desired state, as one object's rules may ask for it, with every question remembered."""

from collections.abc import Iterable, Mapping
from typing import Any

from controller.model.ref import ResourceRef

ALL = ""
"""Stands for every object of a kind in what was asked; no object can have this name."""


class TracingWorld:
    """Answers from the facts of all objects and keeps the list of what was asked since ``start``."""

    def __init__(
        self, facts: Mapping[ResourceRef, Any], compatibility: str, default_region: str
    ) -> None:
        """Answer from ``facts``; the two settings are what rules may depend on besides other objects."""
        self._facts = facts
        self._answers: dict[tuple[str, str], tuple[ResourceRef, Any]] = {}
        """The same few objects are asked about again and again. A reference is a plain pair too."""
        self.compatibility = compatibility
        self.default_region = default_region
        self._asked: list[ResourceRef] = []

    def start(self) -> None:
        """Begin a new list of questions."""
        self._asked = []

    def asked(self) -> tuple[ResourceRef, ...]:
        """Return what was asked since ``start``, each once, in order; equal answers share their values."""
        return tuple(dict.fromkeys(self._asked))

    def facts(self, kind: str, key: str) -> Any:
        """Return the facts of an object, None if there is none by that name."""
        pair = (kind, key)
        known = self._answers.get(pair)
        if known is None:
            ref = ResourceRef(kind, key)
            known = self._answers[pair] = (ref, self._facts.get(ref))
        self._asked.append(known[0])
        return known[1]

    def names(self, kind: str) -> Iterable[str]:
        """Return every key of a kind; remembered as a question about all of them."""
        self._asked.append(ResourceRef(kind, ALL))
        return (ref.key for ref in self._facts if ref.kind == kind)
