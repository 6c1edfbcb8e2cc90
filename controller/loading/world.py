"""The rest of the desired state, as one object's rules may ask for it, with every question remembered."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from controller.model.ref import ResourceRef

ALL = "*"
"""Stands for every object of a kind in what was asked; no object can have this name."""


class TracingWorld:
    """Answers from the facts of all objects and keeps the list of what was asked since ``start``."""

    def __init__(
        self, facts: Mapping[ResourceRef, Any], compatibility: str, default_region: str
    ) -> None:
        """Answer from ``facts``; the two settings are what rules may depend on besides other objects."""
        self._facts = facts
        # A reference is a plain pair too: asking with one spares making a ResourceRef per question.
        self._look = cast("Callable[[tuple[str, str]], Any]", facts.get)
        self._known: dict[tuple[str, str], ResourceRef] = {}
        self.compatibility = compatibility
        self.default_region = default_region
        self._asked: list[tuple[str, str]] = []

    def start(self) -> None:
        """Begin a new list of questions."""
        self._asked = []

    def asked(self) -> tuple[ResourceRef, ...]:
        """Return what was asked since ``start``, each once, in order; equal answers share their values."""
        known = self._known
        return tuple(
            [known.get(pair) or self._remember(pair) for pair in dict.fromkeys(self._asked)]
        )

    def facts(self, kind: str, key: str) -> Any:
        """Return the facts of an object, None if there is none by that name."""
        pair = (kind, key)
        self._asked.append(pair)
        return self._look(pair)

    def names(self, kind: str) -> Iterable[str]:
        """Return every key of a kind; remembered as a question about all of them."""
        self._asked.append((kind, ALL))
        return (ref.key for ref in self._facts if ref.kind == kind)

    def _remember(self, pair: tuple[str, str]) -> ResourceRef:
        ref = self._known[pair] = ResourceRef(*pair)
        return ref
