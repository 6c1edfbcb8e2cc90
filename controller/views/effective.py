"""Effective documents as YAML, the origin of each value behind it, and as JSON."""

from collections.abc import Iterable, Iterator
from typing import Annotated, TypedDict

from controller.engine.queries.effective import EffectiveDocument
from controller.loading.positions import FieldPath, dotted
from controller.loading.yaml_text import scalar_text
from controller.model.canonical import Json

_COMMENT_COLUMN = 44


class EffectiveObject(TypedDict):
    """One document as it counts."""

    ref: Annotated[str, "Kind/name."]
    origin: Annotated[str, "path:line:column of the document."]
    document: dict[str, object]
    origins: Annotated[dict[str, str], "Dotted path of each single value -> path:line of it."]


class RenderDocument(TypedDict):
    """Effective documents: defaults merged, inheritance written out."""

    documents: Annotated[list[EffectiveObject], "In the order of their files."]


def effective_json(documents: Iterable[EffectiveDocument]) -> RenderDocument:
    """Return effective documents for programs."""
    return {
        "documents": [
            {
                "ref": str(effective.ref),
                "origin": str(effective.origin),
                "document": effective.document,
                "origins": {
                    dotted(path): str(origin._replace(column=0))
                    for path, origin in effective.origins.items()
                },
            }
            for effective in documents
        ]
    }


def effective_yaml(effective: EffectiveDocument) -> str:
    """Return an effective document as YAML, the origin of each value behind it."""
    lines = []
    for text, path in _lines(effective.document, (), 0):
        origin = effective.origins.get(path) if path is not None else None
        comment = f"# {origin._replace(column=0)}" if origin else ""
        lines.append(f"{text:<{_COMMENT_COLUMN}}  {comment}".rstrip() if comment else text)
    return "\n".join(lines) + "\n"


def _lines(value: Json, path: FieldPath, depth: int) -> Iterator[tuple[str, FieldPath | None]]:
    indent = "  " * depth
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for step, part in parts:
        here = (*path, step)
        head = f"{indent}{scalar_text(step)}:" if isinstance(value, dict) else f"{indent}-"
        if not part or not isinstance(part, dict | list):
            yield f"{head} {scalar_text(part)}", here
        elif isinstance(value, list):
            inner = list(_lines(part, here, depth + 1))
            first, first_path = inner[0]
            yield f"{head} {first.strip()}", first_path
            yield from inner[1:]
        else:
            yield head, None
            yield from _lines(part, here, depth + 1)
