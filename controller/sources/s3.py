"""Objects of a bucket as a source: one listing tells whether anything changed, and only what changed is read.

A bucket has no commits: its objects are written one after the other. So what was read counts only if the bucket lists the same
before and after, and if nothing was written for a while before; a mixture of two generations is read again, never given out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.errors import (
    Conflict,
    RefusedByAws,
    SourceUnavailable,
    Unreachable,
)
from controller.model.ref import UNKNOWN_AUTHORSHIP, Authorship, DocumentPlace
from controller.ports import Revision, SourceTree
from controller.sources.location import SourceForm
from controller.sources.s3_authors import Said, authorship_of
from controller.sources.s3_listing import FORM as ACCEPTS
from controller.sources.s3_listing import (
    SCHEME,
    Lister,
    Listing,
    S3Location,
    parse_s3_location,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SETTLE_S: Final = 5.0
"""How long a bucket must have been left alone: several times what a program that copies files takes from one to the next."""
MAX_READS: Final = 4
"""So many generations are read at most, the bucket being written to meanwhile."""
_SIDE_BY_SIDE: Final = 16
_SHOWN: Final = 7


class _Read(NamedTuple):
    content: bytes
    said: Said


class S3Source:
    """Reads one bucket below a prefix. An object whose ETag is as before is not read again within this object's life.

    Content ids are ETags. Who wrote a file is what its object's metadata or tags say.
    """

    def __init__(
        self,
        location: S3Location,
        client: "Callable[[], S3Client]",
        *,
        settle_s: float = SETTLE_S,
        sleep: Callable[[float], object],
    ) -> None:
        """Take where it is, what makes the client once it is needed, and how long a bucket must have been left alone."""
        self.name = str(location)
        """The SOURCE text."""
        self._location, self._make_client = location, client
        self._settle_s, self._sleep = settle_s, sleep
        self._tree: SourceTree | None = None
        self._said: dict[str, Said] = {}
        """What the objects of the tree say of their authors, by path."""
        self._contents: dict[str, bytes] = {}
        """What was read and not asked for yet, by content id."""

    def changed_since(self, revision_id: str | None) -> bool:
        """Tell by one listing whether the files differ from that revision."""
        return self._listing().digest != revision_id

    def fetch(self) -> SourceTree:
        """Return the files as they are now, each read if it is new, and all of one generation.

        Raises SourceUnavailable if there are none, or the bucket is written to all the time or cannot be read; AccessDenied.
        """
        listing = self._listing()
        for _ in range(MAX_READS):
            if self._tree is not None and self._tree.revision.id == listing.digest:
                return self._tree
            read = self._read_new(listing)
            if read is not None and (left_s := self._settle_s - self._quiet_for_s(listing)) > 0:
                self._sleep(left_s)
            again = self._listing()
            if read is not None and again.digest == listing.digest:
                return self._taken(listing, read)
            listing = again
        raise self._changed(self.name)

    def follows(self, revision_id: str) -> bool:
        """Return True: a bucket has no history."""
        return True

    def read(self, content_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the contents. Raises SourceUnavailable for an object that is no longer what ``fetch`` saw."""
        tree = self._tree or self.fetch()
        paths = {content_id: path for path, content_id in tree.files.items()}
        for wanted in dict.fromkeys(content_ids):
            content = self._contents.pop(wanted, None)
            if content is None:
                path = paths.get(wanted)
                found = None if path is None else self._read(path, wanted, tree.sizes[path])
                if found is None:
                    raise self._changed(f"{self.name}/{path or wanted}")
                content = found.content
            yield wanted, content

    def authorship(self, places: Iterable[DocumentPlace]) -> Mapping[DocumentPlace, Authorship]:
        """Say of each document who wrote its file as it is, where the object says it; what is not there has no author."""
        made: dict[str, Authorship] = {}
        answer: dict[DocumentPlace, Authorship] = {}
        for place in places:
            if place.path not in made:
                said = self._said.get(place.path)
                with _unavailable():
                    made[place.path] = (
                        UNKNOWN_AUTHORSHIP
                        if said is None
                        else authorship_of(self._client, self._location, place.path, said)
                    )
            answer[place] = made[place.path]
        return answer

    @cached_property
    def _client(self) -> "S3Client":
        return self._make_client()

    def _listing(self) -> Listing:
        with _unavailable():
            return Lister(self._client, self._location).list()

    def _quiet_for_s(self, listing: Listing) -> float:
        # When an object was deleted no listing tells: since we last looked, which may be just now.
        gone = (
            self._tree is not None and not self._tree.files.keys() <= listing.selection.files.keys()
        )
        return 0.0 if gone else listing.quiet_for_s()

    def _read_new(self, listing: Listing) -> dict[str, _Read] | None:
        """Return the files that are not as in the tree that was given out last, by path; None if one changed meanwhile."""
        files = listing.selection.files
        if listing.selection.is_empty:
            raise SourceUnavailable(
                f"{self.name}: no .yaml or .yml object below it; an empty source is an error, not an empty fleet",
                fix="name the bucket and the prefix that hold the YAML files",
            )
        known = {} if self._tree is None else self._tree.files
        wanted = [path for path, found in files.items() if known.get(path) != found.id]
        if not wanted:
            return {}
        with ThreadPoolExecutor(min(_SIDE_BY_SIDE, len(wanted))) as pool:
            try:
                answers = list(
                    pool.map(
                        lambda path: self._read(path, files[path].id, files[path].size), wanted
                    )
                )
            finally:
                pool.shutdown(cancel_futures=True)
        read = {path: found for path, found in zip(wanted, answers, strict=True) if found}
        return read if len(read) == len(wanted) else None

    def _read(self, path: str, etag: str, size: int) -> _Read | None:
        """Return an object's bytes and what it says; None if it is not there as it was listed."""
        location, client = self._location, self._client
        with _unavailable():
            try:
                with aws_errors(f"source: read {self.name}/{path}", place_of(client)):
                    answer = client.get_object(
                        Bucket=location.bucket, Key=location.key(path), IfMatch=f'"{etag}"'
                    )
                    content = answer["Body"].read(size + 1)
            except (Conflict, NotFound):
                return None
        said = Said(
            answer["Metadata"],
            answer.get("TagCount", 0),
            answer["LastModified"],
            answer.get("VersionId", ""),
        )
        return _Read(content, said) if len(content) == size else None

    def _taken(self, listing: Listing, read: Mapping[str, _Read]) -> SourceTree:
        """Keep a generation as the one that is given out."""
        files = {path: found.id for path, found in listing.selection.files.items()}
        sizes = {path: found.size for path, found in listing.selection.files.items()}
        before = self._said
        self._said = {path: read[path].said if path in read else before[path] for path in files}
        self._contents = {files[path]: found.content for path, found in read.items()}
        written = "" if listing.changed_at is None else listing.changed_at.isoformat()
        digest = listing.digest
        revision = Revision(digest, f"objects@{digest[:_SHOWN]}", date=written)
        self._tree = SourceTree(revision, files, listing.selection.problems, sizes)
        return self._tree

    def _changed(self, what: str) -> SourceUnavailable:
        return SourceUnavailable(
            f"{what}: changed while it was being read", fix="run again when writing has ended"
        )


@contextmanager
def _unavailable() -> Iterator[None]:
    """Tell whatever AWS says within the block, but that a permission is missing, as what it is for who wants the source."""
    try:
        yield
    except (Unreachable, RefusedByAws) as error:
        raise SourceUnavailable(
            error.message, detail=error.detail, fix=error.fix, facts=error.facts
        ) from error


FORM = SourceForm(
    schemes=(SCHEME,),
    accepts=ACCEPTS,
    open=lambda text, opening: S3Source(parse_s3_location(text), opening.s3, sleep=opening.sleep),
)
