"""An image that another account shares is the latest stable one by the tags it has there; deprecated ones only where they are named."""

from typing import Any

import pytest

from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import ACCOUNT, REGION, LiveAccount, changes, failures, notes

IMAGES = "999900000018"
"""Where images are made."""


@pytest.fixture
def sharing(aws: AwsForTests) -> LiveAccount:
    """A role that takes the latest stable image of a type that only another account has."""
    account = LiveAccount(aws)
    account.documents["Account", "images"] = {"accountNumber": IMAGES, "includeAmis": True}
    account.role(ami="base")
    return account


def _shared(account: LiveAccount, name: str, **tags: str) -> str:
    ec2: Any = account.aws.client("ec2", IMAGES, REGION)
    image: str = ec2.register_image(Name=name)["ImageId"]
    if tags:
        made = [{"Key": key, "Value": value} for key, value in tags.items()]
        ec2.create_tags(Resources=[image], Tags=made)
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": ACCOUNT}]})
    return image


def test_the_latest_stable_image_goes_by_tags_in_the_account_that_owns_it(
    sharing: LiveAccount,
) -> None:
    wanted = _shared(sharing, "base-1.1.0", stable="true")
    _shared(sharing, "base-1.2.0")
    (seen,) = sharing.client("ec2").describe_images(ImageIds=[wanted])["Images"]
    assert not seen.get("Tags"), "AWS shows the tags of an image to its owner alone"

    assert failures(sharing.apply()) == []

    assert sharing.template()["ImageId"] == wanted
    newer = _shared(sharing, "base-1.3.0", stable="true")
    sharing.role(imagePolicy="follow")
    assert failures(sharing.apply(deep=True)) == []
    assert sharing.template()["ImageId"] == newer


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "RequestLimitExceeded"])
def test_where_the_owner_cannot_be_asked_that_is_said(sharing: LiveAccount, code: str) -> None:
    _shared(sharing, "base-1.1.0", stable="true")
    fault = {"operation": "DescribeImages", "account": IMAGES, "times": None}
    sharing.aws.controls.send("faults", {**fault, "code": code})

    plan = sharing.plan()

    assert changes(plan) == []
    assert not plan.view.unknown
    assert any(f"account {IMAGES} cannot be asked" in note for note in notes(plan))


def test_a_deprecated_image_of_others_is_found_by_its_name_and_is_no_latest(
    sharing: LiveAccount,
) -> None:
    older = _shared(sharing, "base-1.1.0", stable="true")
    newer = _shared(sharing, "base-1.2.0", stable="true")
    sharing.aws.client("ec2", IMAGES, REGION).enable_image_deprecation(
        ImageId=newer, DeprecateAt="2026-01-01T00:00:00Z"
    )
    assert failures(sharing.apply()) == []
    assert sharing.template()["ImageId"] == older

    sharing.role(ami="base-1.2.0")

    assert failures(sharing.apply()) == []
    assert sharing.template()["ImageId"] == newer
    assert changes(sharing.plan(deep=True)) == []
