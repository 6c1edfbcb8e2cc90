"""One object is meant, or it is said which could be."""

import pytest

from controller.engine.desired.named_object import object_named
from controller.errors import WrongUsage
from controller.model.ref import ResourceRef

REFS = [
    ResourceRef("Environment", "c50"),
    ResourceRef("Service", "Search"),
    ResourceRef("Cluster", "Search"),
    ResourceRef("LoadBalancerSetting", "c50/www.acme.example"),
    ResourceRef("LoadBalancerSetting", "c50/www.b.example"),
    ResourceRef("LoadBalancerSetting", "c51/www.b.example"),
    ResourceRef("DeploymentMap", "c50"),
]


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("Environment/c50", REFS[0]),
        ("c50", REFS[0]),
        ("Service/Search", REFS[1]),
        ("LoadBalancerSetting/c50/www.acme.example", REFS[3]),
        ("c50/www.acme.example", REFS[3]),
        ("www.acme.example", REFS[3]),
        ("LoadBalancerSetting/www.acme.example", REFS[3]),
        ("DeploymentMap/c50", REFS[6]),
    ],
)
def test_by_kind_and_name_or_by_a_name_of_its_own(text: str, ref: ResourceRef) -> None:
    assert object_named(text, REFS, "look") == ref


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Search",
            r"'Search' may be each of these\n  fix: name one of them\n    Cluster/Search\n    Service/Search",
        ),
        ("www.b.example", r"each of these\n.*\n    LoadBalancerSetting/c50/www.b.example\n"),
        ("c51", r"there is no c51\n  fix: did you mean c50"),
        ("Environment/c51", r"there is no Environment/c51\n  fix: did you mean Environment/c50"),
        ("nothing-like-it", r"there is no nothing-like-it\n  fix: look"),
    ],
)
def test_what_may_be_several_or_is_none_is_told(text: str, said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        object_named(text, REFS, "look")
