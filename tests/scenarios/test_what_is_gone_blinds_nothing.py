"""A group that is gone in the middle of a closer look, and a refresh that AWS has forgotten, leave the rest of a scope to be seen."""

from dataclasses import replace
from typing import Any

import pytest

from controller.targets.group_parts.observe import GROUP_NAMES, read_deep
from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import ACCOUNT, Acts, LiveAccount, failures

WEB = "c50-ta-Web"


@pytest.fixture
def running(aws: AwsForTests) -> LiveAccount:
    """An account whose only group is made, and replaces its instances when its template changes."""
    account = LiveAccount(aws)
    account.role(rollout={"instanceRefresh": {"minHealthyPercent": 50}})
    assert failures(account.apply()) == []
    return account


def test_groups_that_are_gone_since_the_look_are_left_out_of_a_closer_one(
    running: LiveAccount,
) -> None:
    look = running.plan().view.look
    assert look is not None
    there = look.groups[WEB]
    gone = [replace(there, name=f"c60-ta-Web{number}") for number in range(GROUP_NAMES)]

    reads: Any = Acts(running, "token")
    found = read_deep([*gone, there], reads)

    assert list(found) == [WEB]
    assert found[WEB].attributes["terminationDelay"] == 3


def test_a_refresh_that_aws_has_forgotten_is_none(running: LiveAccount) -> None:
    running.role(instanceType="m6i.xlarge")
    assert failures(running.apply()) == []
    assert running.tags().get("envctl:refresh")
    refuse = {"operation": "DescribeInstanceRefreshes", "account": ACCOUNT, "times": None}
    # Without an id: its answer was lost. Then it is the group that AWS does not know any more.
    without_id = {"Key": "envctl:refresh", "Value": "2 after none", "PropagateAtLaunch": False}

    for marks in ([], [without_id]):
        for mark in marks:
            of_group = {"ResourceId": WEB, "ResourceType": "auto-scaling-group"}
            scaling = running.client("autoscaling")
            scaling.create_or_update_tags(Tags=[{**of_group, **mark}])
        for code, seen in (("AccessDenied", False), ("ValidationError", True)):
            running.aws.controls.send("no-faults", {})
            running.aws.controls.send("faults", {**refuse, "code": code})
            blind = set(running.plan().view.unknown)
            assert blind == (set() if seen else {"groups"}), (code, marks)
