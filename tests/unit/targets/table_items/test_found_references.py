"""What leaves goes before what it names."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.model.canonical import canonical_bytes
from controller.model.ref import ResourceRef
from controller.targets.table_items.item_form import found_references, with_references
from tests.support.estate import Estate
from tests.support.toy_kinds import service


@pytest.mark.parametrize(
    ("kind", "items", "named"),
    [
        (
            "Service",
            {"InfraConfigServices": {"ServiceName": "a", "OwningCluster": "Tango", "Value": {}}},
            {("Cluster", "Tango")},
        ),
        (
            "Environment",
            {
                "ConfigEnvironments": {
                    "EnvironmentName": "c50",
                    "Value": {
                        "EnvironmentType": "Staging",
                        "OwningCluster": "Tango",
                        "DeploymentMap": "web",
                    },
                },
                "InfraOpsEnvironment": {"EnvironmentName": "c50", "Value": {}},
            },
            {("EnvironmentType", "Staging"), ("Cluster", "Tango"), ("DeploymentMap", "web")},
        ),
        ("Service", {"InfraConfigServices": {"Value": []}}, set()),
        ("Service", {}, set()),
    ],
)
def test_what_items_name(kind: str, items: dict[str, Any], named: set[tuple[str, str]]) -> None:
    found = found_references(kinds()[kind], canonical_bytes(items))
    assert set(found) == {ResourceRef(*one) for one in named}


def test_only_those_asked_for_are_read() -> None:
    estate = Estate()
    estate.wants(service("a"), service("b"))
    estate.worker().takes().applies()
    a, b = ResourceRef("Service", "a"), ResourceRef("Service", "b")
    state = with_references(estate.observes(), [a], kinds())
    assert state.objects[a].depends_on == (ResourceRef("Cluster", "Tango"),)
    assert state.objects[b].depends_on == ()
