"""An explanation as people read it, and as JSON."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any, Final

from controller.engine.queries.explain.explanation import Explanation

_WIDTH: Final = 14


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
