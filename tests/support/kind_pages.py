"""The pages of docs/reference/kinds, made from the kinds and their JSON Schemas."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from controller import catalog
from controller.kinds.language.json_schema import document_schema, file_name
from controller.kinds.language.kind import Kind, Leaving

NOTE = "<!-- Made from the code by `make golden`; edit the code. -->"
EXAMPLES = Path(__file__).parents[2] / "examples" / "fleet"
LONGEST_DEFAULT = 40
LEAVINGS = {
    Leaving.DELETE: "Its item is deleted.",
    Leaving.TOMBSTONE: "Its item stays, marked with `Deleted: 'true'`.",
    Leaving.MARK_THEN_DELETE: "Its item is marked for delete and deleted twenty minutes later.",
    Leaving.RETIRE_FIRST: "Its item is deleted, once a revision with `lifecycle: retired` has been applied; before, the plan is held.",
}


def kind_pages() -> dict[str, str]:
    """Return file name -> text."""
    kinds = catalog.kinds()
    pages = {f"kinds/{_file(name)}": "\n".join(_page(kind)) for name, kind in kinds.items()}
    return {**pages, "kinds/README.md": "\n".join(_index(kinds))}


def _file(name: str) -> str:
    return file_name(name).replace(".schema.json", ".md")


def _index(kinds: Mapping[str, Kind[Any]]) -> Iterator[str]:
    yield f"{NOTE}\n# Kinds\n"
    yield "Beside these there is `kind: Defaults`: partial specs by kind, for the documents of its folder and below.\n"
    yield "| kind | what it is | tables |\n|---|---|---|"
    for name, kind in kinds.items():
        tables = ", ".join(f"`{table.name}`" for table in kind.tables)
        yield f"| [{name}]({_file(name)}) | {kind.summary} | {tables} |"
    yield ""


def _page(kind: Kind[Any]) -> Iterator[str]:
    yield f"{NOTE}\n# {kind.name}\n\n{kind.summary}\n"
    example = _example(kind.name)
    if example:
        yield f"```yaml\n{example}\n```\n"
    yield from _facts(kind)
    schema = document_schema(kind)
    definitions: dict[str, Any] = schema["$defs"]
    yield "## spec\n"
    yield from _table(definitions["Spec"])
    for name, one in definitions.items():
        if name != "Spec" and one.get("properties"):
            yield f"## {name}\n\n{one.get('description', '')}\n"
            yield from _table(one)


def _facts(kind: Kind[Any]) -> Iterator[str]:
    for table in kind.tables:
        keys = ", ".join(f"`{key.name}` ({key.type})" for key in table.key_attributes())
        yield f"* Table `{table.name}`, key {keys}."
    if kind.names is not None:
        yield f"* Names: {kind.names.expected}; at most {kind.names.max_length} characters."
    for unique in kind.unique:
        yield f"* Unique among all of the kind: {unique.what}."
    for one in kind.immutable:
        yield f"* Kept as first applied: `{'.'.join(one.path)}`, as {one.because}."
    for shared in kind.shared:
        place = ".".join((shared.table, *shared.path))
        yield f"* Shared with other programs where the YAML does not give it: `{place}`."
    yield f"* Removed from the YAML: {LEAVINGS[kind.leaving]}"
    yield f"* Editors check it with `schemas/{file_name(kind.name)}`.\n"


def _table(schema: Mapping[str, Any]) -> Iterator[str]:
    required = {*schema.get("required", ()), *schema.get("x-required", ())}
    properties: Mapping[str, Any] = schema.get("properties", {})
    if not properties:
        yield "It has no fields.\n"
        return
    yield "| field | expects | default | |\n|---|---|---|---|"
    for name, field in properties.items():
        shown = "required" if name in required else _default(field)
        said = _cell(" ".join(filter(None, (field.get("description", ""), *_marks(field)))))
        yield f"| `{name}` | {_cell(_expects(field))} | {shown} | {said} |"
    yield ""


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("default")
    if value in (None, "", [], {}):
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`" if len(text) <= LONGEST_DEFAULT else "see the schema"


def _marks(field: Mapping[str, Any]) -> Iterator[str]:
    if field.get("x-controller-only"):
        yield "*Not in the table.*"
    if field.get("x-sensitive"):
        yield "*Never printed.*"


def _expects(field: Mapping[str, Any]) -> str:
    """Say in words what a value has to be."""
    if "anyOf" in field:
        parts = [_expects(one) for one in field["anyOf"] if one != {"type": "null"}]
        return " or ".join(dict.fromkeys(filter(None, parts)))
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "x-ref" in field:
        return f"name of a [{field['x-ref']}]({_file(field['x-ref'])})"
    if "x-expected" in field:
        return str(field["x-expected"])
    if field.get("type") == "array":
        return f"list of {_expects(field.get('items', {})) or 'values'}"
    if field.get("type") == "object":
        values = field.get("additionalProperties")
        return f"map of {_expects(values)}" if isinstance(values, dict) else "map"
    return _plain(field)


def _plain(field: Mapping[str, Any]) -> str:
    choices = field.get("enum", [field["const"]] if "const" in field else [])
    if choices:
        return " \\| ".join(f"`{one}`" for one in choices)
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true, false"}  # fmt: skip
    word = words.get(str(field.get("type")), "")
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f"{word} from {low} to {high}"
    if low is not None:
        return f"{word} from {low}"
    return word


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", "\\|", text)


def _example(kind: str) -> str:
    """Return the first document of a kind among the examples; empty if there is none."""
    for path in sorted(EXAMPLES.rglob("*.yaml")):
        for document in re.split(r"^---\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            lines = [line for line in document.splitlines() if not line.startswith("#")]
            if f"kind: {kind}" in lines:
                return "\n".join(lines).strip()
    return ""
