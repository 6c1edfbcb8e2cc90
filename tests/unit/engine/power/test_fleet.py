"""What people mean by a name: documents first, then groups and instances; never a guess between several."""

from datetime import UTC, datetime

import pytest

from controller.engine.live.observe import Unobserved
from controller.engine.live.scopes import ScopeSetup
from controller.engine.power.fleet import FleetEvaluation, ScopeEvaluation, find_object
from controller.errors import AccessDenied, WrongUsage
from controller.model.accepted import AcceptedState
from controller.model.live import FoundGroup, FoundInstance, LiveLook, LiveScope
from controller.model.observed import ScopeState
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Projection, Resource

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def instance(instance_id: str, name: str, address: str) -> FoundInstance:
    return FoundInstance(
        instance_id=instance_id,
        state="running",
        tags=(("Name", name),),
        launched_at=NOW,
        private_ip=address,
    )


def group(name: str) -> FoundGroup:
    return FoundGroup(
        name=name,
        arn="",
        minimum=0,
        desired=0,
        maximum=1,
        tags=(),
        propagated=frozenset(),
        subnets=(),
        suspended=frozenset(),
        members=(),
    )


def scope(scope: str, groups: list[FoundGroup], instances: list[FoundInstance]) -> ScopeEvaluation:
    place = LiveScope(scope, "012345670123", "eu-west-1", scope.partition("/")[0])
    look = LiveLook(
        place,
        NOW,
        {one.name: one for one in groups},
        {one.instance_id: one for one in instances},
    )
    return ScopeEvaluation(ScopeSetup(place, None, None, "enforce"), look, (), {})


FLEET = FleetEvaluation(
    {
        "staging-eu/eu-west-1": scope(
            "staging-eu/eu-west-1",
            [group("c50-ta-Web"), group("twice")],
            [instance("i-1", "web", "10.0.0.1"), instance("i-2", "web", "10.0.0.2")],
        ),
        "prod-eu/eu-west-1": scope(
            "prod-eu/eu-west-1", [group("twice")], [instance("i-3", "db", "10.0.0.3")]
        ),
    },
    {
        "far/us-east-1": Unobserved(
            ScopeState.UNKNOWN, AccessDenied("AssumeRole denied", detail="more")
        )
    },
    {},
)
REFS = [
    ResourceRef("Environment", "c50"),
    ResourceRef("Service", "c50"),
    ResourceRef("Service", "Search"),
    ResourceRef("Cluster", "Search"),
]
ACCEPTED = AcceptedState(
    resources={
        ref: Resource(ref, Origin("a.yaml", 1), 0, b"{}", Projection(ref, b"{}", b"{}", ""))
        for ref in REFS
    }
)


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("c50", "Environment/c50"),
        ("Service/c50", "Service/c50"),
        ("c50-ta-Web", "Group/staging-eu/eu-west-1/c50-ta-Web"),
        ("Group/staging-eu/eu-west-1/c50-ta-Web", "Group/staging-eu/eu-west-1/c50-ta-Web"),
        ("Group/prod-eu/eu-west-1/twice", "Group/prod-eu/eu-west-1/twice"),
        ("i-3", "Instance/prod-eu/eu-west-1/i-3"),
        ("10.0.0.2", "Instance/staging-eu/eu-west-1/i-2"),
        ("db", "Instance/prod-eu/eu-west-1/i-3"),
        ("Instance/prod-eu/eu-west-1/i-3", "Instance/prod-eu/eu-west-1/i-3"),
    ],
)
def test_the_one_that_is_meant(text: str, ref: str) -> None:
    assert str(find_object(text, ACCEPTED, lambda: FLEET)) == ref


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("web", ["Instance/staging-eu/eu-west-1/i-1", "Instance/staging-eu/eu-west-1/i-2"]),
        ("twice", ["Group/prod-eu/eu-west-1/twice", "Group/staging-eu/eu-west-1/twice"]),
        ("Search", ["Cluster/Search", "Service/Search"]),
    ],
)
def test_several_are_listed(text: str, listed: list[str]) -> None:
    with pytest.raises(WrongUsage) as refused:
        find_object(text, ACCEPTED, lambda: FLEET)

    assert "may be each of these" in str(refused.value)
    assert [line.strip() for line in str(refused.value).splitlines()[2:]] == listed


def test_nothing_names_what_is_near_and_what_could_not_be_seen() -> None:
    with pytest.raises(WrongUsage) as refused:
        find_object("c50-ta-Wed", ACCEPTED, lambda: FLEET)

    assert "did you mean c50-ta-Web?" in str(refused.value)
    assert str(refused.value).endswith("far/us-east-1 could not be looked at: AssumeRole denied")


def test_documents_are_found_without_looking_at_accounts() -> None:
    def never() -> FleetEvaluation:
        raise AssertionError

    assert find_object("Service/Search", ACCEPTED, never) == ResourceRef("Service", "Search")
    with pytest.raises(WrongUsage, match="did you mean Service/Search"):
        find_object("Service/Serch", ACCEPTED, never)
