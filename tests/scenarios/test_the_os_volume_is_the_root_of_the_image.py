"""The size of the OS volume is that of the disk an instance starts from, whatever the image calls it."""

import pytest

from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, changes, failures


@pytest.fixture
def amazon(aws: AwsForTests) -> LiveAccount:
    """A role whose image begins from /dev/xvda, as Amazon Linux does."""
    account = LiveAccount(aws)
    account.client("ec2").register_image(Name="al-1.0.0", RootDeviceName="/dev/xvda")
    account.role(ami="al-1.0.0")
    return account


def test_the_os_volume_is_on_the_root_device_of_the_image(amazon: LiveAccount) -> None:
    assert failures(amazon.apply()) == []

    disks = {
        one["DeviceName"]: one["Ebs"]["VolumeSize"]
        for one in amazon.template()["BlockDeviceMappings"]
    }
    assert disks == {"/dev/xvda": 50, "/dev/sda2": 10}
    assert amazon.tags()["envctl:image"].endswith(" Linux /dev/xvda")
    assert changes(amazon.plan()) == []
    assert changes(amazon.plan(deep=True)) == []

    amazon.role(ami="web-1.4.2")
    assert failures(amazon.apply()) == []
    assert {one["DeviceName"] for one in amazon.template()["BlockDeviceMappings"]} == {
        "/dev/sda1",
        "/dev/sda2",
    }
    assert changes(amazon.plan()) == []
