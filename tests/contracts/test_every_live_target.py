"""What every live target keeps, ours and those of others: its names, its kinds, and nothing between calls."""

from collections.abc import Sequence
from itertools import permutations
from types import SimpleNamespace
from typing import Any

import pytest

from controller import catalog
from controller.errors import EnvctlError, StaleEpoch
from controller.model.accepted import AcceptedState, LiveOptions
from controller.model.live import LiveLook, LiveScope
from controller.model.plan import Cause, Change
from controller.model.ref import ResourceRef
from controller.ports import BatchingTarget, LiveTarget
from controller.targets.power import TARGET as POWER
from tests.support.live_account import FLEET, NOW, accepted_of
from tests.unit.decisions.looks import group, instance

TARGETS = catalog.live_targets(("tests.support.extension_targets",))
SCOPES = [
    LiveScope(f"{name}/eu-west-1", number, "eu-west-1", name)
    for name, number in (("staging-eu", "012345670123"), ("test-eu", "012345670124"))
]
STEPS = [(step, place) for place in range(2) for step in ("observe", "project")]
INTERLEAVINGS = [
    order
    for order in permutations(STEPS)
    if all(order.index(("observe", place)) < order.index(("project", place)) for place in range(2))
]


@pytest.fixture(params=TARGETS, ids=lambda target: target.name)
def target(request: pytest.FixtureRequest) -> LiveTarget:
    found: LiveTarget = request.param
    return found


def look_at(scope: LiveScope) -> LiveLook:
    """Each scope has an instance and a group of its own."""
    instance_id, name = f"i-{scope.account}", f"c50-{scope.account_name[:4]}-Web"
    members = {instance_id: "InService"}
    return LiveLook(scope, NOW, {name: group(name, members)}, {instance_id: instance(instance_id)})


def unreachable(service: str) -> Any:
    raise EnvctlError(f"{service} cannot be reached from here")


def reads_of(scope: LiveScope) -> Any:
    return SimpleNamespace(
        scope=scope,
        installation="prod",
        options=LiveOptions(),
        history=SimpleNamespace(of_item=lambda *_: ()),
        client=unreachable,
        master=unreachable,
    )


def test_it_says_what_it_is(target: LiveTarget) -> None:
    assert target.name == target.name.lower()
    assert target.kinds
    assert target.summary.endswith(".")


def test_its_objects_have_kinds_no_other_target_has(target: LiveTarget) -> None:
    others = {kind for one in TARGETS if one is not target for kind in one.kinds}
    assert not others & set(target.kinds)
    assert not catalog.kinds().keys() & set(target.kinds)


@pytest.mark.parametrize("order", INTERLEAVINGS)
def test_scopes_seen_in_any_order_do_not_see_each_other(
    target: LiveTarget, order: Sequence[tuple[str, int]]
) -> None:
    accepted: AcceptedState = accepted_of(FLEET)
    looks = [look_at(scope) for scope in SCOPES]
    observed: dict[int, Any] = {}
    for step, place in order:
        scope = SCOPES[place]
        try:
            if step == "observe":
                observed[place] = target.observe(looks[place], reads_of(scope), deep=False)
            elif place in observed:
                projected = target.project(accepted, looks[place], observed[place], NOW)
                refs = [*observed[place].objects, *projected.projections, *projected.left]
                assert all(ref.key.startswith(f"{scope.name}/") for ref in refs)
        except EnvctlError:
            assert step == "observe", "only looking calls AWS"
    assert vars(target) == {}, "a target keeps nothing between calls"


@pytest.mark.parametrize("acted_on", [0, 1])
@pytest.mark.parametrize("last_seen", [0, 1])
def test_power_acts_on_the_look_it_is_given(acted_on: int, last_seen: int) -> None:
    assert isinstance(POWER, BatchingTarget)
    looks = [look_at(scope) for scope in SCOPES]
    for place in (1 - last_seen, last_seen):
        POWER.observe(looks[place], reads_of(SCOPES[place]), deep=False)
    scope, asked = SCOPES[acted_on], []

    def lost() -> None:
        asked.append(scope)
        raise StaleEpoch("the scope is no longer ours")

    acts: Any = SimpleNamespace(
        scope=scope,
        options=LiveOptions(),
        waits_since=None,
        client=unreachable,
        check=lost,
        now=lambda: NOW,
        sleep=unreachable,
        look=looks[acted_on],
    )
    ref = ResourceRef("Instance", f"{scope.name}/i-{scope.account}")
    after = b'{"state":"stopped"}'
    stop = Change(
        "stop", "power", ref, Cause.SCHEDULED, (), b"{}", after, b'{"environment":"c50"}', "", b"{}"
    )
    with pytest.raises(StaleEpoch):
        POWER.act_together([stop], acts)
    assert asked == [scope]
