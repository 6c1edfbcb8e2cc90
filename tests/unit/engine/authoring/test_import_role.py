"""A group that exists against the one its documents would make: what its role has to say, and what no role can say."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from controller.engine.authoring.import_role import closer_look
from controller.kinds.parts.server_role import ScalingSchedule
from controller.kinds.template import filled_in
from controller.model.accepted import AcceptedState, LiveOptions
from controller.targets.group_parts.designs import designs
from controller.targets.group_parts.images import FoundImage
from controller.targets.group_parts.observe import Deep
from controller.targets.group_parts.old_user_data import ON_LINUX
from controller.targets.group_parts.role_design import GroupDesign
from tests.support.live_account import FLEET, SCOPE, accepted_of

TOPIC = f"arn:aws:sns:{SCOPE.region}:{SCOPE.account}:Told"
EVENTS = [
    f"autoscaling:EC2_INSTANCE_{one}"
    for one in ("LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR")
]
AT_EIGHT = {"recurrence": "0 8 * * 1-5", "timezone": "Europe/London", "desiredCapacity": 3}


def design(accepted: AcceptedState | None = None) -> GroupDesign:
    found = designs(accepted or accepted_of(FLEET), SCOPE).groups["c50-ta-Web"]
    return replace(found, termination_delay=3)


AS_WANTED: dict[str, Any] = {
    "ami": "web-1.4.2",
    "imageId": "ami-1",
    "platform": "Linux",
    "instanceType": "m6i.large",
    "keyPair": "tango",
    "instanceProfile": "roleTangoWeb",
    "securityGroups": {"sgRoleTangoWeb": "sg-1", "sgOSLinux": "sg-2"},
    "volumes": {"/dev/sda1": "50 GB gp2", "/dev/sda2": "10 GB gp2, encrypted"},
    "userData": "",
    "detailedMonitoring": False,
    "publicAddress": False,
    "metadataTokens": "required",
    "terminationDelay": 3,
    "notifications": {},
}


def looked(
    wanted: GroupDesign | None = None, actions: Any = None, **found: Any
) -> tuple[dict[str, Any], list[str], str]:
    """Return fields, what was told without the group's name, and user data."""
    deep = Deep({**AS_WANTED, **found}, None)
    one = closer_look(wanted or design(), SCOPE, deep, actions or {})
    told = [what.removeprefix("group c50-ta-Web ") for what, *_ in one.oddities]
    return dict(one.fields), [*one.unsaid, *told], one.user_data


SAID: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"ami": "web-1.5.0"}, {"ami": "web-1.5.0"}),
    ({"ami": "golden image"}, {"ami": "ami-1"}),
    ({"ami": f"{'w' * 50}-1.0.0"}, {"ami": "ami-1"}),
    ({"instanceType": "t3.nano"}, {"instanceType": "t3.nano"}),
    ({"metadataTokens": "default"}, {"metadataTokens": "default"}),
    ({"keyPair": "mine"}, {"clusterKeyName": "mine"}),
    ({"instanceProfile": "mine"}, {"instanceProfileName": "mine"}),
    (
        {"securityGroups": {"sgB": "sg-1", "sgA": "sg-3", "sgOSLinux": "sg-2"}},
        {"securityGroups": ["sgA", "sgB"]},
    ),
    (
        {"volumes": {"/dev/sda1": "80 GB standard"}},
        {
            "volumes": [
                {"name": "OS", "size": 80, "type": "Disk"},
                {"name": "Data", "size": 0, "type": "SSD"},
            ]
        },
    ),
    ({"terminationDelay": 0}, {"terminationDelay": 0}),
    ({"notifications": {TOPIC: EVENTS}}, {"notifications": [{"topic": "Told"}]}),
    (
        {"notifications": {"arn:aws:sns:us-east-1:1:Told": [EVENTS[2], EVENTS[0]]}},
        {
            "notifications": [
                {"topic": "arn:aws:sns:us-east-1:1:Told", "events": ["launch", "terminate"]}
            ]
        },
    ),
    (
        {"userData": "ProjectCode=p\nPuppetRole=web\n"},
        {"projectCodeTag": "p", "puppetRole": "web"},
    ),
]


