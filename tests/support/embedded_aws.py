"""One sandbox per test session, empty again for each test.

Ask for ``aws`` to get it. A folder of tests that wants it re-exports the two fixtures in its ``conftest.py``.
"""

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from controller.sandbox.controls import SandboxControls
from controller.sandbox.seed import CHILD_ROLE
from controller.sandbox.server import EmbeddedAws, embedded_aws

FASTER = ("tests.support.faster_sandbox",)
"""What ``embedded_aws`` of tests and benchmarks imports on top."""
RECORDER = ("tests.support.recorded_calls",) if "RECORDED_CALLS" in os.environ else ()
"""What writes down what the controller asks for, for the test run that wants to know."""
ONE_TRY = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=60
)


class AwsForTests:
    """The sandbox, with clients for any account and switches to turn.

    Clients last for the session: they name their account in a header that moto understands, so no test pays for
    assuming roles that it does not test.
    """

    def __init__(self, server: EmbeddedAws) -> None:
        self.address = server.address
        self.environment = dict(server.environment)
        self.controls: SandboxControls = server.controls
        self._session: Any = boto3.Session()
        self._clients: dict[tuple[str, ...], Any] = {}

    def client(self, service: str, account: str = "", region: str = "eu-west-1") -> Any:
        """Return a client that tries once; ``account`` empty is the master."""
        return self._known(service, account, region)

    def client_of_controller(
        self, service: str, account: str = "", region: str = "eu-west-1"
    ) -> Any:
        """Return a client that the sandbox takes for the controller's, by what it calls itself."""
        return self._known(service, account, region, calling_itself="envctl/tests")

    def _known(self, service: str, account: str, region: str, calling_itself: str = "") -> Any:
        key = (service, account, region, calling_itself)
        if key not in self._clients:
            named = ONE_TRY.merge(Config(user_agent_extra=calling_itself))
            made = self._made(service, region, named)
            if account:
                made.meta.events.register("before-call", _in_account(account))
            self._clients[key] = made
        return self._clients[key]

    def client_by_role(self, service: str, account: str, external_id: str = "", **_: Any) -> Any:
        """Return a client with the credentials of the account's role, as the controller gets them."""
        asked = {"ExternalId": external_id} if external_id else {}
        found = self.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/{CHILD_ROLE}", RoleSessionName="test", **asked
        )["Credentials"]
        return self._made(
            service,
            "eu-west-1",
            ONE_TRY,
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
        )

    def _made(self, service: str, region: str, config: Config, **credentials: str) -> Any:
        return self._session.client(
            service, region, endpoint_url=self.address, config=config, **credentials
        )


def _in_account(account: str) -> Any:
    def name_the_account(params: Any, **_: Any) -> None:
        params["headers"]["x-moto-account-id"] = account

    return name_the_account


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[AwsForTests]:
    """Start the session's sandbox."""
    with embedded_aws(extensions=(*FASTER, *RECORDER)) as server:
        yield AwsForTests(server)


@pytest.fixture
def aws(embedded_server: AwsForTests) -> AwsForTests:
    """Return the sandbox, empty and with every switch as it is at the start."""
    embedded_server.controls.reset()
    return embedded_server


@pytest.fixture
def sandbox(aws: AwsForTests, monkeypatch: pytest.MonkeyPatch) -> AwsForTests:
    """Return the sandbox, which the variables of the environment lead to."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    return aws
