"""What a group tells a topic, and the hook that drains its instances, follow its role: they come and go with it."""

import pytest

from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount

WEB = "c50-ta-Web"


@pytest.mark.slow
def test_a_topic_and_a_hook_come_and_go(sandbox: AwsForTests) -> None:
    running = LiveAccount(sandbox)
    running.apply()
    scaling = running.client("autoscaling")
    topic = running.client("sns").create_topic(Name="scaling")["TopicArn"]
    running.role(notifications=[{"topic": topic}])
    running.apply()
    told = scaling.describe_notification_configurations(AutoScalingGroupNames=[WEB])
    assert {one["TopicARN"] for one in told["NotificationConfigurations"]} == {topic}

    running.role(notifications=None, terminationDelay=0)
    running.apply()
    told = scaling.describe_notification_configurations(AutoScalingGroupNames=[WEB])
    assert told["NotificationConfigurations"] == []
    assert scaling.describe_lifecycle_hooks(AutoScalingGroupName=WEB)["LifecycleHooks"] == []
