"""Where a value was written, and who last touched the file it was written in."""

from typing import NamedTuple


class Origin(NamedTuple):
    """A place in the source. ``line`` and ``column`` are 1-based; 0 means not known (the whole file)."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Print as ``path:line:column``, leaving out what is not known."""
        if not self.line:
            return self.path
        if not self.column:
            return f"{self.path}:{self.line}"
        return f"{self.path}:{self.line}:{self.column}"

    @property
    def at_line(self) -> "Origin":
        """The same place without its column."""
        return self._replace(column=0)


class Authorship(NamedTuple):
    """The commit that last touched a file. ``unknown`` where the history does not reach."""

    commit: str = "unknown"
    author: str = "unknown"
    date: str = ""
    subject: str = ""


UNKNOWN_AUTHORSHIP = Authorship()
