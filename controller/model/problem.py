"""What is wrong with the desired state, where, and what to write instead."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from controller.model.origin import Origin


class ProblemCode(StrEnum):
    """What sort of problem: what programs decide by."""

    UNREADABLE_FILE = "unreadableFile"
    """A file, link or folder that is not read at all."""
    SYNTAX = "syntax"
    """A file that is no YAML, or YAML in a form that is not taken."""
    UNKNOWN_KIND = "unknownKind"
    UNKNOWN_FIELD = "unknownField"
    MISSING = "missing"
    """A field that has to be there; ``field`` names it."""
    INVALID_VALUE = "invalidValue"
    UNKNOWN_REFERENCE = "unknownReference"
    DUPLICATE = "duplicate"
    NAMING_PATTERN = "namingPattern"
    """A name that is not as its environment type wants names."""
    IMMUTABLE = "immutable"
    """A field that cannot be changed once it was applied."""
    OVERRIDE = "override"
    """An override that gives a value which does not fit."""
    MORE = "more"
    """Stands for others that are not told."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One line of source with the part that is meant. ``start`` is a 0-based character offset."""

    text: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing the author of the YAML has to mend.

    ``path`` is the dotted path inside the document (``spec.roles.Web.ami``), empty when the whole file is meant.
    ``message`` says what is wrong and what was expected; ``fix`` says what to write.
    """

    origin: Origin
    path: str
    message: str
    fix: str | None = None
    excerpt: Excerpt | None = None
    warning: bool = False
    """A warning is shown but does not make the desired state wrong."""
    code: ProblemCode = ProblemCode.INVALID_VALUE
    field: str = ""
    """Of a problem that says something is missing: the name of the field, to be written below ``path``."""

    def __str__(self) -> str:
        """Render as people read it: place, path and message, the excerpt with a caret, the fix."""
        where = f"{self.path}: " if self.path else ""
        level = "warning: " if self.warning else ""
        lines = [f"{self.origin}: {level}{where}{self.message}"]
        if self.excerpt is not None:
            margin = f"{self.origin.line:>5} | "
            lines.append(f"{margin}{self.excerpt.text}")
            caret = "^" * max(1, self.excerpt.length)
            lines.append(f"{' ' * len(margin)}{' ' * self.excerpt.start}{caret}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


def in_file_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems as a reader meets them: by file, line, column, then text; what shows no line comes last."""
    return tuple(sorted(problems, key=lambda p: (*p.origin, p.excerpt is None, p.path, p.message)))
