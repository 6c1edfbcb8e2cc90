"""The value of a field that is not there, which is not the same as null."""

from enum import Enum
from typing import Final


class Absent(Enum):
    """Its single member stands for a field that does not exist."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        """Print short in test failures."""
        return "ABSENT"


ABSENT: Final = Absent.ABSENT
