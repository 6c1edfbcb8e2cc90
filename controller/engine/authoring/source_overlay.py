"""A source with one more file in it, to see what the file would mean there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from controller.model.origin import Authorship
from controller.ports import Source, SourceTree

_CONTENT_ID = "file not written yet"


class SourceWithFile:
    """The tree of another source, and a file on top. Each content has an id of its own."""

    def __init__(self, source: Source, path: str) -> None:
        """Take the source and the file's path in it; the file is empty of documents until ``content`` is set."""
        self._source = source
        self._path = path
        self._tree: SourceTree | None = None
        self._versions = 0
        self._content = b""

    @property
    def name(self) -> str:
        """The name of the source below."""
        return self._source.name

    def put(self, content: bytes) -> None:
        """Set what is in the file from the next fetch on."""
        self._content = content
        self._versions += 1

    def changed_since(self, revision_id: str | None) -> bool:
        """Tell that it did: the file may have."""
        return True

    def fetch(self) -> SourceTree:
        """Return the tree of the source, fetched once, with the file as it is now."""
        if self._tree is None:
            self._tree = self._source.fetch()
        files = {**self._tree.files, self._path: self._id}
        return replace(self._tree, files=files)

    def read(self, content_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield contents, in the order asked."""
        for wanted in content_ids:
            if wanted == self._id:
                yield wanted, self._content
            else:
                yield from self._source.read([wanted])

    def authorship(self, paths: Iterable[str]) -> Mapping[str, Authorship]:
        """Ask the source."""
        return self._source.authorship(paths)

    @property
    def _id(self) -> str:
        return f"{_CONTENT_ID} {self._versions}"
