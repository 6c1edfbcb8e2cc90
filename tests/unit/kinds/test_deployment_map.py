"""Deployment maps: role defaults, sizes, and what roles take from their cluster."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.kinds.language.fields import merge
from controller.kinds.parts.server_role import expand_role
from tests.unit.kinds.small_fleet import FLEET, WEB, changed, complaints, items, without


def of_roles(*roles: Any, **more: Any) -> dict[str, Any]:
    return {"roles": list(roles), **more}


def test_its_item_has_every_role_with_its_defaults_written_out() -> None:
    spec = of_roles(
        {
            **WEB,
            "availabilityZoneName": ["A", "b"],
            "terminationDelay": 3,
            "fleetPerSlice": True,
            "securityGroups": ["sgWeb"],
            "services": ["Search"],
            "puppetRole": "web",
            "whenOff": "scaleToZero",
            "slices": {"blue": {}},
        }
    )
    assert items("DeploymentMap", "web", spec) == {
        "ConfigDeploymentMaps": {
            "DeploymentMapName": "web",
            "Value": {
                "SchemaVersion": 1,
                "DeploymentTarget": [
                    {
                        "ServerRoleName": "Web",
                        "OwningCluster": "Tango",
                        "ContactEmailTag": "tango@acme.example",
                        "AMI": "web-1.4.2",
                        "InstanceType": "t2.medium",
                        "SecurityZone": "Other",
                        "SubnetTypeName": "PrivateApp",
                        "AvailabilityZoneName": ["A", "b"],
                        "AutoScalingSettings": {
                            "MinCapacity": 1,
                            "DesiredCapacity": 2,
                            "MaxCapacity": 4,
                        },
                        "TerminationDelay": 3,
                        "FleetPerSlice": True,
                        "Volumes": [
                            {"Name": "OS", "Size": 50, "Type": "SSD"},
                            {"Name": "Data", "Size": 50, "Type": "SSD"},
                        ],
                        "SecurityGroups": ["sgWeb"],
                        "PuppetRole": "web",
                        "Services": [{"ServiceName": "Search"}],
                    }
                ],
            },
        }
    }


@pytest.mark.parametrize(
    ("schedule", "tag"),
    [
        ("noschedule", "noschedule"),
        ("on", "on"),
        ({"expression": "start: 0 8 * * 1-5"}, "start: 0 8 * * 1-5"),
        (
            "office-hours",
            "start: 0 8 * * 1,2,3,4,5; stop: 0 19 * * 1,2,3,4,5 | Europe/London",
        ),
        ("no-such-schedule", None),
    ],
)
def test_the_schedule_of_a_role_gives_the_tag_other_programs_read(
    schedule: Any, tag: str | None
) -> None:
    found = items(
        "DeploymentMap", "web", of_roles(WEB, {**WEB, "serverRoleName": "Db", "schedule": schedule})
    )
    first, second = found["ConfigDeploymentMaps"]["Value"]["DeploymentTarget"]
    assert "ScheduleTag" not in first
    assert second.get("ScheduleTag") == tag


def test_nothing_is_derived_from_a_cluster_that_does_not_exist() -> None:
    found = items("DeploymentMap", "web", of_roles(WEB), without(FLEET, ("Cluster", "Tango")))
    assert "ContactEmailTag" not in found["ConfigDeploymentMaps"]["Value"]["DeploymentTarget"][0]


def test_a_cluster_without_an_address_gives_none() -> None:
    nobody = changed(FLEET, "Cluster", "Tango", groupEmailAddress=None)
    found = items("DeploymentMap", "web", of_roles(WEB), nobody)
    assert "ContactEmailTag" not in found["ConfigDeploymentMaps"]["Value"]["DeploymentTarget"][0]


@pytest.mark.parametrize(
    ("defaults", "role", "expected", "because"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, "what a role does not say comes from the defaults"),
        ({"a": 1}, {"a": 2}, {"a": 2}, "the role is nearer"),
        ({"a": {"x": 1, "y": 1}}, {"a": {"x": 2}}, {"a": {"x": 2, "y": 1}}, "maps merge"),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}, "lists replace"),
        ({"a": 1}, {"a": None}, {}, "null clears"),
        ({"a": {"x": 1}}, {"a": {"x": None}}, {"a": {}}, "also inside a map"),
        ({"a": 1}, {"a": {"x": 1}}, {"a": {"x": 1}}, "a map replaces a scalar"),
        (
            {"services": ["S"]},
            {},
            {"services": [{"serviceName": "S"}]},
            "short forms are written out",
        ),
        ({"schedule": "on"}, {}, {"schedule": {"mode": "on"}}, "short forms are written out"),
    ],
)
def test_role_defaults(defaults: Any, role: Any, expected: Any, because: str) -> None:
    expand = kinds()["DeploymentMap"].expand
    assert expand({"roleDefaults": defaults, "roles": [role]}) == {"roles": [expected]}, because


@pytest.mark.parametrize(
    "odd",
    [
        {"roles": "Web"},
        {"roles": ["Web"]},
        {"roles": [{**WEB, "services": "Search"}]},
        {"roleDefaults": ["x"], "roles": [WEB]},
    ],
)
def test_what_is_no_map_is_left_for_validation_to_refuse(odd: dict[str, Any]) -> None:
    assert complaints("DeploymentMap", "web", odd)


def test_odd_roles_pass_through_the_expansion() -> None:
    assert expand_role("Web") == "Web"


@pytest.mark.parametrize(
    ("change", "at", "words"),
    [
        ({"serverRoleName": "W-eb"}, "serverRoleName", "at most 30 letters and digits"),
        ({"serverRoleName": "W" * 31}, "serverRoleName", "at most 30"),
        ({"owningCluster": None}, "owningCluster", "required"),
        ({"contactEmailTag": "x"}, "contactEmailTag", "e-mail address"),
        ({"ami": None}, "ami", "required"),
        ({"ami": "1web"}, "ami", "its name with version"),
        ({"ami": "w" * 51}, "ami", "its name with version"),
        ({"securityZone": "secure"}, "securityZone", "'Other', 'Public'"),
        ({"subnetTypeName": "x" * 51}, "subnetTypeName", "at most 50"),
        ({"availabilityZoneName": "AG"}, "availabilityZoneName", "letters of zones from A to F"),
        ({"availabilityZoneName": ["AB"]}, "availabilityZoneName", "letters of zones"),
        (
            {"autoScalingSettings": {"maxCapacity": 101}},
            "autoScalingSettings.maxCapacity",
            "0 to 100",
        ),
        (
            {"autoScalingSettings": {"minCapacity": -1}},
            "autoScalingSettings.minCapacity",
            "0 to 100",
        ),
        (
            {"autoScalingSettings": {"minCapacity": 3}},
            "autoScalingSettings",
            "min 3 is over desired 2",
        ),
        (
            {"autoScalingSettings": {"maxCapacity": 1}},
            "autoScalingSettings",
            "desired 2 is over max 1",
        ),
        ({"terminationDelay": 121}, "terminationDelay", "0 to 120"),
        ({"volumes": [{"name": "Swap", "size": 1}]}, "volumes.0.name", "'OS' or 'Data'"),
        ({"volumes": [{"name": "OS", "size": 10001}]}, "volumes.0.size", "0 to 10000"),
        (
            {"volumes": [{"name": "OS", "size": 1}, {"name": "OS", "size": 2}]},
            "volumes",
            "same name",
        ),
        ({"instanceProfileName": "a b"}, "instanceProfileName", "instance profile"),
        ({"clusterKeyName": "x" * 51}, "clusterKeyName", "at most 50"),
        ({"puppetRole": "a.b"}, "puppetRole", "letters, digits"),
        ({"scheduleTag": "on6"}, "scheduleTag", "is no schedule"),
        ({"scheduleTag": "on", "schedule": "on"}, "scheduleTag", "schedule gives the tag already"),
        ({"schedule": {"mode": "automatic"}}, "schedule", "needs a schedule to follow"),
        ({"rollout": "now"}, "rollout", "expected none, or"),
        ({"slices": {}}, "slices", "no slice is named"),
        ({"slices": {"blue": {}}}, "slices", "one fleet for all slices"),
        (
            {"fleetPerSlice": True, "slices": {"green": {"maxCapacity": 1}}},
            "slices.green",
            "with the role's own sizes, desired 2 is over max 1",
        ),
        (
            {"scalingSchedules": [{"recurrence": "0 8 * *"}]},
            "scalingSchedules.0.recurrence",
            "five fields",
        ),
        (
            {"scalingSchedules": [{"recurrence": "0 25 * * *", "desiredCapacity": 1}]},
            "scalingSchedules.0.recurrence",
            "hour 25 is out of range",
        ),
        (
            {
                "scalingSchedules": [
                    {"recurrence": "0 8 * * *", "desiredCapacity": 1},
                    {"recurrence": "0 8 * * 1", "desiredCapacity": 2},
                ]
            },
            "scalingSchedules",
            "'0 8 * * *' and '0 8 * * 1' come round at one moment, and AWS takes one action of a group at a time",
        ),
        (
            {"scalingSchedules": [{"recurrence": "0 8 * * *"}]},
            "scalingSchedules.0",
            "without a size",
        ),
        (
            {"scalingSchedules": [{"recurrence": "0 8 * * *", "minCapacity": 2, "maxCapacity": 1}]},
            "scalingSchedules.0",
            "min 2 is over max 1",
        ),
        (
            {
                "scalingSchedules": [
                    {"recurrence": "0 8 * * *", "timezone": "London", "minCapacity": 1}
                ]
            },
            "scalingSchedules.0.timezone",
            "unknown time zone",
        ),
        ({"userData": ""}, "userData", "1 to 255"),
        ({"wakeTimeoutSeconds": 5}, "wakeTimeoutSeconds", "30 to 7200"),
        ({"notifications": [{"topic": "t", "events": []}]}, "notifications.0.events", "at least 1"),
        ({"desiredOwner": "me"}, "desiredOwner", "not permitted"),
    ],
)
def test_what_is_refused_of_a_role(change: dict[str, Any], at: str, words: str) -> None:
    found, *others = complaints("DeploymentMap", "web", of_roles(merge(WEB, change)))
    assert not others
    assert found.startswith(f"spec.roles.0.{at}: ")
    assert words in found


@pytest.mark.parametrize(
    "change",
    [
        {"ami": "ami-0a1b2c3d4e5f60718"},
        {"ami": "windows"},
        {"availabilityZoneName": "*"},
        {"availabilityZoneName": "aB"},
        {"volumes": [{"name": "Data", "size": 0, "type": "Disk"}]},
        {"scheduleTag": "NOSCHEDULE"},
        {"rollout": {"instanceRefresh": {}}},
        {"terminationDelay": 0},
        {"fleetPerSlice": True, "slices": {"blue": {"desiredCapacity": 4}, "green": {}}},
        {
            "scalingSchedules": [
                {"recurrence": "0 8 * * MON-FRI", "timezone": "europe/london", "maxCapacity": 1}
            ]
        },
        {"notifications": [{"topic": "InfraAsgLambdaScale"}]},
    ],
)
def test_what_is_accepted_of_a_role(change: dict[str, Any]) -> None:
    assert complaints("DeploymentMap", "web", of_roles(merge(WEB, change))) == []


def test_two_roles_may_not_have_one_name() -> None:
    assert complaints("DeploymentMap", "web", of_roles(WEB, WEB)) == [
        "spec.roles: 2 roles are named 'Web'; expected each name once"
    ]


def test_a_role_needs_a_contact_of_its_own_or_of_its_cluster() -> None:
    nobody = changed(FLEET, "Cluster", "Tango", groupEmailAddress=None)
    (found,) = complaints("DeploymentMap", "web", of_roles(WEB), nobody)
    assert "contactEmailTag is missing and Cluster Tango has no groupEmailAddress" in found
    assert not complaints(
        "DeploymentMap", "web", of_roles({**WEB, "contactEmailTag": "a@b.c"}), nobody
    )


def test_the_old_product_needs_a_key_pair_of_role_or_cluster() -> None:
    without_key = changed(FLEET, "Cluster", "Tango", keyPair=None)
    assert complaints("DeploymentMap", "web", of_roles(WEB), without_key) == []
    (found,) = complaints(
        "DeploymentMap", "web", of_roles(WEB), without_key, mode="environment-manager"
    )
    assert "clusterKeyName is missing and Cluster Tango has no keyPair" in found


def test_of_a_cluster_that_does_not_exist_nothing_more_is_said() -> None:
    assert not complaints(
        "DeploymentMap", "web", of_roles(WEB), without(FLEET, ("Cluster", "Tango"))
    )
