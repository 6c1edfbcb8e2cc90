"""A group whose making or changing was cut short is known for ours: it goes on as it was begun, and may be deleted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.aws.clients import RetryLimits
from controller.model.plan import Cause, Status
from controller.targets.groups import TARGET as GROUPS
from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import FLEET, LiveAccount
from tests.support.live_accounts import LiveEstate, live_changes
from tests.support.request_faults import RequestFaults, request_faults

WEB = "c50-ta-Web"


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@pytest.fixture
def faults() -> Iterator[RequestFaults]:
    with request_faults() as made:
        yield made


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> LiveEstate:
    LiveAccount(sandbox)
    made = LiveEstate(tmp_path / "fleet", (GROUPS,), "targets: {groups: enforce}")
    made.has({"shared.yaml": None, "staging.yaml": None})
    for kind, name in FLEET:
        document(made, kind, name)
    # An answer that is lost is lost at once, without a minute of further tries.
    made.installation.master.aws._clients.retries.limits = RetryLimits(max_tries=1)
    return made


def document(estate: LiveEstate, kind: str, name: str, **fields: Any) -> None:
    told = {
        "apiVersion": "envctl/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {**FLEET[kind, name], **fields},
    }
    estate.has({f"{kind}-{name}.yaml": yaml.safe_dump(told)})


def with_image(estate: LiveEstate, **fields: Any) -> None:
    (role,) = FLEET["DeploymentMap", "web"]["roles"]
    document(estate, "DeploymentMap", "web", roles=[{**role, **fields}])


def groups(estate: LiveEstate) -> list[str]:
    found = estate.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return [group["AutoScalingGroupName"] for group in found]


def kill() -> None:
    raise Killed


@pytest.mark.slow
def test_a_group_whose_create_was_not_answered_is_found_made_and_is_ours_to_delete(
    estate: LiveEstate, faults: RequestFaults
) -> None:
    faults.at("CreateAutoScalingGroup", lose_answer=True)
    report = estate.applied()

    assert [o.status for o in report.outcomes if o.change.target == "groups"] == [Status.UNKNOWN]
    assert [record.phase for record in estate.records()] == ["intended"]
    assert groups(estate) == [WEB]

    assert estate.applied().exit_code == 0
    assert estate.records()[-1].change_type in {"Created", "Updated"}
    assert {record.phase for record in estate.records()[1:]} <= {"intended", "succeeded", "failed"}
    assert live_changes(estate.planned()) == []

    document(estate, "Environment", "c50", lifecycle="retired")
    estate.applied()
    estate.clock.sleep(60)
    estate.applied()
    assert groups(estate) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [
        {"autoScalingSettings": {"minCapacity": 1, "desiredCapacity": 2, "maxCapacity": 9}},
        {"instanceType": "m6i.xlarge"},
    ],
)
def test_an_update_that_was_killed_before_its_marks_goes_on_as_the_edit_it_is(
    estate: LiveEstate, faults: RequestFaults, fields: dict[str, Any]
) -> None:
    assert estate.applied().exit_code == 0
    assert live_changes(estate.planned(deep=True)) == []
    with_image(estate, **fields)
    faults.at("CreateOrUpdateTags", before=kill)

    with pytest.raises(Killed):
        estate.applied()
    faults.clear()

    for deep in (False, True):
        found = live_changes(estate.planned(deep=deep))
        assert {change.cause for change in found} <= {Cause.EDITED}
    assert estate.applied(take_over=True).exit_code == 0
    assert live_changes(estate.planned(deep=True)) == []
    assert not [name for name in estate.rows() if name.startswith("flips#")]
