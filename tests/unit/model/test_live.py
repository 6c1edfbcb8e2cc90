"""What a look found, asked by name."""

import pytest

from controller.model.live import FoundGroup, FoundInstance, Member

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
