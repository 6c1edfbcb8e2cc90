"""Reaching accounts: roles checked first, credentials renewed in time, whose they are checked."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from benchmarks.call_counts import by_operation, total
from controller.aws.clients import CLIENT_CONFIGS, place_of
from controller.aws.errors import Place, RoleNotReady, RoleRefused, aws_errors
from controller.aws.sessions import (
    AccountAccess,
    AwsAccess,
    check_role,
    role_denied,
)
from controller.errors import AccessDenied
from tests.support.clock import Clock

CHILD, OTHER = "012345670123", "222233334444"
ROLE = "roleInfraEnvironmentManagerChild"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def child(account: str = CHILD, **more: Any) -> AccountAccess:
    return AccountAccess(account, f"arn:aws:iam::{account}:role/{ROLE}", **more)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC))


@pytest.fixture
def access(clock: Clock) -> AwsAccess:
    reached = AwsAccess(
        region="eu-west-1",
        installation="prod",
        instance="i-1",
        allowed_role_names=[ROLE],
        clock=clock,
    )
    reached.set_accounts([child(), child(OTHER)])
    return reached


@pytest.fixture
def world(access: AwsAccess) -> Iterator[AwsAccess]:
    with mock_aws():
        yield access


def assumed(access: AwsAccess) -> int:
    return total(access.counter, operation="AssumeRole")


def requests_of(access: AwsAccess) -> list[dict[str, Any]]:
    """What the controller's own STS client is asked from now on."""
    seen: list[dict[str, Any]] = []
    access.client("sts").meta.events.register(
        "provide-client-params.sts.AssumeRole", lambda params, **_: seen.append(dict(params))
    )
    return seen


def test_each_account_is_another_world(world: AwsAccess) -> None:
    world.client("sqs", CHILD).create_queue(QueueName="only-in-child")
    assert "QueueUrls" in world.client("sqs", CHILD).list_queues()
    assert "QueueUrls" not in world.client("sqs", OTHER).list_queues()
    assert "QueueUrls" not in world.client("sqs").list_queues()


def test_one_assume_role_serves_every_region_and_service_of_an_account(world: AwsAccess) -> None:
    for region in ("eu-west-1", "us-east-1"):
        world.client("sns", CHILD, region).list_topics()
        world.client("sqs", CHILD, region).list_queues()
    assert assumed(world) == 1
    world.client("sqs", OTHER).list_queues()
    assert assumed(world) == 2


def test_the_request_names_installation_and_instance_and_passes_the_external_id(
    world: AwsAccess,
) -> None:
    world.set_accounts([child(external_id="shared-word")])
    seen = requests_of(world)
    world.client("sqs", CHILD).list_queues()
    assert seen == [
        {
            "RoleArn": f"arn:aws:iam::{CHILD}:role/{ROLE}",
            "RoleSessionName": "envctl-prod-i-1",
            "DurationSeconds": 3600,
            "ExternalId": "shared-word",
        }
    ]


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_a_role_is_assumed_in_the_partition_it_can_only_be_in(
    clock: Clock, region: str, partition: str
) -> None:
    reached = AwsAccess(
        region=region, installation="prod", instance="i-1", allowed_role_names=[ROLE], clock=clock
    )
    reached.set_accounts([child()])
    with mock_aws():
        seen = requests_of(reached)
        reached.client("sts", CHILD).get_caller_identity()
    assert [one["RoleArn"] for one in seen] == [f"arn:{partition}:iam::{CHILD}:role/{ROLE}"]


def test_a_role_of_another_partition_is_told_as_that_before_any_call(world: AwsAccess) -> None:
    arn = f"arn:aws-cn:iam::{CHILD}:role/app/{ROLE}"
    world.set_accounts([replace(child(), role_arn=arn)])
    with pytest.raises(RoleRefused, match="of another partition than eu-west-1"):
        world.client("sqs", CHILD).list_queues()
    assert total(world.counter, operation="AssumeRole") == 0


def test_credentials_are_renewed_before_their_end_also_in_the_middle_of_an_apply(
    world: AwsAccess, clock: Clock
) -> None:
    queues = world.client("sqs", CHILD)
    queues.list_queues()
    clock.now += timedelta(minutes=40)
    queues.list_queues()
    assert assumed(world) == 1
    clock.now += timedelta(minutes=6)
    queues.list_queues()
    assert assumed(world) == 2


def test_a_failed_early_renewal_keeps_the_credentials_that_still_hold(
    world: AwsAccess, clock: Clock
) -> None:
    queues = world.client("sqs", CHILD)
    queues.list_queues()
    sts = world.client("sts")

    def deny(**_: Any) -> None:
        response: Any = {"Error": {"Code": "AccessDenied", "Message": "no"}}
        raise ClientError(response, "AssumeRole")

    sts.meta.events.register("before-call.sts.AssumeRole", deny)
    clock.now += timedelta(minutes=46)
    queues.list_queues()
    clock.now += timedelta(minutes=10)
    with pytest.raises(RoleNotReady, match=CHILD), aws_errors("groups: read"):
        queues.list_queues()


