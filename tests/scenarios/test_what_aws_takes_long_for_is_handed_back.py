"""Members enter standby for longer than an act waits: it is handed back half done, and what is next is found by looking.

Covers: engine.live.run_memory, engine.reconcile.tick.
"""

from pathlib import Path

import pytest

from controller.ledger.records import POWER
from controller.model.plan import Status
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import EVENING, PowerEstate

WEB = "c50-ta-Web"
TAG = "envctl:parked"


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """An estate whose schedules have been known since the afternoon."""
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    return made


def test_the_same_run_takes_it_up_again_by_looking(
    estate: PowerEstate,
) -> None:
    estate.group(WEB)
    # Longer than an act waits: pauses of 1, 1.5, 2.25, … seconds add up to 15 within six looks.
    estate.aws.controls.delays(standby=9)

    (evening,) = (one for one in estate.at(EVENING).tick().outcomes if one.outcomes)

    assert evening.exit_code == 0
    assert set(estate.states().values()) == {"stopped"}
    assert estate.lifecycles(WEB) == ["Standby"] * 3
    ended = [one for one in estate.records() if one.entity_type == POWER and one.intended]
    assert [one.phase for one in ended] == ["succeeded", "succeeded"]
    assert [one.new_meta.get("Message") for one in ended] == ["3 of 3 on their way", None]
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in estate.look(WEB)["Tags"]]
    # What is between two acts is found by looking: what the group was like is on its tag.
    assert {"Key": TAG, "Value": "min=1 desired=3"} in tags


def test_throttled_requests_are_tried_again(sandbox: AwsForTests, tmp_path: Path) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet")
    estate.tick()
    estate.group("c50-ta-Web")
    estate.aws.controls.fail_next("EnterStandby", "Throttling", times=3)
    estate.at(EVENING).tick()
    assert set(estate.states().values()) == {"stopped"}


@pytest.mark.slow
def test_what_failed_is_left_to_the_next_run_however_often_this_one_looks_again(
    estate: PowerEstate,
) -> None:
    estate.group(WEB)
    protected = estate.instance("c51")
    estate.client("ec2").modify_instance_attribute(
        InstanceId=protected, DisableApiStop={"Value": True}
    )
    estate.aws.controls.delays(standby=20)

    evening = estate.at(EVENING).tick().outcomes[0]

    assert estate.lifecycles(WEB) == ["Standby"] * 3
    about = [one for one in evening.outcomes if one.change.ref.key.endswith(protected)]
    assert [one.status for one in about] == [Status.FAILED]
