"""Keys of tags are renamed in one place: what is decided, explained and written goes by the same ones."""

from dataclasses import replace

import pytest

from controller.decisions.evaluator import Evaluator, PowerRules, power_rules_of
from controller.decisions.power_map import power_map
from controller.decisions.tag_keys import SCHEDULE, written_keys
from controller.model.accepted import LiveOptions
from controller.scheduling.decision import Action
from controller.scheduling.facts import Source
from tests.support.live_account import FLEET, NOW, accepted_of
from tests.unit.decisions.looks import group, instance, look

RENAMED = LiveOptions(tag_keys={"Schedule": "off-hours", "Environment": "env", "Role": ""})


def test_a_key_that_is_not_renamed_or_left_out_is_the_usual_one() -> None:
    assert power_rules_of(LiveOptions()) == PowerRules()
    assert power_rules_of(RENAMED) == PowerRules(schedule_tag="off-hours", environment_tag="env")


def test_a_tag_that_is_left_out_is_not_written() -> None:
    written = written_keys(RENAMED.tag_keys)
    assert (written["Schedule"], written["Environment"]) == ("off-hours", "env")
    assert "Role" not in written


@pytest.mark.parametrize(
    ("tags", "ours", "because"),
    [
        ({"off-hours": "on", SCHEDULE: "on"}, True, "it is as we wrote it"),
        (
            {"OFF-HOURS": " on", SCHEDULE: "on "},
            True,
            "keys match in any case, blanks do not count",
        ),
        ({"off-hours": "off", SCHEDULE: "on"}, False, "a person changed it"),
        ({"off-hours": "on"}, False, "we never wrote it"),
        ({"Schedule": "on", SCHEDULE: "on"}, False, "the usual key is not this installation's"),
    ],
)
def test_whose_schedule_tag_it_is(tags: dict[str, str], ours: bool, because: str) -> None:
    found = replace(group("c50-ta-Web", {}), tags=tuple(tags.items()))
    power = power_map(replace(accepted_of(FLEET), options=RENAMED))
    judged = Evaluator(look(found), power, NOW, power_rules_of(RENAMED)).groups["c50-ta-Web"]
    assert judged.tag_is_ours is ours, because


def test_what_is_decided_by_a_renamed_tag_is_known_to_be_ours_or_not() -> None:
    accepted = replace(accepted_of(FLEET), options=RENAMED)
    found = look(
        replace(
            group("c50-ta-Web", {}), tags=(("env", "c50"), ("off-hours", "on"), (SCHEDULE, "on"))
        ),
        replace(instance("i-1"), tags=(("env", "c50"), ("off-hours", "off"))),
    )
    evaluator = Evaluator(found, power_map(accepted), NOW, power_rules_of(RENAMED))
    (judged,) = evaluator.instances()
    assert (judged.decision.source, judged.decision.action) == (Source.INSTANCE, Action.SWITCH_OFF)
    assert evaluator.groups["c50-ta-Web"].tag_is_ours
