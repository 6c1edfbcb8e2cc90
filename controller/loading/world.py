"""The rest of the desired state, as one object's rules may ask for it, with every question remembered."""

from collections.abc import Iterable, Mapping
from typing import Any

from controller.model.ref import ResourceRef


class TracingWorld:
    """Answers from the facts of all objects and keeps the list of what was asked since ``start``."""

    def __init__(
        self, facts: Mapping[ResourceRef, Any], compatibility: str, default_region: str
    ) -> None:
        """Answer from ``facts``; the two settings are what rules may depend on besides other objects."""
        self._facts = facts
        self.compatibility = compatibility
        self.default_region = default_region
        self._asked: list[ResourceRef] = []

    def start(self) -> list[ResourceRef]:
        """Begin a new list of questions and return it; it fills as questions come."""
        self._asked = []
        return self._asked

    def facts(self, kind: str, key: str) -> Any:
        """Return the facts of an object, None if there is none by that name."""
        ref = ResourceRef(kind, key)
        self._asked.append(ref)
        return self._facts.get(ref)

    def names(self, kind: str) -> Iterable[str]:
        """Return every key of a kind. Not remembered: only messages may depend on it."""
        return (ref.key for ref in self._facts if ref.kind == kind)
