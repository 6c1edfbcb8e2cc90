"""A Git repository as a source: fetched bare, read by object id, nothing checked out."""

import difflib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from controller.errors import SourceUnavailable, WrongUsage
from controller.model.ref import UNKNOWN_AUTHORSHIP, Authorship, DocumentPlace
from controller.model.source_bounds import MAX_NAME_SHOWN
from controller.ports import Revision, SourceTree
from controller.redactor import REDACTOR
from controller.sources.git_history import last_touches
from controller.sources.git_objects import (
    BrokenCache,
    list_folders,
    list_tree,
    read_blobs,
    read_revision,
)
from controller.sources.git_repository import GitCache
from controller.sources.location import (
    GIT_PROTOCOLS,
    Credential,
    GitLocation,
    SourceForm,
    parse_git_location,
)
from controller.sources.pull_request import pull_request_of
from controller.sources.selection import printable, select
from controller.sources.signed_commit import check_signed

_logger = logging.getLogger(__name__)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")
_SHOWN = 12
_COMPARED = 5_000


class GitSource:
    """Reads one ref of one repository, below one of its folders.

    ``changed_since`` and ``fetch`` ask the server once (``ls-remote``); a fetch follows only when the commit is not here yet, and
    the commit fetched last is not looked at again. A
    commit id as ref is asked for once in the life of the cache. Two processes may share ``cache_dir``.
    Where ``signers`` are given (``NAME TYPE KEY`` each), a commit that none of them signed is not read.
    """

    def __init__(
        self,
        location: GitLocation,
        cache_dir: Path,
        credential: Credential | None = None,
        signers: Sequence[str] = (),
        *,
        in_checkout: bool = False,
    ) -> None:
        """``in_checkout`` takes a ref that is no branch and no tag for one that the repository itself fetched: ``origin/main``."""
        self._location = location
        self._cache_dir, self._credential = cache_dir, credential
        self._in_checkout, self._signers = in_checkout, signers
        self._cache = GitCache(location, cache_dir, credential)
        self._tree: SourceTree | None = None
        self._branch = ""
        self._authors_of = ""
        self._authors: dict[DocumentPlace, Authorship] = {}
        self.name = str(location)
        """The SOURCE text; a location never holds a credential."""

    def at(self, ref: str) -> "GitSource":
        """Return the same folder of the same repository as of another ref; ``origin/BRANCH`` is the branch. Raises WrongUsage."""
        is_local = self._location.url.startswith("file:")
        asked = ref if is_local else ref.removeprefix("origin/")
        location = GitLocation(self._location.url, asked, self._location.path)
        return GitSource(location, self._cache_dir, self._credential, in_checkout=is_local)

    def before_fork_of(self, other: "GitSource") -> "GitSource":
        """Return the newest state that this one and another have in common. Raises as fetching both, SourceUnavailable for none."""
        own, theirs = self.fetch().revision, other.fetch().revision
        found = self._cache.local.run("merge-base", own.id, theirs.id)
        commit = found.output.decode().strip()
        if found.status != 0 or not commit:
            raise SourceUnavailable(
                f"{other.name}: no commit in common with {own.label}",
                fix="fetch the whole history: git fetch --unshallow",
            )
        return self.at(commit)

    def changed_since(self, revision_id: str | None) -> bool:
        """Tell whether the ref is another commit now: one ``ls-remote``, none at all for a commit id."""
        if self._location.is_fixed:
            return self._location.ref != revision_id
        commit, *_ = self._tip()
        return commit != revision_id

    def fetch(self) -> SourceTree:
        """Return the tree of the ref's commit as it is now.

        Raises SourceUnavailable (out of reach, no such ref, folder or YAML file), UntrustedRevision, AccessDenied, WrongUsage.
        """
        try:
            self._tree = self._fetch()
        except BrokenCache as broken:
            self._tree = None
            self._rebuild(broken)
            self._tree = self._fetch()
        return self._tree

    def follows(self, revision_id: str) -> bool:
        """Tell whether the tree fetched last has a commit in its history; True for what is no commit's id, and where one commit is named."""
        tree, git = self._tree or self.fetch(), self._cache.local
        if self._location.is_fixed or not _COMMIT.fullmatch(revision_id):
            return True
        # All of the history is here: what is not, is not in it.
        asked = ("merge-base", "--is-ancestor", revision_id, tree.revision.id)
        return self._cache.holds(revision_id) and git.run(*asked).status == 0

    def read(self, content_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the contents through one git process; a broken local copy is fetched again once and reading goes on."""
        left = dict.fromkeys(content_ids)
        try:
            for content_id, content in read_blobs(self._cache.local, list(left)):
                del left[content_id]
                yield content_id, content
        except BrokenCache as broken:
            tree = self._tree or self.fetch()
            if next(iter(left)) not in tree.files.values():
                raise
            self._rebuild(broken)
            self._bring(tree.revision.id)
            yield from read_blobs(self._cache.local, list(left))

    def authorship(self, places: Iterable[DocumentPlace]) -> Mapping[DocumentPlace, Authorship]:
        """Say who last touched each document; for one that is not in the tree, who removed it. Asked once per revision."""
        tree = self._tree or self.fetch()
        if self._authors_of != tree.revision.id:
            self._authors_of, self._authors = tree.revision.id, {}
        asked, folder = tuple(places), self._location.path
        wanted = {
            place: (f"{folder}/{place.path}".lstrip("/").encode(), tree.files.get(place.path))
            for place in asked
            if place not in self._authors
        }
        if wanted:
            found = last_touches(self._cache.local, tree.revision.id, wanted, folder)
            self._authors |= dict.fromkeys(wanted, UNKNOWN_AUTHORSHIP) | found
        return {place: _merged(self._authors[place], tree.revision) for place in asked}

    def _fetch(self) -> SourceTree:
        if self._location.is_fixed:
            commit, branch = self._location.ref, ""
            if not self._cache.holds(commit):
                self._bring(commit)
        else:
            commit, ref, branch = self._tip()
            known = self._tree
            if known is not None and (known.revision.id, self._branch) == (commit, branch):
                return known
            if not self._cache.holds(commit) and not (
                self._cache.fetch(ref) and self._cache.holds(commit)
            ):
                # The ref moved between the two questions: the commit we were told of is behind it, or gone for good.
                self._bring(commit)
        if self._signers:
            check_signed(self._cache.local, commit, self._signers, self.name)
        revision = read_revision(self._cache.local, commit, branch)
        folder = self._location.path
        entries = list_tree(self._cache.local, f"{commit}:{folder}")
        if entries is None:
            raise self._no_folder(commit)
        selection = select(entries)
        if selection.is_empty:
            raise SourceUnavailable(
                f"{self.name}: no .yaml or .yml file at {revision.label}; an empty source is an error, not an empty fleet",
                fix="name the folder that holds the YAML files after '#'",
            )
        self._branch = branch
        files = {path: found.id for path, found in selection.files.items()}
        sizes = {path: found.size for path, found in selection.files.items()}
        return SourceTree(revision, files, selection.problems, sizes)

    def _bring(self, commit: str) -> None:
        """Fetch one commit by its id, or all branches and tags from a server that gives out no others."""
        if self._cache.fetch(commit) and self._cache.holds(commit):
            return
        self._cache.fetch(None)
        if not self._cache.holds(commit):
            raise SourceUnavailable(
                f"{self.name}: no commit {commit} in any branch or tag",
                fix="check the id; a commit that was rebased away must be pushed again under a branch or tag",
            )

    def _tip(self) -> tuple[str, str, str]:
        """Return what the server says our ref is: its commit, the ref to fetch, and the name people know it by."""
        ref = self._location.ref
        names = [f"refs/heads/{ref}", f"refs/tags/{ref}"]
        fetched = [f"refs/remotes/{ref}", f"refs/remotes/origin/{ref}"] if self._in_checkout else []
        if ref == "HEAD" or ref.startswith("refs/"):
            names, fetched = [ref], []
        # An annotated tag is an object of its own; the server also says which commit it stands for, under ``^{}``.
        answer = self._cache.ls_remote(*names, *(f"{name}^{{}}" for name in names), *fetched)
        present = [name for name in names if name in answer]
        present = present or [name for name in fetched if name in answer][:1]
        if not present:
            raise self._no_ref()
        if len(present) > 1:
            raise WrongUsage(
                f"{self.name}: {ref!r} is both a branch and a tag",
                fix=f"write refs/heads/{ref} or refs/tags/{ref}",
            )
        (name,) = present
        shown = answer.get("ref: HEAD", "HEAD") if ref == "HEAD" else name
        branch = re.sub("^refs/(heads|tags|remotes)/", "", shown)
        return answer.get(f"{name}^{{}}", answer[name]), name, branch

    def _no_ref(self) -> SourceUnavailable:
        ref = self._location.ref
        branches_and_tags = {
            name.split("/", 2)[2]
            for name in self._cache.ls_remote()
            if name.startswith(("refs/heads/", "refs/tags/")) and not name.endswith("^{}")
        }
        names = sorted(branches_and_tags)
        if not names:
            return SourceUnavailable(
                f"{self.name}: the repository has no commit yet", fix="push a first commit"
            )
        # As many, and as short, as are compared in a moment.
        near = [name for name in names if len(name) <= MAX_NAME_SHOWN][:_COMPARED]
        close = difflib.get_close_matches(ref[:MAX_NAME_SHOWN], near, n=1)
        if close:
            fix = f"did you mean {close[0]!r}?"
        elif _SHORT_COMMIT.fullmatch(ref):
            fix = "write a commit id with all its 40 digits"
        else:
            fix = f"there are {_first_names(names)}"
        return SourceUnavailable(f"{self.name}: no branch or tag named {ref!r}", fix=fix)

    def _no_folder(self, commit: str) -> SourceUnavailable:
        *parents, _ = ("", *self._location.path.split("/"))
        for depth in range(len(parents), 0, -1):
            parent = "/".join(parents[1:depth])
            folders = list_folders(self._cache.local, f"{commit}:{parent}")
            if folders:
                break
        prefix = f"{parent}/" if parent else ""
        there = _first_names([f"{prefix}{folder}" for folder in folders])
        return SourceUnavailable(
            f"{self.name}: no folder {self._location.path!r} in commit {commit[:7]}",
            fix=f"there are {there or 'no folders at all'}",
        )

    def _rebuild(self, broken: BrokenCache) -> None:
        _logger.warning(
            "the local copy of %s is broken and is fetched again: %s",
            self.name,
            REDACTOR.redact(str(broken)),
        )
        self._cache.rebuild()


def _first_names(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(printable(name.encode()) for name in names[:_SHOWN]) + more


FORM = SourceForm(
    schemes=tuple(f"git+{protocol}" for protocol in GIT_PROTOCOLS),
    accepts="git+https://HOST/REPOSITORY[@REF][#FOLDER] (also git+ssh://, git+file://)",
    open=lambda text, opening: GitSource(
        parse_git_location(text), opening.cache_dir, opening.credential
    ),
)


def _merged(author: Authorship, revision: Revision) -> Authorship:
    """Say of a commit by whom, and by which request, it came into the revision."""
    if not author.author:
        return author
    own = pull_request_of(author.subject)
    if author.commit == revision.id:
        return author._replace(pull_request=own or pull_request_of(revision.message))
    request = own or (pull_request_of(revision.message) if revision.merged_by else "")
    return author._replace(merged_by=revision.merged_by, pull_request=request)
