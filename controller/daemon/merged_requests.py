"""Merged requests of a code host, answered in one comment each that is kept in its place.

Which requests brought a commit the host says: neither a commit's message nor anything else in the repository names one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from controller.daemon.code_host import CodeHost, NotThere, members
from controller.daemon_settings import CodeHostSettings
from controller.errors import Unreachable

MARKER: Final = "<!-- envctl: what became of it -->"
"""What the comment begins with that is kept in its place."""
MOST_COMMITS: Final = 50
"""Commits in a line whose requests are looked for: of more the newest."""
LONGEST_TEXT: Final = 60_000
_COMMIT: Final = re.compile(r"[0-9a-f]{40,64}")
_APIS: Final = {"github": "https://api.github.com", "gitlab": "https://gitlab.com/api/v4"}


class Words(NamedTuple):
    """How a code host calls what both have."""

    compare: str
    parents: str
    requests: str
    """Below a commit."""
    brought_by: tuple[str, ...]
    """The fields of a request that name the commit by which it came."""
    number: str
    comments: str
    change: str
    author: tuple[str, str]
    """Where a comment says whose it is."""


_WORDS: Final = {
    "github": Words(
        compare="/compare/{base}...{head}?per_page=100",
        parents="parents",
        requests="/commits/{commit}/pulls",
        brought_by=("merge_commit_sha",),
        number="number",
        comments="/issues/{number}/comments",
        change="PATCH",
        author=("user", "login"),
    ),
    "gitlab": Words(
        compare="/repository/compare?from={base}&to={head}&per_page=100",
        parents="parent_ids",
        requests="/repository/commits/{commit}/merge_requests",
        brought_by=("merge_commit_sha", "squash_commit_sha", "sha"),
        number="iid",
        comments="/merge_requests/{number}/notes",
        change="PUT",
        author=("author", "username"),
    ),
}


@dataclass(eq=False)
class MergedRequests:
    """See the port ``AnswerSink``. ``token`` reads the token each time."""

    settings: CodeHostSettings
    token: Callable[[], str]
    name: str = "codeHost"

    def answer(self, base: str, revision: str, text: str) -> int:
        """Say a text on each merged request that brought commits after ``base`` up to ``revision``; return how many there are.

        What is no commit was brought by none. Raises as asking the host.
        """
        if not _COMMIT.fullmatch(revision):
            return 0
        try:
            line = self._line(base, revision) if _COMMIT.fullmatch(base) else [revision]
            known = frozenset(line)
            found = {number for commit in line for number in self._requests(commit, known)}
            for number in sorted(found):
                self._say(number, f"{MARKER}\n{text}"[:LONGEST_TEXT])
        except (AttributeError, KeyError, TypeError, ValueError):
            raise Unreachable(
                "notify.codeHost: the host's answer is none of the form that is known of it",
                fix="check notify.codeHost.kind and notify.codeHost.api",
            ) from None
        return len(found)

    @cached_property
    def _words(self) -> Words:
        return _WORDS[self.settings.kind]

    @cached_property
    def _host(self) -> CodeHost:
        return CodeHost(self.settings.api or _APIS[self.settings.kind], self._headers)

    @cached_property
    def _repository(self) -> str:
        named = self.settings.repository
        if self.settings.kind == "github":
            return f"/repos/{quote(named)}"
        return f"/projects/{quote(named, safe='')}"

    @cached_property
    def _author(self) -> str:
        """Who we are there: what others wrote is not changed, whatever it begins with."""
        return self.settings.author or str(self._host.ask("GET", "/user")[self._words.author[1]])

    def _headers(self) -> Mapping[str, str]:
        token = self.token()
        if self.settings.kind == "github":
            return {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        return {"PRIVATE-TOKEN": token}

    def _line(self, base: str, revision: str) -> list[str]:
        """Return the commits from ``revision`` back to ``base``, by first parents: each is what one request brought, or a part."""
        asked = self._words.compare.format(base=base, head=revision)
        try:
            found = members(
                (self._host.ask("GET", f"{self._repository}{asked}") or {}).get("commits")
            )
        except NotThere:
            # It was pushed away, or is of another repository.
            return [revision]
        firsts = dict(self._firsts(found))
        line = [revision]
        while (before := firsts.get(line[-1])) in firsts and len(line) < MOST_COMMITS:
            line.append(str(before))
        return line

    def _firsts(self, commits: list[Any]) -> Iterator[tuple[str, str]]:
        """Yield each commit with its first parent."""
        for commit in commits:
            parents = commit.get(self._words.parents) or [""]
            first = parents[0].get("sha") if isinstance(parents[0], dict) else parents[0]
            yield str(commit.get("sha") or commit.get("id")), str(first)

    def _requests(self, commit: str, line: frozenset[str]) -> Iterator[int]:
        """Yield the numbers of the merged requests that came by a commit of the line."""
        path = self._words.requests.format(commit=commit)
        for request in members(self._host.ask("GET", f"{self._repository}{path}")):
            number = request.get(self._words.number)
            is_merged = request.get("merged_at") or request.get("state") == "merged"
            came_by = {request.get(field) for field in self._words.brought_by}
            # One that is open, or was merged elsewhere, may hold the same commit.
            if is_merged and came_by & line and type(number) is int:
                yield number

    def _say(self, number: int, text: str) -> None:
        path = f"{self._repository}{self._words.comments.format(number=number)}"
        for comment in self._host.pages(path):
            if not self._is_ours(comment):
                continue
            if comment.get("body") == text:
                return
            at = f"{path}/{int(comment['id'])}"
            if self.settings.kind == "github":
                at = f"{self._repository}/issues/comments/{int(comment['id'])}"
            try:
                self._host.ask(self._words.change, at, {"body": text})
            except NotThere:
                # Somebody took it away meanwhile.
                break
            return
        self._host.ask("POST", path, {"body": text})

    def _is_ours(self, comment: Mapping[str, Any]) -> bool:
        holder, name = self._words.author
        author = (comment.get(holder) or {}).get(name)
        return author == self._author and str(comment.get("body", "")).startswith(MARKER)
