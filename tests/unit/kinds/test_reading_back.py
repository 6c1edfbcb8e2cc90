"""What was applied is read back from its items as it was authored, derived attributes and all."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.kinds.language.fields import authored_spec, controller_only
from tests.unit.kinds.small_fleet import (
    ENVIRONMENT,
    ENVIRONMENT_TYPE,
    FLEET,
    UPSTREAM,
    WEB,
    Documents,
    items,
    spec_of,
)

RICH: Documents = {
    ("Account", "staging-eu"): {
        "accountNumber": "012345670123",
        "includeAmis": True,
        "externalId": "secretsmanager://envctl/external-ids#a",
        "mode": "observe",
        "regions": ["eu-west-1"],
    },
    ("EnvironmentType", "Staging"): {
        **ENVIRONMENT_TYPE,
        "region": "eu-west-1",
        "licenseKeys": {"newRelicKey": "abc"},
        "freeze": ["holidays"],
    },
    ("Environment", "c50"): {
        **ENVIRONMENT,
        "schedule": "office-hours",
        "maintenance": True,
        "deploymentsLocked": False,
        "lifecycle": "retired",
        "roles": {
            "Web": {
                "enabled": True,
                "ami": "web-1.4.3",
                "autoScalingSettings": {"maxCapacity": 9},
                "services": ["Search"],
                "schedule": "noschedule",
            }
        },
    },
    ("DeploymentMap", "web"): {
        "roleDefaults": {"instanceType": "m6i.large", "whenOff": "scaleToZero"},
        "roles": [
            {**WEB, "schedule": "office-hours", "rollout": {"instanceRefresh": {}}},
            {
                **WEB,
                "serverRoleName": "Db",
                "contactEmailTag": "dba@acme.example",
                "scheduleTag": "on",
                "autoScalingSettings": {"desiredOwner": "external"},
                "fleetPerSlice": True,
                "slices": {"blue": {}, "green": {"minCapacity": 1}},
                "scalingSchedules": [{"recurrence": "0 8 * * 1-5", "desiredCapacity": 1}],
            },
        ],
    },
    ("Upstream", "c50-Search"): {**UPSTREAM, "liveSlice": "green", "slowStart": "2m"},
    ("Upstream", "c50-Own"): {
        **UPSTREAM,
        "liveSlice": "blue",
        "hosts": [
            {"dnsName": "a-blue"},
            {"dnsName": "x.acme.example", "port": 40013, "state": "up"},
        ],
    },
}


@pytest.mark.parametrize("key", sorted(RICH), ids=str)
def test_rich_documents(key: tuple[str, str]) -> None:
    kind, name = kinds()[key[0]], key[1]
    authored = spec_of(kind, RICH[key])
    found = items(kind.name, name, RICH[key], {**FLEET, **RICH})
    again, spec = authored_spec(kind, found, controller_only(authored))
    assert again == name
    # What was derived from others reads as if it had been authored, for nothing says that it was not.
    for role in spec.get("roles", ()) if kind.name == "DeploymentMap" else ():
        if role["serverRoleName"] == "Web":
            assert role.pop("contactEmailTag") == "tango@acme.example"
    for host in spec.get("hosts", ()):
        if host["dnsName"] == "a-blue":
            assert host.pop("port") == 40012
    assert spec_of(kind, spec) == authored


@pytest.mark.parametrize("key", sorted(FLEET), ids=str)
def test_plain_documents(key: tuple[str, str]) -> None:
    kind, name = kinds()[key[0]], key[1]
    authored = spec_of(kind, FLEET[key])
    found = kind.project(kind.key(name, authored), _dump(authored))
    again, spec = authored_spec(kind, found, controller_only(authored))
    assert (again, spec_of(kind, spec)) == (name, authored)
    for item in found.values():
        assert kind.identify(item) == kind.key(name, authored)


def _dump(spec: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = spec.model_dump(by_alias=True, exclude_none=True)
    return dumped


def test_the_role_overrides_of_an_environment_are_kept_as_they_were_written() -> None:
    kind = kinds()["Environment"]
    spec = spec_of(kind, RICH["Environment", "c50"])
    extra = controller_only(spec)
    assert extra["schedule.use"] == "office-hours"
    assert extra["lifecycle"] == "retired"
    assert extra["roles"]["Web"]["services"] == [{"serviceName": "Search"}]
    assert "fleetPerSlice" not in extra["roles"]["Web"]
