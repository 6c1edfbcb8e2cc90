"""What objects of a kind may be called, and the rule that says so."""

import re
from dataclasses import dataclass
from typing import Any

from controller.kinds.language.kind import Finding, Findings, World
from controller.model.ref import ResourceRef


@dataclass(frozen=True, slots=True)
class NameFormat:
    """The form of ``metadata.name``. ``pattern`` is anchored and means the same in Python, Rust and JavaScript."""

    pattern: str
    max_length: int
    expected: str
    """In words, with an example: "letters and digits, beginning with a letter, such as Search"."""
    owned: bool = False
    """Whether keys of the kind are ``<owner>/<name>``."""

    def rule(self, ref: ResourceRef, _facts: Any, _world: World) -> Findings:
        """Find a name that is too long or of another form."""
        yield from self.findings(ref.key.partition("/")[2] if self.owned else ref.key)

    def findings(self, name: str) -> Findings:
        """Find a ``metadata.name`` that is too long or of another form."""
        if len(name) > self.max_length or not re.fullmatch(self.pattern, name):
            yield Finding(
                ("metadata", "name"),
                f"{name!r} is no name for this kind: expected at most {self.max_length} characters, {self.expected}",
                "rename it, and whatever refers to it",
            )
