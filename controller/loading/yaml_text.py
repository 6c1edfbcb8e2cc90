"""Values as YAML that people would have written, and that reads back as the same values.

Maps stand one field to a line; what is small and holds plain values alone stands on one line: ``{days: mon-fri, from: 08:00}``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from controller.loading.scalars import IrregularScalar, resolve

WIDTH: Final = 100
"""No line is longer, but for a single value that is."""

_PLAIN_TEXT: Final = re.compile(r"[A-Za-z0-9_./$^(](?:[\w ./@$^()+|-]|:(?=[A-Za-z0-9/]))*")
_UNREADABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What libyaml refuses to read, or takes for the end of a line; JSON leaves it as it is."""
_BLOCK_LINE: Final = re.compile(
    r"[\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)
_ENDS_LINES: Final = re.compile("[\u2028\u2029]")
_FLOW_FIELDS: Final = 8

Json = Any


def scalar_text(value: Json) -> str:
    """Return a plain value, or an empty list or map, as YAML of one line that reads back as the same value."""
    if isinstance(value, str):
        return value if _is_plain(value) else quoted_text(value)
    return json.dumps(value, ensure_ascii=False)


def quoted_text(text: str) -> str:
    """Return a text in double quotes, with what cannot be read as it stands escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNREADABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def yaml_lines(value: Mapping[str, Json], depth: int = 0) -> Iterator[str]:
    """Yield the lines of a map, two spaces deeper for each level."""
    for name, member in value.items():
        yield from _field(f"{'  ' * depth}{scalar_text(name)}:", member, depth)


def _field(head: str, value: Json, depth: int) -> Iterator[str]:
    """Yield a name or dash with what belongs to it."""
    if not value or not isinstance(value, dict | list):
        yield from _scalar(head, value, depth)
        return
    on_one_line = _flow(value)
    if on_one_line is not None and len(head) + 1 + len(on_one_line) <= WIDTH:
        yield f"{head} {on_one_line}"
        return
    yield head
    if isinstance(value, dict):
        yield from yaml_lines(value, depth + 1)
    else:
        yield from _members(value, depth + 1)


def _members(value: list[Json], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for member in value:
        if isinstance(member, dict) and member:
            on_one_line = _flow(member)
            if on_one_line is not None and len(indent) + 2 + len(on_one_line) <= WIDTH:
                yield f"{indent}- {on_one_line}"
                continue
            first, *rest = yaml_lines(member, depth + 1)
            yield f"{indent}- {first.lstrip()}"
            yield from rest
        else:
            yield from _field(f"{indent}-", member, depth)


def _scalar(head: str, value: Json, depth: int) -> Iterator[str]:
    if isinstance(value, str) and _fits_a_block(value):
        *lines, last = value.split("\n")
        yield f"{head} |" if not last else f"{head} |-"
        for line in lines if not last else [*lines, last]:
            yield f"{'  ' * (depth + 1)}{line}" if line else ""
    else:
        yield f"{head} {scalar_text(value)}"


def _fits_a_block(text: str) -> bool:
    """Tell whether a text of several lines reads back from a literal block: no odd characters, no blanks at its ends."""
    if "\n" not in text[:-1] or text.endswith("\n\n") or text[0] in " \t\n":
        return False
    lines = text.split("\n")
    return all(_BLOCK_LINE.fullmatch(line) and not _ENDS_LINES.search(line) for line in lines)


def _flow(value: Json) -> str | None:
    """Return a small list or map on one line; None for what is better read on several."""
    if isinstance(value, list):
        if any(isinstance(member, list) and member for member in value):
            return None
        if any(isinstance(member, dict) for member in value) and len(value) > 1:
            return None
        parts = [_flow_part(member) for member in value]
    else:
        if len(value) > _FLOW_FIELDS:
            return None
        parts = [_flow_pair(name, member) for name, member in value.items()]
    if None in parts:
        return None
    inside = ", ".join(filter(None, parts))
    return f"[{inside}]" if isinstance(value, list) else f"{{{inside}}}"


def _flow_pair(name: str, value: Json) -> str | None:
    part = _flow_part(value)
    return None if part is None else f"{scalar_text(name)}: {part}"


def _flow_part(value: Json) -> str | None:
    if isinstance(value, str):
        return None if "\n" in value else scalar_text(value)
    if not value or not isinstance(value, dict | list):
        return scalar_text(value)
    if isinstance(value, dict) and any(
        isinstance(one, dict | list) and one for one in value.values()
    ):
        return None
    return _flow(value)


def _is_plain(text: str) -> bool:
    if not _PLAIN_TEXT.fullmatch(text) or text.endswith(" "):
        return False
    try:
        return resolve(text) == text
    except IrregularScalar:
        return False
