"""Folder defaults: which apply to a file, and how they merge with what a document says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.kinds.language.merge import merge
from controller.model.canonical import digest, parse_canonical
from controller.model.origin import Origin


@dataclass(frozen=True, slots=True)
class DefaultsDocument:
    """One ``kind: Defaults`` document: partial specs by kind, for its folder and everything below."""

    origin: Origin
    index: int
    body: bytes

    @property
    def folder(self) -> str:
        """The folder it applies to; empty for the top."""
        return folder_of(self.origin.path)

    def partial_specs(self) -> dict[str, Any]:
        """Return the authored ``spec``: kind name -> partial spec."""
        spec = parse_canonical(self.body)["spec"]
        return spec if isinstance(spec, dict) else {}


@dataclass(frozen=True, slots=True)
class KindDefaults:
    """What a folder gives to one kind: the merged partial spec and where it comes from, nearest first."""

    spec: Mapping[str, Any]
    origins: tuple[Origin, ...]


NO_DEFAULTS = KindDefaults({}, ())


class FolderDefaults:
    """All Defaults documents of one revision, asked by folder and kind."""

    def __init__(self, documents: Iterable[DefaultsDocument]) -> None:
        """Take the documents in file order; a later one in the same folder wins over an earlier one."""
        self._by_folder: dict[str, list[DefaultsDocument]] = {}
        for document in documents:
            self._by_folder.setdefault(document.folder, []).append(document)
        self._merged: dict[tuple[str, str], KindDefaults] = {}
        self._ids: dict[str, str] = {}

    def for_kind(self, folder: str, kind: str) -> KindDefaults:
        """Return what documents of ``kind`` in ``folder`` start from."""
        key = (folder, kind)
        found = self._merged.get(key)
        if found is None:
            found = self._merged[key] = self._merge(folder, kind)
        return found

    def id_of(self, folder: str) -> str:
        """Return a text that changes whenever a Defaults document over the folder changes."""
        found = self._ids.get(folder)
        if found is None:
            parts = [document.body for document in self._over(folder)]
            found = self._ids[folder] = digest(b"\n".join(parts)) if parts else ""
        return found

    def nearest_first(self, folder: str) -> list[DefaultsDocument]:
        """Return the documents that apply to a folder, the one that wins first."""
        return self._over(folder)[::-1]

    def _over(self, folder: str) -> list[DefaultsDocument]:
        if not self._by_folder:
            return []
        return [
            document
            for level in folders_above(folder)
            for document in self._by_folder.get(level, ())
        ]

    def _merge(self, folder: str, kind: str) -> KindDefaults:
        spec: dict[str, Any] = {}
        origins: list[Origin] = []
        for document in self._over(folder):
            partial = document.partial_specs().get(kind)
            if isinstance(partial, dict):
                spec = merge(spec, partial)
                origins.insert(0, document.origin)
        return KindDefaults(spec, tuple(origins)) if origins else NO_DEFAULTS


def folder_of(path: str) -> str:
    """Return the folder part of a slash-separated path; empty for a file at the top."""
    return path.rpartition("/")[0]


def folders_above(folder: str) -> list[str]:
    """Return the folder and those around it, outermost (the empty text) first."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:count]) for count in range(len(parts) + 1)]
