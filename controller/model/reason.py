"""Why something is as it is: a line that says it, and what people read below that line."""

from typing import Final, Self


class Reason(str):
    """As text all that people read: the message, details on lines of their own, and what to do.

    ``message`` is the first line alone, for where there is room for one; ``below`` the lines that follow it. An empty
    reason is false.
    """

    __slots__ = ("below", "message")
    message: str
    below: str

    def __new__(cls, message: str = "", *, detail: str = "", fix: str = "") -> Self:
        """Put a message of one line, further lines, and a fix (which may have several lines) together."""
        below = "\n".join(filter(None, (detail, f"  fix: {fix}" if fix else "")))
        made = super().__new__(cls, f"{message}\n{below}" if below else message)
        made.message, made.below = message, below
        return made

    def cut(self, lines: int) -> str:
        """Return at most so many lines of it."""
        return "\n".join(self.splitlines()[:lines])

    @classmethod
    def stored(cls, text: str) -> Self:
        """Return a reason that was kept as text."""
        kept = super().__new__(cls, text)
        kept.message, _, kept.below = text.partition("\n")
        return kept


NO_REASON: Final = Reason()
