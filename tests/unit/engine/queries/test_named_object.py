"""One object is meant, or it is said which could be."""

import pytest

from controller.engine.queries.named_object import object_named
from controller.errors import WrongUsage
from controller.model.ref import ResourceRef

REFS = [
    ResourceRef("Environment", "c50"),
    ResourceRef("Service", "Search"),
    ResourceRef("Cluster", "Search"),
    ResourceRef("LoadBalancerSetting", "c50/www.acme.example"),
]


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("Environment/c50", REFS[0]),
        ("c50", REFS[0]),
        ("Service/Search", REFS[1]),
        ("LoadBalancerSetting/c50/www.acme.example", REFS[3]),
        ("c50/www.acme.example", REFS[3]),
    ],
)
def test_by_kind_and_name_or_by_a_name_of_its_own(text: str, ref: ResourceRef) -> None:
    assert object_named(text, REFS, "look") == ref


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Search", r"'Search' may be Cluster/Search, Service/Search\n  fix: write Cluster/Search"),
        ("c51", r"there is no c51\n  fix: did you mean c50"),
        ("Environment/c51", r"there is no Environment/c51\n  fix: did you mean Environment/c50"),
        ("nothing-like-it", r"there is no nothing-like-it\n  fix: look"),
    ],
)
def test_what_may_be_several_or_is_none_is_told(text: str, said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        object_named(text, REFS, "look")
