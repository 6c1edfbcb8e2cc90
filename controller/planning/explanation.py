"""Why something is as it is: the answer as a value, as people read it, and as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, NamedTuple

_WIDTH: Final = 14
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


def explanation_lines(one: Explanation) -> tuple[str, ...]:
    """Return the answer for people."""
    return tuple(_lines(one))


def _lines(one: Explanation) -> Iterator[str]:
    yield "    ".join(filter(None, one.heading))
    if one.verdict:
        yield one.verdict
    yield ""
    yield from _block("Last change", one.last_change)
    yield from _block("Why", one.why)
    if one.order:
        yield from _block("Order", (" · ".join(map(str, one.order)),))
        yield from _block("", tuple(f"{rule.name}: {rule.why}" for rule in one.order if rule.why))
    yield from _block("Values", one.values)
    yield from _block("Overrides", one.overrides)
    yield from _block("Blocks", _blocks(one))
    if one.has_next:
        yield from _block("Next", tuple(_next(one)) or ("it changes no more",))
    if one.commands:
        yield ""
        width = max(len(command.purpose) for command in one.commands) + 1
        for command in one.commands:
            label = f"{command.purpose}:" if command.purpose else ""
            yield f"{label:<{max(width, _WIDTH - 1)}} {command.text}"


def _block(label: str, lines: tuple[str, ...]) -> Iterator[str]:
    for place, line in enumerate(lines):
        yield f"{label if not place else '':<{_WIDTH}}{line}"


def _blocks(one: Explanation) -> tuple[str, ...]:
    told = f" ({'; '.join(one.information)}: information only)" if one.information else ""
    first, *rest = one.blocks or ("nothing",)
    return (f"{first}{told}", *rest)


def _next(one: Explanation) -> Iterator[str]:
    for change in one.next:
        local, utc = change.at.astimezone(one.zone), change.at.astimezone(UTC)
        text = f"{change.state.upper():<4} {local:%a} {local.day:>2} {local:%b %H:%M %Z}"
        yield text if f"{local:%Z}" == "UTC" else f"{text}  {utc:%H:%M} UTC"


def explanation_json(one: Explanation) -> dict[str, Any]:
    """Return the answer for programs."""
    return {
        "ref": one.ref,
        "heading": list(one.heading),
        "verdict": one.verdict,
        "at": one.at.isoformat(),
        "wanted": one.wanted,
        "inOrder": one.in_order,
        "lastChange": list(one.last_change),
        "why": list(one.why),
        "order": [rule._asdict() for rule in one.order],
        "values": list(one.values),
        "overrides": list(one.overrides),
        "blocks": list(one.blocks),
        "information": list(one.information),
        "next": [
            {
                "at": change.at.astimezone(one.zone).isoformat(),
                "utc": change.at.astimezone(UTC).isoformat(),
                "state": change.state,
            }
            for change in one.next
        ],
        "commands": [command._asdict() for command in one.commands],
    }