@pytest.mark.parametrize(("found", "said"), SAID)
def test_what_a_role_can_say(found: dict[str, Any], said: dict[str, Any]) -> None:
    assert looked(**found) == (said, [], "")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"imageId": ""}, "has no launch template or launch configuration that could be read"),
        ({"keyPair": ""}, "has no key pair (by its role: tango)"),
        ({"instanceProfile": ""}, "has no instance profile (by its role: roleTangoWeb)"),
        (
            {"securityGroups": {"sgRoleTangoWeb": "sg-1", "sgOSWindows": "sg-2"}},
            "lacks sgOSLinux, has sgOSWindows, by the convention for its platform and zone",
        ),
        (
            {"securityGroups": {"sgOSLinux": "sg-2"}},
            "has no security group of its role (sgRoleTangoWeb)",
        ),
        (
            {"volumes": {"/dev/sda1": "50 GB gp3"}},
            "has volumes (/dev/sda1: 50 GB gp3) that no role can say",
        ),
        (
            {"volumes": {"/dev/sda1": "50 GB gp2, encrypted"}},
            "has volumes (/dev/sda1: 50 GB gp2, encrypted) that no role can say",
        ),
        (
            {"volumes": {"/dev/sda1": "50 GB gp2", "/dev/xvdf": "1 GB gp2"}},
            "has volumes (/dev/sda1: 50 GB gp2; /dev/xvdf: 1 GB gp2) that no role can say",
        ),
        ({"volumes": {}}, "has volumes (those of its image) that no role can say"),
        (
            {"detailedMonitoring": True},
            "has detailed monitoring, which goes by the name of its type",
        ),
        ({"publicAddress": True}, "gives its instances public addresses, which no role does"),
        ({"userData": "echo {{ environment }}"}, "has user data that no Template can say"),
        (
            {"userData": base64.b64encode(b"\x1f\x8b\xff").decode()},
            "has user data that no Template can say",
        ),
    ],
)
def test_what_no_role_can_say(found: dict[str, Any], told: str) -> None:
    assert looked(**found) == ({}, [told], "")


def test_a_security_group_without_a_name_goes_by_its_id() -> None:
    fields, told, _ = looked(securityGroups={"sg-9": "sg-9", "sgOSLinux": "sg-2"})
    assert fields == {"securityGroups": ["sg-9"]}
    assert told == ["has security groups without Name tag: sg-9"]


@pytest.mark.parametrize(
    ("wanted", "found", "fields", "told", "text"),
    [
        ("", "#!/bin/sh\n", {}, [], "#!/bin/sh\n"),
        ("", "ZWNobw==", {}, [], "ZWNobw=="),
        ("PuppetRole=web\n", "PuppetRole=web\n", {}, [], ""),
        ("PuppetRole=web\n", "PuppetRole=db\n", {"puppetRole": "db"}, [], ""),
        ("PuppetRole=web\n", "ProjectCode=p\n", {}, [], "ProjectCode=p\n"),
        ("PuppetRole=web\n", "", {}, ["has no user data, while its role gives some"], ""),
    ],
)
def test_user_data(
    wanted: str, found: str, fields: dict[str, Any], told: list[str], text: str
) -> None:
    of_role = replace(design(), user_data=wanted)
    assert looked(of_role, userData=found) == (fields, told, text)


