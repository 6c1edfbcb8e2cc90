"""Values as YAML that people would have written, and that reads back as the same values.

Maps stand one field to a line; what is small and holds plain values alone stands on one line: ``{days: mon-fri, from: 08:00}``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from controller.loading.documents import IrregularScalar, resolve

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
    if isinstance(value, str) and _is_plain(value):
        return value
    # In double quotes if it is a text, with what cannot be read as it stands escaped.
    quoted = json.dumps(value, ensure_ascii=False)
    return _UNREADABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def short_text(value: Json, longest: int) -> str:
    """Return a value in words for a note, cut to so many characters."""
    text = repr(value) if isinstance(value, dict | list) else scalar_text(value)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def yaml_lines(value: Mapping[str, Json], depth: int = 0) -> Iterator[str]:
    """Yield the lines of a map, two spaces deeper for each level."""
    for name, member in value.items():
        yield from _field(f"{'  ' * depth}{scalar_text(name)}:", member, depth)


def _field(head: str, value: Json, depth: int) -> Iterator[str]:
    """Yield a name or dash with what belongs to it."""
    if not value or not isinstance(value, dict | list):
        yield from _scalar(head, value, depth)
        return
    if _is_small(value) and len(line := f"{head} {flow_text(value)}") <= WIDTH:
        yield line
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
            if _is_small(member) and len(line := f"{indent}- {flow_text(member)}") <= WIDTH:
                yield line
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


def flow_text(value: Json) -> str:
    """Return a value on one line, however long."""
    if value and isinstance(value, list):
        return f"[{', '.join(map(flow_text, value))}]"
    if value and isinstance(value, dict):
        fields = (f"{scalar_text(name)}: {flow_text(member)}" for name, member in value.items())
        return f"{{{', '.join(fields)}}}"
    return scalar_text(value)


def _is_small(value: Json) -> bool:
    """Tell whether a list or map is read well on one line; else it is better read on several."""
    if isinstance(value, dict):
        return len(value) <= _FLOW_FIELDS and all(map(_is_small_member, value.values()))
    if any(isinstance(member, list) and member for member in value):
        return False
    if len(value) > 1 and any(isinstance(member, dict) for member in value):
        return False
    return all(map(_is_small_member, value))


def _is_small_member(value: Json) -> bool:
    if isinstance(value, str):
        return "\n" not in value
    if not value or not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else ()
    return _is_small(value) and not any(part and isinstance(part, dict | list) for part in inner)


def _is_plain(text: str) -> bool:
    if not _PLAIN_TEXT.fullmatch(text) or text.endswith(" "):
        return False
    try:
        return resolve(text) == text
    except IrregularScalar:
        return False
