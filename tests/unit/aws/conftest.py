"""An AWS that answers from a script, so that faults come exactly when a test wants them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from controller.aws.clients import CallCounter, Clients, Retries, RetryLimits
from controller.aws.errors import Place

MASTER = Place("", "eu-west-1")
HOME = Place("012345670123", "eu-west-1", "arn:aws:iam::012345670123:role/child")


class Pauses(list[float]):
    """Sleeps that take no time, and a clock that moves as if they did."""

    def sleep(self, seconds: float) -> None:
        self.append(seconds)

    def clock(self) -> float:
        return sum(self)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def clients(pauses: Pauses) -> Clients:
    """Clients that retry four times and wait for nothing."""
    limits = RetryLimits(max_tries=4, budget=100)
    retries = Retries(limits, clock=pauses.clock, sleep=pauses.sleep, share=lambda: 0.5)
    return Clients(retries, CallCounter())


@pytest.fixture
def client(clients: Clients) -> Any:
    """A client of DynamoDB with no AWS behind it, unless the test brings one."""
    return clients.client(MASTER, "dynamodb")


def json_answer(status: int, body: dict[str, Any]) -> AWSResponse:
    """An answer of a JSON service."""
    answer = AWSResponse("https://dynamodb.test/", status, HTTPHeaders(), None)
    answer._content = json.dumps(body).encode()  # type: ignore[attr-defined]
    return answer


def json_error(code: str, status: int = 400, **more: Any) -> AWSResponse:
    """An error answer of a JSON service, as DynamoDB words it."""
    kind = f"com.amazonaws.dynamodb.v20120810#{code}"
    return json_answer(status, {"__type": kind, "message": f"said {code}", **more})


Step = AWSResponse | Exception
Script = Callable[[Any, Sequence[Step]], list[Any]]


@pytest.fixture
def scripted() -> Script:
    """Let a client's tries meet the steps in turn; gives the list of requests that were sent."""

    def script(client: Any, steps: Sequence[Step]) -> list[Any]:
        waiting, sent = list(steps), []

        def before_send(request: Any, **_: Any) -> AWSResponse:
            sent.append(request)
            step = waiting.pop(0)
            if isinstance(step, Exception):
                raise step
            return step

        client.meta.events.register("before-send", before_send)
        return sent

    return script
