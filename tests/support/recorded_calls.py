"""Writes down what IAM is asked about each request of the controller, where RECORDED_CALLS names a file.

A test run and its sandbox import it. A request is the controller's by its user agent: tests, and those who play others in them,
come with another.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any, Final

import pytest
from moto.core.responses import BaseResponse
from moto.s3.responses import S3Response

from controller.sandbox.interception import ONE_AT_A_TIME
from tests.support.asked_of_iam import Request
from tests.support.iam_policies import Call

FILE: Final = "RECORDED_CALLS"
_CALL_ACTION = BaseResponse.call_action
_SET_ACTION = S3Response._set_action
_SERVICES: Final = {"awslambda": "lambda"}
_ONE_BY_ONE: Final = frozenset({"dynamodbstreams", "secretsmanager"})
"""Services whose parameters moto reads one by one."""
_OF_BUCKETS: Final = {
    "object-lock": "GetBucketObjectLockConfiguration",
    "publicAccessBlock": "GetBucketPublicAccessBlock",
}
"""What moto takes for a list of the bucket."""
_WRITING: Final = Lock()
_KNOWN: Final = set[str]()


def _call_action(self: Any) -> Any:
    service = _SERVICES.get(self.service_name, str(self.service_name))
    params = json.loads(self.body) if service in _ONE_BY_ONE else getattr(self, "params", None)
    _record(self, service, str(self._get_action()), params or {})
    return _CALL_ACTION(self)


def _set_action(self: S3Response, kind: str, method: str, query: dict[str, Any]) -> None:
    _SET_ACTION(self, kind, method, query)
    about = {"Bucket": self.bucket_name, "Key": self.parse_key_name() if kind == "KEY" else ""}
    asked = (action for word, action in _OF_BUCKETS.items() if kind == "BUCKET" and word in query)
    _record(self, "s3", next(asked, str(self.data["Action"])), about)


def _record(response: Any, service: str, operation: str, params: dict[str, Any]) -> None:
    if "envctl/" not in str(response.headers.get("User-Agent")):
        return
    account = response.current_account
    with ONE_AT_A_TIME:
        asked = Request(service, operation, account, response.region, params).asked()
    for call in asked:
        _SINK["calls"](account, call)


def _write(account: str, call: Call) -> None:
    line = json.dumps({"account": account, **asdict(call)}, sort_keys=True)
    with _WRITING:
        if line not in _KNOWN:
            _KNOWN.add(line)
            with Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")


_SINK: Final[dict[str, Callable[[str, Call], None]]] = {"calls": _write}
"""Where calls go, with the account they are made in."""


@contextmanager
def recording() -> Iterator[list[Call]]:
    """Return a list that what IAM is asked in this process is added to, until the context ends."""
    calls: list[Call] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseResponse, "call_action", _call_action)
        patch.setattr(S3Response, "_set_action", _set_action)
        patch.setitem(_SINK, "calls", lambda _, call: calls.append(call))
        yield calls


if FILE in os.environ:
    for owner, name, replacement in (
        (BaseResponse, "call_action", _call_action),
        (S3Response, "_set_action", _set_action),
    ):
        setattr(owner, name, replacement)
