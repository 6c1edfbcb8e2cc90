"""What else is open: lists the other requests of a repository, fetches them to plan beside, has stale ones planned again.

    python3 -m pull_requests.open_requests github list
    python3 -m pull_requests.open_requests github beside --checkout DIR --pull-request 17
    python3 -m pull_requests.open_requests gitlab beside --checkout DIR
    python3 -m pull_requests.open_requests gitlab again

``list`` prints those into the branch as JSON, for a matrix; ``beside`` fetches what they propose and prints a ref a line; ``again``
starts their pipelines anew. Requests of forks are in none of it. PLAN_BASE_BRANCH names the branch; the rest is as the code host gives it.
It ends with 5 where the code host does not answer.
"""

import argparse
import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from pull_requests.code_host import CodeHost, HostError

MOST: Final = 100
"""Requests taken, the last changed first: a matrix holds 256, a plan compares with 100."""
FETCH_S: Final = 300
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_LOGIN: Final = re.compile(r"[A-Za-z0-9_.\[\]-]{1,100}")


class Open(NamedTuple):
    """One open request; nothing in it is more than digits and a login."""

    number: int
    commit: str
    author: str


class Host(NamedTuple):
    """What differs between code hosts. ``refs`` are theirs for what a request proposes."""

    api: CodeHost
    at: str
    listed: str
    refs: str
    git: Mapping[str, str]
    """Environment in which git may fetch."""


def github() -> Host:
    """Return GitHub as its runner describes it."""
    token = os.environ["GITHUB_TOKEN"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    api = CodeHost(os.environ.get("GITHUB_API_URL", "https://api.github.com"), headers)
    branch = quote(os.environ["PLAN_BASE_BRANCH"], safe="")
    at = f"/repos/{os.environ['GITHUB_REPOSITORY']}/pulls"
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    # In the environment, where no list of processes shows it.
    git = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{server}/.extraheader",
        "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {basic}",
    }
    asked = f"{at}?state=open&sort=updated&direction=desc&base={branch}"
    return Host(api, at, asked, "refs/pull/{}/head", git)


def gitlab() -> Host:
    """Return GitLab as its runner describes it; what git may fetch with is in the remote that it made."""
    headers = {"PRIVATE-TOKEN": os.environ["PLAN_GITLAB_TOKEN"]}
    at = f"/projects/{os.environ['CI_PROJECT_ID']}/merge_requests"
    branch = quote(os.environ["PLAN_BASE_BRANCH"], safe="")
    asked = f"{at}?state=opened&order_by=updated_at&target_branch={branch}"
    api = CodeHost(os.environ["CI_API_V4_URL"], headers)
    return Host(api, at, asked, "refs/merge-requests/{}/head", {})


HOSTS: Final = {"github": github, "gitlab": gitlab}


def open_requests(host: Host) -> list[Open]:
    """Return the open requests of the repository itself, at most ``MOST``. Raises HostError."""
    found: list[Open] = []
    for told in host.api.pages(host.listed):
        made = _from_github(told) if "head" in told else _from_gitlab(told)
        if made is not None and _is_sound(made):
            found.append(made)
        if len(found) == MOST:
            break
    return found


def _from_github(told: Mapping[str, Any]) -> Open | None:
    head, base = told["head"], told["base"]
    # The repository of a fork that is gone is null.
    if (head["repo"] or {}).get("id") != base["repo"]["id"]:
        return None
    return Open(told["number"], head["sha"], (told["user"] or {}).get("login", ""))


def _from_gitlab(told: Mapping[str, Any]) -> Open | None:
    if told["source_project_id"] != told["target_project_id"]:
        return None
    return Open(told["iid"], told["sha"] or "", told["author"]["username"])


def _is_sound(one: Open) -> bool:
    return bool(
        type(one.number) is int and _COMMIT.fullmatch(one.commit) and _LOGIN.fullmatch(one.author)
    )


def fetched(host: Host, checkout: Path, requests: Iterable[Open]) -> Iterator[str]:
    """Fetch what requests propose into a checkout; yield the refs they have there, without one that is gone meanwhile."""
    for one in requests:
        ref = host.refs.format(one.number)
        command = ("git", "-C", str(checkout), "fetch", "--quiet", "--no-tags")
        done = subprocess.run(  # noqa: S603 - its own words and digits
            [*command, "--no-recurse-submodules", "--", "origin", f"+{ref}:{ref}"],
            env={**os.environ, **host.git},
            capture_output=True,
            timeout=FETCH_S,
            check=False,
        )
        if done.returncode == 0:
            yield ref
        else:
            print(f"{ref}: not fetched", file=sys.stderr)


def start_again(host: Host, requests: Iterable[Open]) -> int:
    """Start the pipeline of each request anew; return how many could not be."""
    failed = 0
    for one in requests:
        try:
            host.api.ask("POST", f"{host.at}/{one.number}/pipelines", {})
        except HostError as error:
            failed += 1
            print(f"{one.number}: {error}", file=sys.stderr)
    return failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("host", choices=sorted(HOSTS))
    parser.add_argument("what", choices=("list", "beside", "again"))
    parser.add_argument("--checkout", type=Path, default=Path())
    parser.add_argument("--pull-request", type=int, help="which is not beside itself")
    given = parser.parse_args(arguments)
    host = HOSTS[given.host]()
    try:
        found = open_requests(host)
    except HostError as error:
        print(f"{given.host}: {error}", file=sys.stderr)
        return 5
    if given.what == "list":
        print(json.dumps([one._asdict() for one in found]))
    elif given.what == "beside":
        others = [one for one in found if one.number != given.pull_request]
        for ref in fetched(host, given.checkout, others):
            print(ref)
    else:
        return 5 if start_again(host, found) else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
