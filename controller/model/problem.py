"""What is wrong with the desired state, where, and what to write instead."""

from collections.abc import Iterable
from dataclasses import dataclass

from controller.model.origin import Origin


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
