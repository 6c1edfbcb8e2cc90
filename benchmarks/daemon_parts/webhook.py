"""How long it takes from a Git host's webhook until the tables hold what was committed."""

import hashlib
import hmac
import json
import math
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3

from benchmarks.daemon_parts.fleet import SECRET, Fleet
from controller.api.rate_limit import EVERY_S

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE, KEY = "InfraConfigClusters", "ClusterName"
CLUSTER = """apiVersion: envctl/v1
kind: Cluster
metadata: {{name: Alpha}}
spec: {{shortName: al, groupEmailAddress: alpha-{number}@acme.example}}
"""
_LOOK_S = 0.02
_WITHIN_S = 60


def measure(fleet: Fleet, commits: int) -> list[float]:
    """Commit a change so many times and tell a daemon, each after the last was there; return the seconds each took."""
    tables = boto3.client("dynamodb")
    took = []
    # Only a webhook tells of commits, and nothing is at rest: every commit has all accounts looked at.
    with fleet.daemon("webhook", intervals={"reconcileSeconds": 3600}) as address:
        for number in range(commits + 1):
            text = CLUSTER.format(number=number)
            commit = fleet.repository.commit({"alpha.yaml": text})
            began = time.monotonic()
            while not _is_taken(address, commit):
                time.sleep(EVERY_S)
                began = time.monotonic()
            while f"alpha-{number}@" not in str(_item(tables)):
                if time.monotonic() > began + _WITHIN_S:
                    raise SystemExit(f"commit {commit} is not applied")
                time.sleep(_LOOK_S)
            took.append(time.monotonic() - began)
    # The first one finds a daemon that has read nothing yet.
    return took[1:]


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return what so large a share of values does not pass."""
    return sorted(seconds)[math.ceil(len(seconds) * share) - 1]


def _is_taken(address: str, commit: str) -> bool:
    """Tell the daemon; False where it asks to come again, as more commits come than anybody makes."""
    body = json.dumps({"ref": "refs/heads/main", "after": commit}).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": commit,
        "X-Hub-Signature-256": f"sha256={digest}",
        "Content-Type": "application/json",
    }
    try:
        with urlopen(Request(f"{address}/webhooks/git", body, headers), timeout=_WITHIN_S) as said:
            return bool(json.loads(said.read())["queued"])
    except HTTPError as error:
        if error.code != HTTPStatus.TOO_MANY_REQUESTS:
            raise
        return False


def _item(tables: "DynamoDBClient") -> object:
    found = tables.get_item(TableName=TABLE, Key={KEY: {"S": "Alpha"}}, ConsistentRead=True)
    return found.get("Item")
