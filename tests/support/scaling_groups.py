"""A group in the sandbox, as a test wants it."""

from typing import Any

from tests.support.embedded_aws import AwsForTests

ACCOUNT = "000000000042"
NAME = "c50-ta-Web"


class ScalingGroup:
    """One group with a launch template in account 42, with what tests do to it."""

    def __init__(self, aws: AwsForTests, size: int = 2, **sizes: int) -> None:
        """Make the network, the template and the group."""
        self.aws = aws
        self.scaling = aws.client("autoscaling", ACCOUNT)
        self.ec2 = aws.client("ec2", ACCOUNT)
        aws.controls.send("accounts", {"accounts": [_needs()]})
        self.image = self.ec2.describe_images(Owners=["self"])["Images"][0]["ImageId"]
        self.template = self.ec2.create_launch_template(
            LaunchTemplateName=NAME, LaunchTemplateData=self.template_data("m6i.large")
        )["LaunchTemplate"]["LaunchTemplateId"]
        self.create(NAME, size, **sizes)

    def template_data(self, instance_type: str) -> dict[str, Any]:
        """Return what a version of the template says."""
        return {"ImageId": self.image, "InstanceType": instance_type}

    def create(self, name: str, size: int = 2, minimum: int = 0, maximum: int = 10) -> None:
        """Make a group."""
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=minimum,
            MaxSize=maximum,
            DesiredCapacity=size,
            LaunchTemplate={"LaunchTemplateId": self.template, "Version": "$Latest"},
            VPCZoneIdentifier="subnet-42a,subnet-42b",
            Tags=[{"Key": "Environment", "Value": "c50", "PropagateAtLaunch": True}],
        )

    def look(self, name: str = NAME) -> dict[str, Any]:
        """Look at the group once."""
        found: list[dict[str, Any]] = self.scaling.describe_auto_scaling_groups(
            AutoScalingGroupNames=[name]
        )["AutoScalingGroups"]
        return found[0] if found else {}

    def ids(self, state: str = "InService") -> list[str]:
        """Return the ids of members in a state."""
        return [
            one["InstanceId"] for one in self.look()["Instances"] if one["LifecycleState"] == state
        ]

    def states(self) -> list[str]:
        """Return the members' states, sorted."""
        return sorted(one["LifecycleState"] for one in self.look()["Instances"])

    def enter(self, ids: list[str], *, decrement: bool = True) -> None:
        """Send members to standby."""
        self.scaling.enter_standby(
            AutoScalingGroupName=NAME, InstanceIds=ids, ShouldDecrementDesiredCapacity=decrement
        )

    def leave(self, ids: list[str]) -> None:
        """Bring members back."""
        self.scaling.exit_standby(AutoScalingGroupName=NAME, InstanceIds=ids)

    def power(self) -> list[str]:
        """Look at the instances once and return their states, sorted, without those terminated."""
        found = self.ec2.describe_instances()["Reservations"]
        states = [i["State"]["Name"] for r in found for i in r["Instances"]]
        return sorted(one for one in states if one != "terminated")


def _needs() -> dict[str, Any]:
    return {
        "account": ACCOUNT,
        "role": "",
        "external_id": "",
        "regions": {
            "eu-west-1": {
                "vpcs": {"vpc-42": {"subnet-42a": "a", "subnet-42b": "b"}},
                "security_groups": [],
                "images": ["web-1.0.0"],
                "key_pairs": [],
                "topics": [],
            }
        },
        "instance_profiles": [],
        "buckets": [],
        "secrets": {},
    }
