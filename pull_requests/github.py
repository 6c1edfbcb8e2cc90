"""Says on GitHub what a plan is: one comment of ours, kept up to date in its place, and a check with notes beside lines.

    python3 -m pull_requests.github --reports plan-reports --pull-request 17 --commit SHA

Without a pull request, as in a merge queue, there is the check alone. GITHUB_TOKEN, GITHUB_API_URL and GITHUB_REPOSITORY are as GitHub gives them. It ends with what the plan ended with, but 0 for 2;
with 5 where GitHub did not take what was to be said.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pull_requests.code_host import CodeHost, HostError
from pull_requests.reports import MARKER, Annotation, Reports

CHECK: Final = "envctl plan"
AT_ONCE: Final = 50
"""Annotations that GitHub takes in one request."""
LONGEST: Final = 65_535
"""Characters that a check's summary holds."""
GONE: Final = 404


class PullRequest:
    """One pull request of a repository; ``author`` is who we are there."""

    def __init__(self, host: CodeHost, repository: str, number: int | None, author: str) -> None:
        """``repository`` is ``owner/name``."""
        self._host = host
        self._at = f"/repos/{repository}"
        self._number = number
        self._author = author

    def is_at(self, commit: str) -> bool:
        """Tell whether a commit is its newest: of an older one nothing is said any more."""
        found = self._host.ask("GET", f"{self._at}/pulls/{self._number}")
        return bool(found["head"]["sha"] == commit)

    def say(self, text: str) -> None:
        """Put the comment in the place of ours, or make it; take away what else of ours is there."""
        ours = [comment["id"] for comment in self._comments() if self._is_ours(comment)]
        said = False
        for comment in ours:
            path = f"{self._at}/issues/comments/{comment}"
            try:
                self._host.ask(*(("DELETE", path) if said else ("PATCH", path, {"body": text})))
                said = True
            except HostError as error:
                # Somebody took it away meanwhile.
                if error.status != GONE:
                    raise
        if not said:
            self._host.ask("POST", f"{self._at}/issues/{self._number}/comments", {"body": text})

    def check(self, commit: str, reports: Reports) -> None:
        """Make the check of a commit, with notes beside lines, so many in a request as GitHub takes."""
        conclusion, title = reports.outcome
        notes = [_note(one) for one in reports.annotations()]
        output = {"title": title, "summary": reports.comment[:LONGEST]}
        made = self._host.ask(
            "POST",
            f"{self._at}/check-runs",
            {
                "name": CHECK,
                "head_sha": commit,
                "status": "completed",
                "conclusion": conclusion,
                "output": {**output, "annotations": notes[:AT_ONCE]},
            },
        )
        for start in range(AT_ONCE, len(notes), AT_ONCE):
            more = {**output, "annotations": notes[start : start + AT_ONCE]}
            self._host.ask("PATCH", f"{self._at}/check-runs/{made['id']}", {"output": more})

    def _comments(self) -> list[Any]:
        return list(self._host.pages(f"{self._at}/issues/{self._number}/comments"))

    def _is_ours(self, comment: Any) -> bool:
        # Whoever wrote the pull request could write a comment that begins like ours.
        author = (comment.get("user") or {}).get("login")
        return author == self._author and str(comment.get("body", "")).startswith(MARKER)


def _note(one: Annotation) -> dict[str, Any]:
    return {
        "path": one.path,
        "start_line": one.line,
        "end_line": one.line,
        "annotation_level": one.level,
        "message": one.message,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Say it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reports", type=Path, required=True)
    parser.add_argument("--prefix", default="", help="where the planned folder is: fleet/")
    parser.add_argument("--pull-request", type=int)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--author", default="github-actions[bot]", help="who the token is of")
    given = parser.parse_args(arguments)
    reports = Reports(given.reports, given.prefix)
    try:
        token = os.environ["GITHUB_TOKEN"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        host = CodeHost(os.environ.get("GITHUB_API_URL", "https://api.github.com"), headers)
        request = PullRequest(
            host, os.environ["GITHUB_REPOSITORY"], given.pull_request, given.author
        )
        request.check(given.commit, reports)
        if given.pull_request is not None and request.is_at(given.commit):
            request.say(reports.comment)
    except HostError as error:
        print(f"GitHub: {error}", file=sys.stderr)
        return reports.exit_code if reports.is_bad else 5
    return reports.exit_code if reports.is_bad else 0


if __name__ == "__main__":
    sys.exit(main())
