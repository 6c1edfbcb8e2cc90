"""The plan file that the run before left for a request, fetched for ``envctl plan --since``.

    python3 -m pull_requests.earlier_plan github --pull-request 17 --to FILE
    python3 -m pull_requests.earlier_plan gitlab --pull-request 17 --to FILE

GitHub is asked for the newest artifact of that name that a run of the repository itself kept, GitLab for that of the last
pipeline of the request that went well. Where there is none, no file is written and it ends with 0; with 5 where the code host does
not answer or what it has is no such file. Whoever may push to the repository may have written it: it is read as a claim.
"""

import argparse
import io
import os
import sys
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pull_requests.code_host import CodeHost, HostError

MOST_BYTES: Final = 256 << 20
"""Of a plan file, and of the artifact around it: envctl reads no longer one."""
NAME: Final = "plan.json"
NO_SUCH: Final = 404


def from_github(number: int) -> bytes | None:
    """Return the plan file; None where there is none. Raises HostError."""
    headers = {
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Accept": "application/vnd.github+json",
    }
    host = CodeHost(os.environ.get("GITHUB_API_URL", "https://api.github.com"), headers)
    at = f"/repos/{os.environ['GITHUB_REPOSITORY']}/actions/artifacts"
    listed = host.ask("GET", f"{at}?name=envctl-plan-{number}&per_page=100")["artifacts"]
    newest = max(
        (told["id"] for told in listed if not told["expired"] and _is_ours(told)), default=None
    )
    return None if newest is None else unpacked(host.file(f"{at}/{newest:d}/zip", MOST_BYTES))


def _is_ours(artifact: Mapping[str, Any]) -> bool:
    """Tell whether a run of the repository kept it: one of a fork keeps what it likes under any name."""
    run = artifact["workflow_run"] or {}
    return run.get("head_repository_id") == run.get("repository_id") is not None


def unpacked(archive: bytes) -> bytes:
    """Return the plan file in an artifact. Raises HostError for an archive that has none, is broken or holds too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened, opened.open(NAME) as file:
            found = file.read(MOST_BYTES + 1)
    # RuntimeError: encrypted, or packed in a way that is not known here.
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError) as error:
        raise HostError(f"the artifact has no {NAME} that can be read ({error})", 0) from None
    if len(found) > MOST_BYTES:
        raise HostError(f"{NAME} in the artifact is longer than {MOST_BYTES} bytes", 0)
    return found


def from_gitlab(number: int) -> bytes | None:
    """Return the plan file; None where there is none. Raises HostError."""
    headers = {"PRIVATE-TOKEN": os.environ["PLAN_GITLAB_TOKEN"]}
    host = CodeHost(os.environ["CI_API_V4_URL"], headers)
    at = f"/projects/{os.environ['CI_PROJECT_ID']}/jobs/artifacts"
    # Of the newest commit, or of it merged into the branch, as the project runs its pipelines.
    for form in ("head", "merge"):
        ref = quote(f"refs/merge-requests/{number}/{form}", safe="")
        try:
            return host.file(f"{at}/{ref}/raw/plan-reports/{NAME}?job=plan", MOST_BYTES)
        except HostError as error:
            if error.status != NO_SUCH:
                raise
    return None


HOSTS: Final = {"github": from_github, "gitlab": from_gitlab}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("host", choices=sorted(HOSTS))
    parser.add_argument("--pull-request", type=int, required=True)
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        found = HOSTS[given.host](given.pull_request)
    except HostError as error:
        print(f"{given.host}: {error}", file=sys.stderr)
        return 5
    if found is not None:
        given.to.write_bytes(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
