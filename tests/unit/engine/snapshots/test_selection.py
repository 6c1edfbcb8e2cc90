"""Which objects a restore is about."""

import pytest

from controller.engine.snapshots.selection import EVERYTHING, Selection, environments_of
from controller.errors import WrongUsage
from controller.model.observed import CONFIG_SCOPE, ObservedState, Ownership, ScopeState
from controller.model.observed import Observation as Seen
from controller.model.ref import ResourceRef
from tests.support.yaml_fleet import KINDS

C50 = ResourceRef("Environment", "c50")
C60 = ResourceRef("Environment", "c60")
WEB = ResourceRef("LoadBalancerSetting", "c50/www")
SEARCH = ResourceRef("Service", "Search")
ALL = (C50, C60, WEB, SEARCH)
OF = {C50: {"c50"}, C60: {"c60"}, WEB: {"c50"}}


@pytest.mark.parametrize(
    ("selection", "meant", "because"),
    [
        (EVERYTHING, set(ALL), "nothing is restricted"),
        (Selection(kinds=("Environment",)), {C50, C60}, "by kind"),
        (Selection(keys=("c50",)), {C50}, "by the whole key"),
        (Selection(keys=("www",)), {WEB}, "by what stands behind the environment"),
        (Selection(environments=("c50",)), {C50, WEB}, "the environment and what names it"),
        (Selection(kinds=("Service",), environments=("c50",)), set(), "both must hold"),
    ],
)
def test_what_is_meant(selection: Selection, meant: set[ResourceRef], because: str) -> None:
    assert selection.within(ALL, OF) == meant, because


def test_a_selection_of_nothing_is_told() -> None:
    with pytest.raises(WrongUsage, match="neither it nor the tables have an object of Nobody"):
        Selection(keys=("Nobody",)).check((), "snapshot:x")


def test_an_object_is_of_the_environments_it_names() -> None:
    items = b'{"InfraConfigLBSettings":{"EnvironmentName":"c50","VHostName":"www","Value":{}}}'
    found = {
        ref: Seen(ref, items, "", None, Ownership.OURS, b"{}")
        for ref in (C50, WEB, SEARCH, ResourceRef("Unknown", "x"))
    }
    seen = ObservedState(CONFIG_SCOPE, ScopeState.OK, found)

    found_in = environments_of(seen, KINDS)

    assert found_in[C50] == {"c50"}
    assert SEARCH not in found_in or found_in[SEARCH] == set()
    assert ResourceRef("Unknown", "x") not in found_in
