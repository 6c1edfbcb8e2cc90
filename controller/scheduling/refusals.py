"""How a schedule is refused: what is wrong, where in the text, and what to write instead."""


class InvalidSchedule(ValueError):
    """A schedule that is reported and left alone, never guessed.

    ``message`` says what is wrong, ``fix`` what to write instead, ``position`` where it begins in the
    text (0-based column; None for forms that are not one line of text).
    """

    def __init__(self, message: str, fix: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.position = position

    def __str__(self) -> str:
        return f"{self.message}; {self.fix}"

    def __eq__(self, other: object) -> bool:
        """Two refusals of one text are one: decisions about alike instances are compared."""
        return type(other) is type(self) and str(other) == str(self)

    def __hash__(self) -> int:
        return hash(str(self))

    def moved(self, columns: int) -> "InvalidSchedule":
        """Return the same refusal with its position shifted into the surrounding text."""
        return InvalidSchedule(self.message, self.fix, (self.position or 0) + columns)


class ScheduleNeverRuns(InvalidSchedule):
    """A schedule none of whose entries matches a date in the year ahead."""
