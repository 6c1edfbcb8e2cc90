"""Why something is as it is: the answer as a value."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final, NamedTuple

_NOTHING: Final = "\N{EN DASH}"


class RuleShown(NamedTuple):
    """One rule of the order. ``verdict`` is decides, absent, beaten, ended, passed over or invalid."""

    name: str
    text: str
    verdict: str
    why: str = ""

    def __str__(self) -> str:
        """Print as the order shows it; the one that decides in brackets: ``[environment office-hours]``."""
        match self.verdict:
            case "decides":
                return f"[{self.name} {self.text}]"
            case "absent":
                return f"{self.name} {_NOTHING}"
            case "beaten":
                return f"{self.name} {self.text}"
            case _:
                return f"{self.name} {self.text} ({self.verdict})"


class NextShown(NamedTuple):
    """A change to come: ``on``, ``off`` or ``noschedule``."""

    at: datetime
    state: str


class Command(NamedTuple):
    """What to type next, and what for."""

    purpose: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer. Texts are whole lines; what does not apply is empty."""

    ref: str
    heading: tuple[str, ...]
    verdict: str
    at: datetime
    zone: tzinfo = UTC
    wanted: str = ""
    in_order: bool | None = None
    """None where nothing is wanted, or it cannot be told."""
    last_change: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    order: tuple[RuleShown, ...] = ()
    values: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    information: tuple[str, ...] = ()
    """What might be taken for a block and is none."""
    next: tuple[NextShown, ...] = ()
    has_next: bool = False
    """Whether changes to come are a question at all."""
    commands: tuple[Command, ...] = field(default=())
