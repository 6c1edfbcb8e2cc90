"""A YAML file of which some documents go back to what they were, and the others stay as they are, to the byte."""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from controller.loading.documents import Irregular, parse_documents

_BEGINS: Final = re.compile(rb"^(?=---(?:[ \t\r\n]|\Z))", re.MULTILINE)
_COMMENT: Final = re.compile(rb"(?:---)?[ \t]*(?:#|\Z)")
_MARKER: Final = b"---"


class DocumentName(NamedTuple):
    """What a document says it is: its kind, its name and the environment it is of. Empty texts for what it does not say."""

    kind: str = ""
    name: str = ""
    environment: str = ""


_Documents = list[tuple[DocumentName | None, bytes]]
"""Texts between markers and what they say they are; None for comments alone."""


def reverted_file(
    now: bytes | None, reverted: bytes | None, goes_back: Callable[[DocumentName], bool]
) -> bytes | None:
    """Return what becomes of a file that a revert makes ``reverted`` of ``now``; None is no file.

    Documents for which ``goes_back`` says so become what they are in ``reverted``. A file whose documents cannot be told apart,
    are none or do not differ is asked for as a whole, by a name of empty texts.
    """
    ours, theirs = _documents(now), _documents(reverted)
    before, after = (
        {name: text.removeprefix(_MARKER).strip() for name, text in documents if name is not None}
        for documents in (ours, theirs)
    )
    differ = [name for name in before | after if before.get(name) != after.get(name)]
    if not (differ and _are_told_apart(ours) and _are_told_apart(theirs)):
        return reverted if goes_back(DocumentName()) else now
    if all(map(goes_back, differ)):
        return reverted
    if not any(map(goes_back, differ)):
        return now
    wanted = {name: text for name, text in theirs if name is not None and goes_back(name)}
    kept: list[tuple[DocumentName | None, bytes]] = []
    for name, text in ours:
        if name is None or not goes_back(name):
            kept.append((name, text))
        elif name in wanted:
            kept.append((name, wanted.pop(name)))
    kept += wanted.items()
    if all(name is None for name, _ in kept):
        return None
    return _joined(text for _, text in kept)


def _documents(data: bytes | None) -> _Documents:
    return [(_name(text), text) for text in _BEGINS.split(data or b"") if text]


def _name(text: bytes) -> DocumentName | None:
    if all(_COMMENT.match(line) for line in text.splitlines()):
        return None
    try:
        (document,) = parse_documents(text)
    except (Irregular, ValueError):
        return DocumentName()
    kind, metadata, spec = (document.value.get(field) for field in ("kind", "metadata", "spec"))
    name, environment = _member(metadata, "name"), _member(spec, "environmentName")
    return DocumentName(str(kind or ""), name, environment)


def _member(value: object, name: str) -> str:
    return str(value.get(name) or "") if isinstance(value, dict) else ""


def _are_told_apart(documents: _Documents) -> bool:
    names = [name for name, _ in documents if name is not None]
    return all(name.kind for name in names) and len(set(names)) == len(names)


def _joined(texts: Iterable[bytes]) -> bytes:
    joined = b""
    for text in texts:
        if joined and not joined.endswith(b"\n"):
            joined += b"\n"
        if joined and not text.startswith(_MARKER):
            joined += _MARKER + b"\n"
        joined += text
    return joined
