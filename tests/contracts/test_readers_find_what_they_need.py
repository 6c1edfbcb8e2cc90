"""Programs that read the tables find what they cannot do without, whoever wrote the YAML and whatever it leaves out.

What each needs, and what comes of its absence: the nginx configurator stops for all upstreams of a balancer without ``MaxFails``;
deployments of a whole map fail without a role's ``Services``; restricted rights are void in another case than lower; pages show
nothing without ``SchemaVersion``, and schedulers take an environment without its switches for on.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import getitem
from typing import Any

import pytest
from hypothesis import given

from controller.model.ref import ResourceRef
from controller.model.resource import Resource
from tests.support.generated_fleets import Documents, fleets
from tests.support.imported_fleets import authored, items_of, right
from tests.support.yaml_fleet import examples

Json = Any
NEEDED: Mapping[str, tuple[str, ...]] = {
    "InfraConfigLBUpstream": ("Key", "Upstream", "Environment", "Service", "SchemaVersion"),
    "InfraConfigServices": ("OwningCluster", "Value"),
}
"""Attributes of items, by table."""
NEEDED_IN_VALUE: Mapping[str, tuple[str, ...]] = {
    "InfraConfigLBSettings": (
        *("SchemaVersion", "EnvironmentName", "VHostName", "Listen"),
        *("ServerName", "FrontEnd", "Locations"),
    ),
    "ConfigEnvironmentTypes": (
        *("SchemaVersion", "AWSAccountName", "AWSAccountNumber"),
        *("Subnets", "VpcId"),
    ),
    "ConfigEnvironments": ("EnvironmentType", "OwningCluster", "DeploymentMap"),
    "InfraOpsEnvironment": ("ManualScheduleUp", "ScheduleAutomatically"),
    "InfraConfigClusters": ("ShortName", "SchemaVersion"),
}
NEEDED_IN_MEMBERS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("InfraConfigLBUpstream", "Hosts"): ("DnsName", "MaxFails", "FailTimeout", "Weight", "State"),
    ("ConfigDeploymentMaps", "Value", "DeploymentTarget"): (
        *("ServerRoleName", "OwningCluster", "Services"),
    ),
}
RESTRICTIONS = ("Clusters", "EnvironmentTypes")


def lacking(items: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    """Yield what readers of an object's items miss."""
    for table, item in items.items():
        yield from _absent(item, *NEEDED.get(table, ()))
        yield from _absent(item.get("Value", {}), *NEEDED_IN_VALUE.get(table, ()))
        for entry in item.get("Permissions", ()):
            for restricted in filter(None, map(entry.get, RESTRICTIONS)):
                if restricted != "all" and restricted != [name.lower() for name in restricted]:
                    yield f"in lower case: {restricted}"
    for (table, *path), names in NEEDED_IN_MEMBERS.items():
        members: Json = reduce(getitem, path, items[table]) if table in items else ()
        for member in members:
            yield from _absent(member, *names)


def _absent(found: Mapping[str, Json], *names: str) -> Iterator[str]:
    yield from (f"{name} of {found}" for name in names if name not in found)


def missed(resources: Mapping[ResourceRef, Resource]) -> list[str]:
    """Return what readers of all objects miss."""
    return [
        f"{ref}: {what}"
        for ref, resource in resources.items()
        for what in lacking(items_of(resource))
    ]


def test_in_the_example_fleet() -> None:
    assert missed(right(examples())) == []


@pytest.mark.slow
@given(fleets())
def test_in_any_fleet(documents: Documents) -> None:
    assert missed(right(authored(documents))) == []
