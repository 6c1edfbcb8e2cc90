"""User data of the old product is known, written with variables, and made for images that expect it."""

from collections.abc import Mapping

import pytest

from controller.kinds.template import filled_in
from controller.targets.group_parts.old_user_data import ON_LINUX, ON_WINDOWS, recognised

VALUES = {
    "environment": "pr1",
    "environmentType": "Prod",
    "securityZone": "Secure",
    "owningCluster": "Tango",
    "runtimeRole": "Web-blue",
    "contactEmail": "test@email.com",
    "projectCode": "",
    "removalDate": "",
    "puppetRole": "",
}
GREEN = {**VALUES, "runtimeRole": "Web-green"}
FULL = {**VALUES, "projectCode": "P1", "removalDate": "2020-01-01", "puppetRole": "web_role"}
OLDER = (
    "#!/bin/bash -xe\n/etc/puppet/tools/machine_boot -t name=,environmenttype=Prod,environment=pr1,securityzone=Secure,"
    "owningcluster=Tango,role=Web-blue,contactemail=test@email.com,projectcode= -r web_role > /tmp/machine_boot.log\n"
)
QUOTED = OLDER.replace("name=,", '"name=,').replace("projectcode=", 'projectcode="')
PERSISTENT = "<script>\r\nboot\r\n</script>\r\n##Environment:pr1\r\n##Role:Web-blue\r\n##Else:pr1\r\n<persist>true</persist>\r\n"


@pytest.mark.parametrize("values", [VALUES, GREEN, FULL])
@pytest.mark.parametrize(("platform", "form"), [("linux", ON_LINUX), ("windows", ON_WINDOWS)])
def test_what_the_old_product_made_is_its_form_again(
    platform: str, form: str, values: Mapping[str, str]
) -> None:
    assert recognised(filled_in(form, values), values) == (platform, form, {})


@pytest.mark.parametrize("text", [OLDER, QUOTED, PERSISTENT])
def test_blue_and_green_are_one_text_and_each_its_own_filled_in(text: str) -> None:
    blue = recognised(text, VALUES)
    green = recognised(text.replace("Web-blue", "Web-green"), GREEN)

    assert blue is not None
    assert blue == green
    assert "Web-blue" not in blue.text
    assert filled_in(blue.text, {**VALUES, "puppetRole": "web_role"}) == text


def test_what_a_role_has_for_user_data_alone_is_said_by_it() -> None:
    found = recognised(filled_in(ON_LINUX, FULL), VALUES)
    assert found == ("linux", ON_LINUX, {"projectCodeTag": "P1", "puppetRole": "web_role"})
    assert recognised(OLDER, FULL) == (
        "linux",
        ON_LINUX.replace("{{ projectCode }} {{ puppetRole }}", " -r {{ puppetRole }}") + "\n",
        {},
    ), "nothing is no value that a role could say"


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ("contactemail=test@email.com", "contactemail=gone@email.com"),
        ("owningcluster=Tango", "owningcluster=Else"),
        ("projectcode=", "projectcode=$(id)"),
        ("projectcode=", "projectcode=a,projectcode=b"),
        (" -r web_role", " -r web.role"),
        (" -r web_role", ""),
    ],
)
def test_what_no_role_can_say_stays_as_it_is(value: str, other: str) -> None:
    text = OLDER.replace(value, other)
    found = recognised(text, VALUES)

    assert found is not None
    said = {"projectCode": found.fields.get("projectCodeTag", "")}
    said["puppetRole"] = found.fields.get("puppetRole", "")
    assert filled_in(found.text, {**VALUES, **said}) == text
    assert "{{ environment }}" in found.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#!/bin/sh\necho environment=pr1,role=Web-blue\n",
        "/etc/puppet/tools/machine_boot -t name=,environment=pr1 > /tmp/log",
        "# machine_boot -t environment=pr1,role=Web-blue\n",
        "##Environment:pr1\n",
        OLDER.replace("projectcode=", "projectcode=,projectcode=b"),
    ],
)
def test_another_text_is_none(text: str) -> None:
    assert recognised(text, VALUES) is None