def test_a_clock_an_hour_ahead_is_told_as_that(world: AwsAccess, clock: Clock) -> None:
    clock.now += timedelta(minutes=75)
    with (
        pytest.raises(AccessDenied, match=r"clock is 7[45] minutes ahead .* account 012345670123"),
        aws_errors("look"),
    ):
        world.client("ec2", CHILD).describe_vpcs()
    clock.now -= timedelta(minutes=60)
    assert world.client("ec2", CHILD).describe_vpcs()["Vpcs"]


def test_clients_are_reused(world: AwsAccess) -> None:
    assert world.client("sqs", CHILD) is world.client("sqs", CHILD, "eu-west-1")
    assert world.client("sqs", CHILD) is not world.client("sqs", CHILD, "us-east-1")
    assert world.client("sqs", CHILD) is not world.client("sqs", OTHER)
    assert place_of(world.client("sqs", CHILD)) == Place(CHILD, "eu-west-1", child().role_arn or "")


def test_a_changed_role_or_external_id_makes_new_sessions(world: AwsAccess) -> None:
    before, other = world.client("sqs", CHILD), world.client("sqs", OTHER)
    world.set_accounts([child(), child(OTHER)])
    assert world.client("sqs", CHILD) is before
    world.set_accounts([child(external_id="new")])
    assert world.client("sqs", CHILD) is not before
    assert world.client("sqs", OTHER) is other
    world.client("sqs", CHILD).list_queues()
    assert assumed(world) == 1


def test_aws_is_asked_once_who_we_are(world: AwsAccess) -> None:
    assert world.caller_arn() == "", "not asked yet"
    for _ in range(3):
        assert world.own_account() == "123456789012"
    assert total(world.counter, operation="GetCallerIdentity") == 1
    assert world.caller_arn().startswith("arn:aws:sts::123456789012:")


def test_threads_that_begin_together_ask_once(world: AwsAccess) -> None:
    asked_together = threading.Barrier(4)
    world.client("sts").meta.events.register(
        "before-call.sts.GetCallerIdentity", lambda **_: time.sleep(0.05)
    )

    def ask(_: int) -> str:
        asked_together.wait()
        return world.own_account()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {"123456789012"}
    assert total(world.counter, operation="GetCallerIdentity") == 1


@pytest.mark.parametrize(
    "whose",
    [
        {"AssumedRoleUser": {"Arn": f"arn:aws:sts::{OTHER}:assumed-role/{ROLE}/envctl"}},
        {"AssumedRoleUser": {"Arn": f"of {CHILD}"}},
        {"AssumedRoleUser": {}},
    ],
)
def test_credentials_of_another_account_are_found_out_before_anything_is_asked_with_them(
    world: AwsAccess, whose: dict[str, Any]
) -> None:
    world.client("sts").meta.events.register(
        "after-call.sts.AssumeRole", lambda parsed, **_: parsed.update(whose)
    )
    for _ in range(2):
        with (
            pytest.raises(AccessDenied, match=f"for account {CHILD} are not its own"),
            aws_errors("queues"),
        ):
            world.client("sqs", CHILD).list_queues()
    assert set(by_operation(world.counter)) == {"sts.AssumeRole"}


def test_an_account_that_nobody_told_of_is_not_reached(access: AwsAccess) -> None:
    with pytest.raises(RoleNotReady, match="no role to reach it by"):
        access.client("ec2", "111122223333")


@pytest.mark.parametrize(
    ("known", "error", "says"),
    [
        (AccountAccess(CHILD, None), RoleNotReady, "no role to reach it by"),
        (AccountAccess(CHILD, f"arn:aws:iam::{OTHER}:role/{ROLE}"), RoleRefused, "belongs to"),
        (AccountAccess(CHILD, f"arn:aws:iam::{CHILD}:role/Admin"), RoleRefused, "Admin is not one"),
        (AccountAccess(CHILD, "arn:aws:iam::12345670123:role/x"), RoleRefused, "no ARN of a role"),
    ],
)
def test_a_role_that_may_not_be_used_is_refused_before_any_call(
    world: AwsAccess, known: AccountAccess, error: type[Exception], says: str
) -> None:
    world.set_accounts([known])
    with pytest.raises(error, match=says):
        world.client("ec2", CHILD)
    assert total(world.counter) == 0


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::012345670123:user/x",
        "arn:aws:iam::12345670123:role/x",
        "arn:aws:iam::012345670123:role/",
        "arn:aws:iam::012345670123:role/x\n",
        "",
    ],
)
def test_what_is_no_arn_of_a_role_is_refused_as_such(arn: str) -> None:
    with pytest.raises(RoleRefused, match="is no ARN of a role"):
        check_role(CHILD, arn, ["x"])


