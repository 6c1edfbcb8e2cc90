"""What every live target keeps, ours and those of others: its names and its kinds."""

import pytest

from controller import catalog
from controller.ports import LiveTarget

TARGETS = catalog.live_targets(("tests.support.extension_targets",))


@pytest.fixture(params=TARGETS, ids=lambda target: target.name)
def target(request: pytest.FixtureRequest) -> LiveTarget:
    found: LiveTarget = request.param
    return found


def test_it_says_what_it_is(target: LiveTarget) -> None:
    assert target.name == target.name.lower()
    assert target.kinds
    assert target.summary.endswith(".")


def test_its_objects_have_kinds_no_other_target_has(target: LiveTarget) -> None:
    others = {kind for one in TARGETS if one is not target for kind in one.kinds}
    assert not others & set(target.kinds)
    assert not catalog.kinds().keys() & set(target.kinds)
