"""Says on GitLab what a plan is: one note of ours, kept up to date in its place, and a code quality report with notes beside lines.

    python3 -m pull_requests.gitlab --reports plan-reports

PLAN_GITLAB_TOKEN is a project access token with the scope ``api``; CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID and
CI_COMMIT_SHA are as GitLab gives them. Without a token, as for a fork, the report alone is written. It ends with what the plan
ended with, but 0 for 2; with 5 where GitLab did not take what was to be said.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pull_requests.code_host import CodeHost, HostError
from pull_requests.reports import MARKER, Annotation, Reports

QUALITY: Final = "gl-code-quality-report.json"
GONE: Final = 404
_SEVERITIES: Final = {"failure": "blocker", "warning": "major", "notice": "info"}


class MergeRequest:
    """One merge request of a project."""

    def __init__(self, host: CodeHost, project: str, number: str) -> None:
        """``number`` is the one people see."""
        self._host = host
        self._at = f"/projects/{project}/merge_requests/{number}"

    def is_at(self, commit: str) -> bool:
        """Tell whether a commit is its newest: of an older one nothing is said any more."""
        return bool(self._host.ask("GET", self._at)["sha"] == commit)

    def say(self, text: str) -> None:
        """Put the note in the place of ours, or make it; take away what else of ours is there."""
        own = self._host.ask("GET", "/user")["id"]
        said = False
        for note in list(self._host.pages(f"{self._at}/notes")):
            # Whoever wrote the merge request could write a note that begins like ours.
            if (note.get("author") or {}).get("id") != own or not note["body"].startswith(MARKER):
                continue
            path = f"{self._at}/notes/{note['id']}"
            try:
                self._host.ask(*(("DELETE", path) if said else ("PUT", path, {"body": text})))
                said = True
            except HostError as error:
                # Somebody took it away meanwhile.
                if error.status != GONE:
                    raise
        if not said:
            self._host.ask("POST", f"{self._at}/notes", {"body": text})


def quality_report(annotations: Sequence[Annotation]) -> list[dict[str, Any]]:
    """Return notes beside lines as GitLab reads them from an artifact."""
    return [
        {
            "description": one.message,
            "check_name": "envctl plan",
            "fingerprint": hashlib.sha256(repr(one).encode()).hexdigest(),
            "severity": _SEVERITIES[one.level],
            "location": {"path": one.path, "lines": {"begin": one.line}},
        }
        for one in annotations
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Say it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reports", type=Path, required=True)
    parser.add_argument("--prefix", default="", help="where the planned folder is: fleet/")
    given = parser.parse_args(arguments)
    reports = Reports(given.reports, given.prefix)
    quality = json.dumps(quality_report(reports.annotations()))
    (given.reports / QUALITY).write_text(quality, encoding="utf-8")
    token = os.environ.get("PLAN_GITLAB_TOKEN", "")
    try:
        if token:
            host = CodeHost(os.environ["CI_API_V4_URL"], {"PRIVATE-TOKEN": token})
            project, number = os.environ["CI_PROJECT_ID"], os.environ["CI_MERGE_REQUEST_IID"]
            request = MergeRequest(host, project, number)
            if request.is_at(os.environ["CI_COMMIT_SHA"]):
                request.say(reports.comment)
    except HostError as error:
        print(f"GitLab: {error}", file=sys.stderr)
        return reports.exit_code if reports.is_bad else 5
    return reports.exit_code if reports.is_bad else 0


if __name__ == "__main__":
    sys.exit(main())
