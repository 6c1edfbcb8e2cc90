"""A plan that changes a schedule says of the instances there are what switches, and nothing of what is overridden for a night.

Covers: engine.config.planner, engine.reconcile.combined_plan.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from controller.model.plan import ScheduleMeaning
from controller.sources.folder import FolderSource
from controller.views.plan.schedule_text import meaning_lines
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import EVENING, PowerEstate
from tests.support.reconcilers import asked, reconciler

WEB = "c50-ta-Web"


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    return made


def meaning(estate: PowerEstate) -> ScheduleMeaning | None:
    source = FolderSource(estate.folder)
    planned = reconciler(source, estate.accounts(), lambda: estate.clock.now).plan(asked())
    return planned.plan.schedules


def test_instances_are_those_found_and_only_those_that_follow_it(estate: PowerEstate) -> None:
    tagged, *_ = estate.group(WEB)
    estate.instance("c50")
    estate.tag(tagged, Schedule="on")
    estate.environment("c50", schedule="off")

    told = meaning(estate)

    assert told is not None
    # Two members and one of no group; what a person tagged stays whatever schedules say.
    assert told.shifts[0].instances == 3
    assert "(3 instances, found)" in list(meaning_lines(told, expand=False))[1].title
    assert (
        "3 instances stopped; first difference now"
        in list(meaning_lines(told, expand=False))[2].title
    )


def test_what_is_off_already_is_not_stopped_again(estate: PowerEstate) -> None:
    estate.group(WEB)
    estate.at(EVENING).tick()
    estate.environment("c50", schedule="on")

    told = meaning(estate)

    assert told is not None
    assert (told.switching("on"), told.switching("off")) == (3, 0)


def test_an_account_that_cannot_be_seen_leaves_what_is_asked_for(estate: PowerEstate) -> None:
    estate.group(WEB)
    estate.instance("c50")
    estate.environment("c50", schedule="off")
    estate.clock.sleep(timedelta(minutes=1).total_seconds())
    estate.aws.controls.fail_next("DescribeInstances", "UnauthorizedOperation", times=None)

    told = meaning(estate)

    assert told is not None
    assert (told.shifts[0].instances, told.instances_are) == (3, "desired sizes")
