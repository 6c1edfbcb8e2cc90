"""What a look found, asked by name."""

from datetime import UTC, datetime

import pytest

from controller.model.live import FoundGroup, FoundInstance, LiveLook, LiveScope, Member

GROUP = FoundGroup(
    name="c50-ta-Web",
    arn="arn",
    minimum=1,
    desired=1,
    maximum=2,
    tags=(("Environment", "c50"), ("environment", "other")),
    propagated=frozenset(),
    subnets=(),
    suspended=frozenset(),
    members=(Member("i-1", "InService", "eu-west-1a", "lt-1", "3", healthy=True),),
)
ALONE = FoundInstance("i-2", "running", (("Name", ""),), None)
LOOK = LiveLook(
    LiveScope("staging/eu-west-1", "012345670123", "eu-west-1", "staging"),
    datetime(2026, 11, 24, 10, tzinfo=UTC),
    {GROUP.name: GROUP},
    {ALONE.instance_id: ALONE},
)


@pytest.mark.parametrize(
    ("of", "key", "value"),
    [
        (GROUP, "Environment", "c50"),
        (GROUP, "Owner", None),
        (ALONE, "Name", ""),
        (ALONE, "name", None),
    ],
)
def test_a_tag_is_found_by_its_exact_key(
    of: FoundGroup | FoundInstance, key: str, value: str | None
) -> None:
    assert of.tag(key) == value


def test_the_group_of_an_instance_is_the_one_that_lists_it() -> None:
    assert LOOK.group_of("i-1") is GROUP
    assert LOOK.group_of("i-2") is None
