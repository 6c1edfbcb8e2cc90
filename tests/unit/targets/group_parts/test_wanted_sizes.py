"""The sizes a group is to have, and those of them that are ours to say."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.decisions.power_map import Compiled
from controller.kinds.parts.server_role import ScalingSchedule
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.group_sizes import RoleSizes
from controller.scheduling.schedule import ALWAYS_OFF, ALWAYS_ON, NOSCHEDULE
from controller.targets.group_parts.found import SIZES
from controller.targets.group_parts.role_design import GroupDesign, Power
from controller.targets.group_parts.wanted_sizes import (
    sizes_at_creation,
    sizes_now,
    without_instances,
)
from tests.support.live_account import FLEET
from tests.unit.targets.group_parts.test_designs import design
from tests.unit.targets.group_parts.test_rollouts import seen

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DESIGN = design(FLEET)
OFFICE = parse_schedule("start: 0 8 * * *; stop: 0 19 * * *")


def sized(
    sizes: RoleSizes, environment: Compiled = ALWAYS_ON, role: Compiled | None = None
) -> GroupDesign:
    return replace(DESIGN, sizes=sizes, power=Power(environment, role))


@pytest.mark.parametrize(
    ("of", "hour", "wanted", "because"),
    [
        (sized(RoleSizes(1, 2, 4)), 12, (1, 2, 4), "as its role says"),
        (sized(RoleSizes(1, 2, 4), ALWAYS_OFF), 12, (0, 0, 4), "off: no instances to park"),
        (sized(RoleSizes(1, 2, 4), NOSCHEDULE), 12, (1, 2, 4), "no schedule: as its role says"),
        (sized(RoleSizes(1, 2, 4), OFFICE), 12, (1, 2, 4), "in office hours"),
        (sized(RoleSizes(1, 2, 4), OFFICE), 22, (0, 0, 4), "outside them"),
        (sized(RoleSizes(1, 2, 4), ALWAYS_OFF, NOSCHEDULE), 12, (1, 2, 4), "the role comes first"),
        (sized(RoleSizes(1, 2, 4, when_off="ignore"), ALWAYS_OFF), 12, (1, 2, 4), "off is ignored"),
        (sized(RoleSizes(1, 2, 4, desired_is_external=True)), 12, (1, 2, 4), "a first size"),
    ],
)
def test_sizes_of_a_new_group(of: GroupDesign, hour: int, wanted: Any, because: str) -> None:
    made = sizes_at_creation(of, NOON.replace(hour=hour))
    assert tuple(made[name] for name in SIZES) == wanted, because


@pytest.mark.parametrize(
    ("power", "because"),
    [
        (Power(OFFICE, None), "without instances: its schedule says off"),
        (Power(ALWAYS_OFF, OFFICE), "without instances: its schedule says off"),
        (Power(ALWAYS_OFF, None), "without instances: its environment has no schedule, mode off"),
        (Power(OFFICE, ALWAYS_OFF), "without instances: its role has no schedule, mode off"),
    ],
)
def test_why_a_new_group_has_no_instances(power: Power, because: str) -> None:
    assert without_instances(replace(DESIGN, power=power)) == because


@pytest.mark.parametrize(
    ("of", "found", "wanted", "owned", "because"),
    [
        (sized(RoleSizes(1, 2, 4)), (0, 3, 9), (1, 2, 4), set(SIZES), "healed"),
        (
            sized(RoleSizes(1, 2, 4), ALWAYS_OFF),
            (0, 3, 9),
            (0, 3, 4),
            {"maxSize"},
            "the rest is power's to say",
        ),
        (
            sized(RoleSizes(1, 2, 4, desired_is_external=True)),
            (1, 3, 4),
            (1, 3, 4),
            {"minSize", "maxSize"},
            "others own it",
        ),
        (
            sized(RoleSizes(2, 2, 4, desired_is_external=True)),
            (1, 1, 9),
            (2, 2, 4),
            {"minSize", "maxSize"},
            "moved into the new bounds",
        ),
        (
            replace(
                sized(RoleSizes(1, 2, 4)),
                scaling_schedules=(ScalingSchedule(recurrence="0 1 * * *", desiredCapacity=4),),
            ),
            (1, 4, 4),
            (1, 4, 4),
            {"minSize", "maxSize"},
            "what its scaling schedules set is theirs",
        ),
    ],
)
def test_sizes_of_a_group_that_exists(
    of: GroupDesign, found: Any, wanted: Any, owned: set[str], because: str
) -> None:
    made, ours = sizes_now(of, dict(zip(SIZES, found, strict=True)), seen(), NOON)
    assert tuple(made[name] for name in SIZES) == wanted, because
    assert ours == owned, because


MOST = ScalingSchedule(recurrence="0 22 * * *", maxCapacity=2)


@pytest.mark.parametrize(
    ("of", "found", "lifecycles", "wanted", "because"),
    [
        (sized(RoleSizes(1, 2, 4)), (0, 0, 4), ["Standby"] * 2, (0, 0, 4), "as it is"),
        (sized(RoleSizes(1, 2, 4)), (0, 0, 9), ["Standby"] * 2, (0, 0, 4), "made larger"),
        (sized(RoleSizes(1, 2, 4)), (0, 0, 2), ["Standby"] * 2, (0, 0, 4), "made smaller"),
        (sized(RoleSizes(1, 2, 4)), (0, 1, 9), ["InService", *["Standby"] * 3], (0, 1, 4), "room"),
        (sized(RoleSizes(1, 2, 4)), (0, 1, 9), ["Pending", *["EnteringStandby"] * 4], None, "none"),
        (sized(RoleSizes(1, 2, 4)), (0, 1, 9), [*["Standby"] * 3, "Lost"], None, "it comes back"),
        (replace(sized(RoleSizes(1, 2, 4)), scaling_schedules=(MOST,)), (0, 0, 2), [], None, "its"),
    ],
)
def test_of_a_parked_group_the_maximum_alone_is_ours_unless_standby_needs_more(
    of: GroupDesign, found: Any, lifecycles: list[str], wanted: Any, because: str
) -> None:
    there = seen()
    there["parked"], there["lifecycles"] = True, lifecycles
    made, ours = sizes_now(of, dict(zip(SIZES, found, strict=True)), there, NOON)
    assert tuple(made.values()) == (wanted or found), because
    assert ours == ({"maxSize"} if wanted else set())


def test_a_group_that_is_about_to_be_parked_keeps_its_maximum_too() -> None:
    found = dict(zip(SIZES, (1, 2, 9), strict=True))
    at_night = sized(RoleSizes(1, 2, 4), OFFICE)
    made, ours = sizes_now(at_night, found, seen(), NOON.replace(hour=22))
    assert (made, ours) == ({**found, "maxSize": 4}, frozenset({"maxSize"}))


count = st.integers(0, 20)


@given(st.lists(count, min_size=3, max_size=3).map(sorted), st.lists(count, min_size=3, max_size=3).map(sorted),
       st.booleans(), st.lists(st.sampled_from(["InService", "Standby", "Pending"]), max_size=5))  # fmt: skip
def test_sizes_are_in_order_and_a_second_look_changes_nothing(
    role: list[int], found: list[int], external: bool, lifecycles: list[str]
) -> None:
    of = sized(RoleSizes(role[0], role[1], role[2], desired_is_external=external))
    there = seen()
    there["lifecycles"] = lifecycles
    first, _ = sizes_now(of, dict(zip(SIZES, found, strict=True)), there, NOON)
    assert 0 <= first["minSize"] <= first["desiredCapacity"] <= first["maxSize"]
    assert sizes_now(of, first, there, NOON)[0] == first


@pytest.mark.parametrize(("schedule", "desired"), [(ALWAYS_ON, 1), (NOSCHEDULE, 2)])
def test_a_member_lost_in_standby_counts_only_where_power_puts_it_back(
    schedule: Compiled, desired: int
) -> None:
    there = seen()
    there["lifecycles"] = ["InService", "Lost"]
    found = dict(zip(SIZES, (1, 1, 4), strict=True))
    assert (
        sizes_now(sized(RoleSizes(1, 2, 4), schedule), found, there, NOON)[0]["desiredCapacity"]
        == desired
    )