@pytest.mark.parametrize(
    "arn", [f"arn:aws:iam::{CHILD}:role/x", f"arn:aws-us-gov:iam::{CHILD}:role/team/a/x"]
)
def test_a_role_of_the_account_with_an_allowed_name_may_be_used(arn: str) -> None:
    check_role(CHILD, arn, ["x"])


def test_a_role_below_a_path_is_judged_by_its_name() -> None:
    check_role(CHILD, f"arn:aws:iam::{CHILD}:role/infra/{ROLE}", [ROLE])


@pytest.mark.parametrize(
    ("installation", "instance", "name"),
    [
        ("prod", "i-0123", "envctl-prod-i-0123"),
        ("my prod/eu", "host:1", "envctl-my-prod-eu-host-1"),
        ("x" * 80, "i-1", "envctl-" + "x" * 57),
    ],
)
def test_the_session_name_is_one_sts_takes(installation: str, instance: str, name: str) -> None:
    access = AwsAccess(
        region="eu-west-1",
        installation=installation,
        instance=instance,
        allowed_role_names=(),
        clock=lambda: datetime.now(UTC),
    )
    assert access.session_name == name


AWS_SAYS = "User: u is not authorized to perform: sts:AssumeRole on resource: r"


@pytest.mark.parametrize(
    ("tail", "external_id", "kind", "says"),
    [
        ("", None, RoleNotReady, "does not exist yet, does not trust"),
        (" because no resource-based policy allows it", None, RoleNotReady, "no external id"),
        ("", "word", RoleNotReady, "must ask for the Account's externalId"),
        (" because no identity-based policy allows it", None, AccessDenied, "own role may not"),
        (" with an explicit deny in a service control policy", None, AccessDenied, "forbids it"),
        (
            " with an explicit deny in a resource-based policy",
            None,
            AccessDenied,
            "the deny in that resource-based policy",
        ),
        (
            " because no permissions boundary allows it",
            None,
            AccessDenied,
            "allow sts:AssumeRole in that permissions boundary too",
        ),
        (
            " because no service control policy allows it",
            None,
            AccessDenied,
            "no service control policy allows it",
        ),
    ],
)
def test_a_refused_role_says_what_lacks_as_far_as_aws_tells(
    tail: str, external_id: str | None, kind: type[Exception], says: str
) -> None:
    response: Any = {"Error": {"Code": "AccessDenied", "Message": AWS_SAYS + tail}}
    denied = role_denied(ClientError(response, "AssumeRole"), child(external_id=external_id))
    assert type(denied) is kind
    assert says in str(denied)
    assert f"role: arn:aws:iam::{CHILD}:role/{ROLE}" in str(denied)
    assert "word" not in str(denied).replace("own role", "")


def test_another_failure_of_assume_role_is_told_as_what_it_is(world: AwsAccess) -> None:
    def expired(**_: Any) -> None:
        response: Any = {"Error": {"Code": "ExpiredToken", "Message": "old"}}
        raise ClientError(response, "AssumeRole")

    world.client("sts").meta.events.register("before-call.sts.AssumeRole", expired)
    with pytest.raises(AccessDenied, match="have expired"):
        world.client("sqs", CHILD).list_queues()


def test_endpoints_come_from_the_environment_also_per_service(
    access: AwsAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5601")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8601")
    assert access.client("ec2").meta.endpoint_url == "http://127.0.0.1:5601"
    assert access.client("dynamodb").meta.endpoint_url == "http://127.0.0.1:8601"


def test_botocore_does_not_retry_by_itself() -> None:
    config: Any = CLIENT_CONFIGS["ec2"]
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
    assert config.parameter_validation
    assert not CLIENT_CONFIGS["dynamodb"].parameter_validation  # type: ignore[attr-defined]
    assert config.user_agent.startswith("envctl/")


def test_a_strangers_client_is_placed_by_its_region() -> None:
    assert place_of(boto3.client("sts", region_name="us-east-1")) == Place("", "us-east-1")


def test_counting_begins_again_when_cleared(world: AwsAccess) -> None:
    world.client("sqs").list_queues()
    world.client("sqs", CHILD).list_queues()
    counter = world.counter
    assert by_operation(counter) == {"sqs.ListQueues": 2, "sts.AssumeRole": 1}
    assert total(counter, account=CHILD, service="sqs") == 1
    counter.clear()
    assert total(counter) == 0
