"""Instances with a group's tag that the group does not list, as those of a warm pool."""

from dataclasses import replace

import pytest

from controller.scheduling.decision import Action, SkipCode, decide
from controller.scheduling.facts import GroupFacts
from controller.scheduling.schedule import ALWAYS_OFF, ALWAYS_ON, Schedule
from tests.unit.scheduling.test_decision import ENVIRONMENT, NOW, RUNNING


@pytest.mark.parametrize("state", ["stopped", "running"])
@pytest.mark.parametrize("wanted", [ALWAYS_ON, ALWAYS_OFF])
def test_what_its_group_does_not_list_is_left_to_it(state: str, wanted: Schedule) -> None:
    environment = replace(ENVIRONMENT, schedule=wanted)
    decision = decide(replace(RUNNING, state=state), GroupFacts("g"), environment, NOW)

    assert (decision.action, decision.source) == (Action.SKIP, None)
    assert decision.reason is not None
    assert decision.reason.code is SkipCode.NOT_LISTED