@pytest.mark.parametrize("old_user_data", [False, True])
def test_user_data_of_the_old_product_is_a_template_whatever_the_settings_give(
    old_user_data: bool,
) -> None:
    options = LiveOptions(old_user_data=old_user_data)
    own = design(accepted_of(FLEET, options))
    text = filled_in(ON_LINUX, {**own.values, "puppetRole": "web"})
    found = closer_look(own, SCOPE, Deep({**AS_WANTED, "userData": text}, None), {})
    assert (found.user_data, found.old_platform) == (ON_LINUX, "linux")
    assert found.fields == {"puppetRole": "web"}
    as_given = filled_in(ON_LINUX, own.values)
    assert looked(own, userData=as_given) == ({}, [], ON_LINUX)


@pytest.mark.parametrize("wish", ["web", "web-1.4.2", "ami-1"])
def test_an_image_that_is_meant_is_not_written(wish: str) -> None:
    assert looked(replace(design(), image=wish)) == ({}, [], "")


def test_scheduled_actions_of_the_old_product() -> None:
    actions = {"EM-Scheduled-Action-0": AT_EIGHT, "EM-Scheduled-Action-1": AT_EIGHT}
    said = {
        "recurrence": "0 8 * * 1-5",
        "timezone": "Europe/London",
        "desiredCapacity": 3,
    }
    assert looked(actions=actions) == ({"scalingSchedules": [said]}, [], "")
    of_role = replace(design(), scaling_schedules=(ScalingSchedule.model_validate(said),))
    assert looked(of_role, actions=actions) == ({}, [], "")
    assert looked(of_role) == ({"scalingSchedules": []}, [], "")


def test_scheduled_actions_of_others_are_said_and_told() -> None:
    fields, told, _ = looked(actions={"morning": {**AT_EIGHT, "timezone": "UTC"}})
    assert fields == {"scalingSchedules": [{"recurrence": "0 8 * * 1-5", "desiredCapacity": 3}]}
    assert told == ["has a scheduled action morning that the old product did not make"]


@pytest.mark.parametrize("name", ["EM-Scheduled-Action-0", "once"])
def test_an_action_that_comes_but_once_is_told(name: str) -> None:
    once = {"recurrence": "", "timezone": "UTC", "maxSize": 9}
    told = f"has a scheduled action {name} that no role can say: timezone UTC, maxSize 9"
    assert looked(actions={name: once}) == ({}, [told], "")


def test_an_action_that_ends_is_told() -> None:
    ends = {**AT_EIGHT, "timezone": "UTC", "endTime": "2027-01-01T00:00:00+00:00"}
    fields, (told,), _ = looked(actions={"EM-Scheduled-Action-0": ends})
    assert fields == {}
    assert told.startswith("has a scheduled action EM-Scheduled-Action-0 that no role can say: ")
    assert "endTime 2027-01-01" in told


def test_of_two_scheduled_actions_at_one_moment_the_second_is_told() -> None:
    old = "EM-Scheduled-Action"
    meeting = {**AT_EIGHT, "recurrence": "0 8 * * 1", "desiredCapacity": 5}
    fields, told, _ = looked(actions={f"{old}-0": AT_EIGHT, f"{old}-1": meeting})
    assert [one["desiredCapacity"] for one in fields["scalingSchedules"]] == [3]
    assert told == [f"has a scheduled action {old}-1 that comes at the time of another"]


def test_the_os_volume_is_the_root_device_of_the_image() -> None:
    root = FoundImage("ami-1", "web-1.4.2", "1", "", "Linux", stable=True, root_device="/dev/xvda", root_size=8, created_at="")  # fmt: skip
    volumes = {"/dev/xvda": "80 GB gp2", "/dev/sda2": "10 GB gp2, encrypted"}
    deep = Deep({**AS_WANTED, "volumes": volumes}, root)
    found = closer_look(design(), SCOPE, deep, {})
    said = [{"name": "OS", "size": 80, "type": "SSD"}, {"name": "Data", "size": 10, "type": "SSD"}]
    assert (dict(found.fields), found.unsaid) == ({"volumes": said}, ())
    mixed = closer_look(design(), SCOPE, deep._replace(mixed=True), {})
    assert mixed.unsaid == ("has a mixed instances policy, so it is left as it is",)
