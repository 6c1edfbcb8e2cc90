"""The value of a field that is not there, which is not the same as null."""

from enum import Enum
from typing import Any, Final


class Absent(Enum):
    """Its single member stands for a field that does not exist."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        """Print short in test failures."""
        return "ABSENT"


ABSENT: Final = Absent.ABSENT


def without_empty(value: Any) -> Any:
    """Strip nulls and empty texts from plain JSON, which the tables take for absent; empty lists and maps stay."""
    if isinstance(value, dict):
        return {
            name: without_empty(member)
            for name, member in value.items()
            if member is not None and member != ""
        }
    if isinstance(value, list):
        return [without_empty(member) for member in value if member is not None and member != ""]
    return value
