"""A light look in order needs no further call, for groups and scaling schedules alike."""

from types import SimpleNamespace
from typing import Any

import pytest

from controller.decisions import tag_keys as our
from controller.model.live import FoundGroup, LiveLook, Member
from controller.targets.group_parts.designs import designs
from controller.targets.group_parts.found import ImageMark, group_mark_id
from controller.targets.group_parts.schedule_acts import actions_digest, wanted_actions
from controller.targets.group_parts.wanted import wished_digest
from controller.targets.groups import TARGET as GROUPS
from controller.targets.scaling_schedules import TARGET as SCHEDULES
from tests.support.live_account import FLEET, INSTALLATION, NOW, SCOPE, accepted_of
from tests.unit.targets.group_parts.test_designs import with_role

NIGHTLY = {"recurrence": "0 22 * * *", "desiredCapacity": 4}
ACCEPTED = accepted_of(with_role(FLEET, scalingSchedules=[NIGHTLY]))


def no_calls(service: str) -> Any:
    raise AssertionError(f"a client of {service} was asked for")


READS: Any = SimpleNamespace(
    options=ACCEPTED.options, installation=INSTALLATION, scope=SCOPE, client=no_calls
)


def in_order(**changed: str) -> LiveLook:
    """Return a look at the wanted groups as they are once all is done, with some tags changed."""
    groups = {}
    for name, design in designs(ACCEPTED, SCOPE).groups.items():
        image = ImageMark(design.image, "ami-1", "Linux")
        tags = {
            **design.tags,
            "Schedule": "",
            our.ID: group_mark_id(INSTALLATION, SCOPE.name, name),
            our.DEEP: wished_digest(design, image),
            our.IMAGE: str(image),
            our.TEMPLATE: "lt-1:1",
            our.ROLLOUT: "none",
            our.SCALING_SCHEDULES: actions_digest(wanted_actions(design.scaling_schedules)),
            **changed,
        }
        members = tuple(
            Member(f"i-{number}", "InService", "a", "lt-1", "1", healthy=True)
            for number in range(2)
        )
        groups[name] = FoundGroup(
            name=name,
            arn="",
            minimum=1,
            desired=2,
            maximum=4,
            tags=tuple(tags.items()),
            propagated=frozenset({*design.tags, "Schedule"}),
            subnets=design.subnets,
            suspended=frozenset(),
            members=members,
            template_id="lt-1",
            template_name="LaunchTemplate_c50-ta-Web",
            template_version="1",
        )
    return LiveLook(SCOPE, NOW, groups)


@pytest.mark.parametrize("target", [GROUPS, SCHEDULES])
def test_nothing_is_asked_and_nothing_changes(target: Any) -> None:
    look = in_order()
    observed = target.observe(look, READS, deep=False)
    wanted = target.project(ACCEPTED, look, observed, NOW)
    assert (wanted.asks, wanted.left, wanted.notes) == (frozenset(), frozenset(), ())
    assert {ref: one.digest for ref, one in wanted.projections.items()} == {
        ref: one.digest for ref, one in observed.objects.items()
    }


@pytest.mark.parametrize(
    ("target", "tag", "asked"),
    [
        (GROUPS, our.DEEP, "group/c50-ta-Web"),
        (GROUPS, our.TEMPLATE, "group/c50-ta-Web"),
        (GROUPS, our.IMAGE, "group/c50-ta-Web"),
        (SCHEDULES, our.SCALING_SCHEDULES, "scheduledActions/c50-ta-Web"),
    ],
)
def test_only_what_the_marks_do_not_tell_is_asked(target: Any, tag: str, asked: str) -> None:
    look = in_order(**{tag: "otherwise"})
    observed = target.observe(look, READS, deep=False)
    assert target.project(ACCEPTED, look, observed, NOW).asks == {asked}
