"""How far power reaches, and what is known of groups and instances that belong to nobody or are left out."""

import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.decisions.evaluator import (
    LEFT_OUT,
    NOT_KNOWN,
    Evaluation,
    Evaluator,
    power_rules_of,
)
from controller.decisions.power_map import power_map, roles_if_readable
from controller.model.accepted import LiveOptions, PowerOptions
from controller.model.live import FoundGroup, FoundInstance
from controller.model.ref import ResourceRef
from controller.scheduling.decision import SkipCode
from controller.scheduling.facts import LONG_AGO
from tests.support.live_account import FLEET, NOW, accepted_of
from tests.unit.decisions.looks import group, instance, look

WEB = "c50-ta-Web"
EVERYWHERE = PowerOptions()


def evaluated(
    *found: FoundInstance | FoundGroup, power: PowerOptions = EVERYWHERE
) -> tuple[Evaluator, list[Evaluation]]:
    rules = power_rules_of(LiveOptions(power=power))
    evaluator = Evaluator(look(*found), power_map(accepted_of(FLEET)), NOW, rules)
    return evaluator, list(evaluator.instances)


@pytest.mark.parametrize(
    ("power", "left_out"),
    [
        (EVERYWHERE, False),
        (PowerOptions(only_environments=("C50",)), False),
        (PowerOptions(only_environments=("c51",)), True),
        (PowerOptions(only_accounts=("Staging-EU",)), False),
        (PowerOptions(only_accounts=("012345670123",)), False),
        (PowerOptions(only_accounts=("test-eu",)), True),
    ],
)
def test_the_settings_keep_power_off_environments_and_accounts(
    power: PowerOptions, *, left_out: bool
) -> None:
    evaluator, (judged,) = evaluated(group(WEB, {"i-1": "InService"}), instance("i-1"), power=power)
    assert (evaluator.groups[WEB].decision is LEFT_OUT) is left_out
    assert (judged.decision is LEFT_OUT) is left_out


def test_a_group_of_nobody_has_no_environment_and_scales_nothing() -> None:
    evaluator, (judged,) = evaluated(group("c99-ta-Web", {}), instance("i-1", environment="c99"))
    found = evaluator.groups["c99-ta-Web"]
    assert (found.environment, found.role, found.scales) == ("", None, False)
    assert (judged.environment, judged.role) == ("", None)


def test_an_environment_that_only_an_override_makes_readable_is_decided_by_it() -> None:
    ref, accepted = ResourceRef("Environment", "c50"), accepted_of(FLEET)
    beneath = replace(accepted, specs={**accepted.specs, ref: None})
    found = power_map(replace(accepted, beneath=beneath)).environments["c50"]
    assert found == power_map(accepted).environments["c50"]
    assert roles_if_readable("c50", beneath) is None


def test_instances_alike_are_decided_once() -> None:
    _, (first, second) = evaluated(instance("i-1", "pending"), instance("i-2", "pending"))
    assert first.decision is second.decision
    assert first.then is second.then is not None


def test_groups_alike_are_decided_once() -> None:
    evaluator, _ = evaluated(group(WEB, {}), group("c50-ta-Web-blue", {}))
    first, second = evaluator.groups.values()
    assert first.decision is second.decision


@pytest.mark.parametrize(
    ("state", "minutes", "stuck"),
    [
        ("pending", 16, True),
        ("pending", 14, False),
        ("running", 16, False),
        ("stopping", 16, False),
        ("shutting-down", 16, False),
        ("stopped", 16, False),
    ],
)
def test_since_when_it_is_stuck(state: str, minutes: int, *, stuck: bool) -> None:
    launched = NOW - timedelta(minutes=minutes)
    _, (judged,) = evaluated(instance("i-1", state, launched_at=launched))
    assert (judged.stuck_since(NOW) is not None) is stuck


def test_deployments_that_are_not_known_may_run_everywhere() -> None:
    documents = copy.deepcopy(FLEET)
    documents["Environment", "c50"]["schedule"] = {
        "expression": "start: 0 8 * * *; stop: 55 11 * * *"
    }
    power, rules = power_map(accepted_of(documents)), power_rules_of(LiveOptions(power=EVERYWHERE))
    known, unknown = {"c50": NOW - timedelta(minutes=5)}, {NOT_KNOWN: LONG_AGO}
    for deploying, code in (
        ({}, None),
        (known, SkipCode.DEPLOYING),
        (unknown, SkipCode.MAY_BE_DEPLOYING),
        ({**unknown, **known}, SkipCode.DEPLOYING),
    ):
        found = look(instance("i-1", Environment="c50"))
        (judged,) = Evaluator(found, power, NOW, rules, deploying).instances
        reason = judged.decision.reason
        assert (reason.code if reason else None) is code
