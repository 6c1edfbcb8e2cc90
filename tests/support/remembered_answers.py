"""Reads of the AWS in this process answered from memory, as long as nothing was written to what they are about.

For tests that ask the same a thousand times: moto answers each question once a state. States can be kept and brought back.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import RLock
from typing import Any, Final

from botocore.awsrequest import AWSPreparedRequest
from moto.core.botocore_stubber import BotocoreStubber

from controller.aws.clients import Clients
from tests.support.kept_aws import bring_back, keep

_READS: Final = ("Describe", "Get", "List", "Scan", "Query", "BatchGet", "AssumeRole")
_TABLE: Final = re.compile(r'"TableName": ?"([^"]+)"')
_CALLER: Final = re.compile(r"Credential=([^/]+)/[^/]+/[^/]+/([^/]+)/")
_ACTION: Final = re.compile(r"(?:^|&)Action=(\w+)")
_TOGETHER: Final = {"ec2": "autoscaling"}
"""Service -> that of which it is part here: what is done to groups is done to instances."""


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, (bytes, bytearray)) else str(value or "")


@dataclass
class RememberedAnswers:
    """``asked`` and ``answered`` count requests: all, and those that moto was spared."""

    versions: dict[str, int] = field(default_factory=dict)
    """What a table, or a service, has come to; one that nobody wrote to has none."""
    asked: int = 0
    answered: int = 0
    _answers: dict[Any, Any] = field(default_factory=dict)
    _kept: dict[str, int] = field(default_factory=dict)
    _next: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: RLock = field(default_factory=RLock)
    """One request at a time: moto is not made for several, and what one writes is not to be remembered as read before."""

    def keep(self) -> None:
        """Keep what there is."""
        keep({})
        self._kept = dict(self.versions)

    def bring_back(self) -> None:
        """Let everything be as it was kept, and what was answered then be answered again."""
        bring_back({})
        self.versions = dict(self._kept)

    def answer(self, ask: Callable[[], Any], request: AWSPreparedRequest) -> Any:
        """Return what moto answers, or has answered."""
        with self._lock:
            return self._answer(ask, request)

    def _answer(self, ask: Callable[[], Any], request: AWSPreparedRequest) -> Any:
        self.asked += 1
        body, target = _text(request.body), _text(request.headers.get("X-Amz-Target"))
        found = _CALLER.search(_text(request.headers.get("Authorization")))
        caller, service = found.groups() if found else ("", "")
        action = _ACTION.search(body)
        operation = target.rpartition(".")[2] or (action.group(1) if action else request.method)
        about = _about(service, operation, body)
        if not str(operation).startswith(_READS):
            answer = ask()
            self.versions |= {name: next(self._next) for name in about}
            return answer
        versions = tuple(self.versions.get(name, 0) for name in about)
        key = (caller, request.url, operation, body, versions)
        if key in self._answers:
            self.answered += 1
            return self._answers[key]
        try:
            answer = ask()
        except RuntimeError:
            # Moto knows no such read: there is nothing of the kind.
            answer = 200, {}, f"<Answer><{operation}Result/></Answer>"
        self._answers[key] = answer
        return answer


def _about(service: str, operation: str | None, body: str) -> tuple[str, ...]:
    """Return what a request reads or writes: tables, or all of a service."""
    if service != "dynamodb":
        return (_TOGETHER.get(service, service),)
    if operation == "BatchGetItem":
        return tuple(sorted(json.loads(body)["RequestItems"]))
    return tuple(sorted(set(_TABLE.findall(body)))) or ("tables",)


@contextmanager
def remembered_answers() -> Iterator[RememberedAnswers]:
    """Remember answers for a while; ask inside ``mock_aws()``. Commands share their clients, which take longer to make than to use."""
    made, clients = RememberedAnswers(), Clients()
    stubber: Any = BotocoreStubber
    of_clients: Any = Clients
    ask, client = stubber.process_request, of_clients.client

    def answered(of: BotocoreStubber, request: AWSPreparedRequest) -> Any:
        return made.answer(lambda: ask(of, request), request)

    def shared(_: Clients, *what: Any) -> Any:
        return client(clients, *what)

    stubber.process_request, of_clients.client = answered, shared
    try:
        yield made
    finally:
        stubber.process_request, of_clients.client = ask, client
