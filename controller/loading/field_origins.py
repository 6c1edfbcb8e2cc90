"""Where each field of an effective document was written: in it, in the defaults of its roles, or in a folder's Defaults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.loading.defaults import FolderDefaults, defaults_documents, folder_of
from controller.loading.envelope import ParsedFile
from controller.loading.positions import Position, Positions
from controller.model.canonical import parse_canonical
from controller.model.ref import Origin

FieldPath = tuple[str | int, ...]

ROLE_DEFAULTS = ("spec", "roleDefaults")
ROLES = ("spec", "roles")


@dataclass(frozen=True, slots=True)
class Written:
    """A place in terms of documents: which file, which document of it, which path inside."""

    path: str
    index: int
    field: FieldPath


class FieldOrigins:
    """Answers for one revision. Texts are read again only for files that are asked about."""

    def __init__(
        self,
        files: Mapping[str, str],
        parsed: Mapping[str, ParsedFile],
        text_of: Callable[[str], bytes],
        secret_names: frozenset[str] = frozenset(),
    ) -> None:
        """Take the files (path -> content id), what they say, and a way to get a file's text by its content id.

        Excerpts do not show the values of fields of ``secret_names``.
        """
        self._files, self._parsed, self._text_of = files, parsed, text_of
        self._secret_names = secret_names
        self._positions: dict[str, Positions] = {}
        self._bodies: dict[tuple[str, int], dict[str, Any]] = {}
        self._defaults = FolderDefaults(defaults_documents(files, parsed))

    def has(self, path: str) -> bool:
        """Tell whether a path is that of a file."""
        return path in self._files

    def written(self, path: str, index: int, field: FieldPath) -> Written:
        """Say where a field of an effective document comes from; the document itself where nobody else gives it."""
        authored = self._body(path, index)
        here = Written(path, index, field)
        if _has(authored, field):
            return here
        if field[:2] == ROLES and len(field) > 3:
            inherited = (*ROLE_DEFAULTS, *field[3:])
            if _has(authored, inherited):
                return Written(path, index, inherited)
        if field[:1] == ("spec",) and len(field) > 1:
            documents = self._parsed[self._files[path]].documents
            kind = documents[index].kind if index < len(documents) else ""
            return self._in_defaults(folder_of(path), kind, field) or here
        return here

    def position(self, written: Written, *, key: bool = False) -> Position:
        """Return line, column and excerpt of a place."""
        found = self._positions.get(written.path)
        if found is None:
            text = self._text_of(self._files[written.path])
            found = self._positions[written.path] = Positions(text, self._secret_names)
        return found.locate(written.index, written.field, key=key)

    def origin(self, path: str, index: int, field: FieldPath, *, key: bool = False) -> Origin:
        """Return file, line and column of a field of an effective document."""
        written = self.written(path, index, field)
        return self.position(written, key=key).origin(written.path)

    def _in_defaults(self, folder: str, kind: str, field: FieldPath) -> Written | None:
        inherited = (*ROLE_DEFAULTS, *field[3:]) if field[:2] == ROLES and len(field) > 3 else field
        for document in reversed(self._defaults.over(folder)):
            for candidate in (field, inherited):
                place = ("spec", kind, *candidate[1:])
                if _has(self._body(document.origin.path, document.index), place):
                    return Written(document.origin.path, document.index, place)
        return None

    def _body(self, path: str, index: int) -> dict[str, Any]:
        key = (path, index)
        body = self._bodies.get(key)
        if body is None:
            documents = self._parsed[self._files[path]].documents
            parsed = parse_canonical(documents[index].body) if index < len(documents) else {}
            body = self._bodies[key] = parsed
        return body


def _has(value: Any, path: FieldPath) -> bool:
    for step in path:
        if isinstance(value, dict):
            if step not in value:
                return False
        elif not isinstance(value, list) or not isinstance(step, int) or step >= len(value):
            return False
        value = value[step]
    return True
