"""A source that is a few texts."""

from collections.abc import Iterable, Iterator, Mapping

from controller.model.ref import UNKNOWN_AUTHORSHIP, Authorship, DocumentPlace
from controller.ports import Revision, SourceTree


class TextSource:
    """Texts by path, one revision for good. A text is its own content id."""

    def __init__(
        self,
        texts: Mapping[str, str],
        revision: Revision | None = None,
        authorship: Authorship = UNKNOWN_AUTHORSHIP,
    ) -> None:
        """Take the texts, what the revision is called, and who touched every file last."""
        self._texts = dict(sorted(texts.items()))
        self._revision = revision or Revision("r1", "texts")
        self._authorship = authorship

    @property
    def name(self) -> str:
        return "texts"

    def changed_since(self, revision_id: str | None) -> bool:
        return revision_id != self._revision.id

    def fetch(self) -> SourceTree:
        return SourceTree(self._revision, self._texts)

    def follows(self, revision_id: str) -> bool:
        return True

    def read(self, content_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        return ((text, text.encode()) for text in content_ids)

    def authorship(self, places: Iterable[DocumentPlace]) -> Mapping[DocumentPlace, Authorship]:
        return dict.fromkeys(places, self._authorship)
