"""IMPORT-NOTES.md: everything odd that importing met, what became of it, and what is left to a person."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from controller.kinds.language.fields import PLAIN, Shape, fields_of
from controller.kinds.language.kind import Kinds
from controller.loading.authoring.found import LeftOut, Oddity
from controller.model.ref import ResourceRef

NOTES = "IMPORT-NOTES.md"
HIDDEN = "(sensitive)"

Json = Any


def import_notes(
    oddities: Iterable[Oddity],
    left_out: Sequence[LeftOut],
    others: Sequence[str],
    changes: Mapping[ResourceRef, Sequence[str]],
    paths: Mapping[ResourceRef, str],
    kinds: Kinds,
) -> str:
    """Return the notes as Markdown.

    ``others`` are remarks on what is no object of the tables: groups, accounts. ``changes`` says of each object what is
    written to its items when it is adopted, beside our mark.
    """
    by_ref: dict[ResourceRef, list[Oddity]] = {}
    for oddity in oddities:
        by_ref.setdefault(oddity.ref, []).append(oddity)
    count = sum(map(len, by_ref.values()))
    without = {left.ref for left in left_out}
    summary = (
        f"{_plural(len(paths.keys() - without), 'object', 'objects')} written;"
        f" {_plural(count, 'oddity', 'oddities')} met;"
        f" {_plural(len(left_out), 'object', 'objects')} left out."
    )
    lines = [
        "# Notes of the import",
        "",
        summary,
        "Nothing has been changed: what is said of being adopted happens with `envctl apply --source FOLDER --adopt`, where FOLDER is this one.",
    ]
    if left_out:
        lines += ["", "## Left out: these stay as they are, and unmanaged", ""]
        for left in sorted(left_out, key=lambda left: left.ref):
            lines += _left_out(left, paths, kinds)
    if by_ref:
        lines += ["", "## Found otherwise than it should be", ""]
        for ref in sorted(by_ref):
            lines += [f"### {_code(str(ref))}{_at(paths.get(ref))}", ""]
            for odd in by_ref[ref]:
                lines += [f"- found: {_line(odd.found)}", f"  - written: {_line(odd.written)}"]
                lines += [f"  - to decide: {_line(odd.decide)}"] if odd.decide else []
            lines.append("")
    if changes:
        lines += ["", "## What changes in the tables when it is adopted", ""]
        for ref in sorted(changes):
            lines.append(f"- {_code(str(ref))}{_at(paths.get(ref))}")
            lines += [f"  - {_line(change)}" for change in changes[ref]]
    if others:
        lines += ["", "## Accounts and groups", "", *(f"- {_line(remark)}" for remark in others)]
    return "\n".join(lines).rstrip() + "\n"


def _left_out(left: LeftOut, paths: Mapping[ResourceRef, str], kinds: Kinds) -> Iterable[str]:
    yield f"### {_code(str(left.ref))}{_at(paths.get(left.ref))}"
    yield ""
    yield f"- why: {_line(left.reason)}"
    yield f"- to decide: {_line(left.decide)}"
    shown = {table: _masked(left.ref, item, kinds) for table, item in left.items.items()}
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    yield f"- as found: {_code(orjson.dumps(shown, option=options, default=str).decode())}"
    yield ""


def _masked(ref: ResourceRef, item: Mapping[str, Json], kinds: Kinds) -> Json:
    kind = kinds.get(ref.kind)
    if kind is None:
        return dict(item)
    shape = Shape(model=kind.spec)
    inside = {"Value": _hidden(shape, item["Value"])} if "Value" in item else {}
    return {**_hidden(shape, item), **inside}


def _hidden(shape: Shape, value: Json) -> Json:
    if isinstance(value, Mapping):
        fields = fields_of(shape.model).by_attribute
        shown = {}
        for name, member in value.items():
            field = fields.get(name)
            inner = field.shape if field is not None else shape.values
            hidden = field is not None and field.sensitive and member
            shown[name] = HIDDEN if hidden else _hidden(inner or PLAIN, member)
        return shown
    if isinstance(value, list) and shape.members is not None:
        return [_hidden(shape.members, member) for member in value]
    return value


def _at(path: str | None) -> str:
    return f" ({_code(path)})" if path else ""


def _code(text: str) -> str:
    return f"`{_line(text).replace('`', chr(39))}`"


def _line(text: str) -> str:
    """Return the text on one line: what came out of a table must not end a list or begin a heading."""
    return " ".join(text.split()) if text.isprintable() else repr(text)[1:-1]


def _plural(count: int, single: str, many: str) -> str:
    return f"{count} {single if count == 1 else many}"
