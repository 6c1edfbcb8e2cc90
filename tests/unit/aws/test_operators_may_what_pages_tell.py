"""Each command of AWS in docs/runbooks is one that OperatePolicy of deploy/master.yaml allows, and it allows no other."""

import re
from collections.abc import Iterator
from typing import Final

from botocore import xform_name
from botocore.session import get_session

from tests.support.iam_policies import ACCOUNT, REGION, Call, allows
from tests.support.master_stack import DEAD_LETTERS, QUEUE, ROOT, master_stack, policy
from tests.unit.aws.test_master_role import listed

COMMAND: Final = re.compile(r"^aws ([a-z0-9]+) ([a-z-]+)(.*)$", re.MULTILINE)
SERVICES: Final = {"elbv2": "elasticloadbalancing"}
"""What the command line calls otherwise than policies do."""
HERE: Final = f"{REGION}:{ACCOUNT}"
OF_ONE: Final = {
    "autoscaling:TerminateInstanceInAutoScalingGroup": f"arn:aws:autoscaling:{HERE}:autoScalingGroup:1:autoScalingGroupName/envctl",
    "cloudwatch:DescribeAlarms": f"arn:aws:cloudwatch:{HERE}:alarm:*",
    "logs:FilterLogEvents": f"arn:aws:logs:{HERE}:log-group:envctl:log-stream:",
}
"""What a command is about that does not name a queue."""


def told() -> Iterator[Call]:
    """Yield what IAM is asked by the commands of the pages."""
    for page in sorted((ROOT / "docs" / "runbooks").glob("*.md")):
        for service, command, rest in COMMAND.findall(page.read_text()):
            names = get_session().get_service_model(service).operation_names
            (operation,) = (one for one in names if xform_name(one, "-") == command)
            action = f"{SERVICES.get(service, service)}:{operation}"
            queue = re.search("DEAD_LETTERS|QUEUE", rest) if service == "sqs" else None
            named = {"DEAD_LETTERS": DEAD_LETTERS, "QUEUE": QUEUE}[queue[0]] if queue else "*"
            yield Call(action, OF_ONE.get(action, named))


def test_what_pages_tell_is_allowed() -> None:
    allowed = policy(master_stack(), "OperatePolicy")

    assert [call for call in told() if not allows(allowed, call)] == []


def test_what_is_allowed_is_told() -> None:
    commands = list(told())

    assert [
        (action, statement["Resource"])
        for statement in policy(master_stack(), "OperatePolicy")
        for action in listed(statement["Action"])
        if not any(allows([{**statement, "Action": action}], call) for call in commands)
    ] == []
