"""Queues of SQS as daemons need them."""

import json
from typing import Any


def make_queue(client: Any, name: str, takings: int = 5) -> str:
    """Make a FIFO queue, and one for its dead letters; return its address."""
    dead = make_fifo(client, f"{name}-dead.fifo")
    return make_fifo(client, f"{name}.fifo", RedrivePolicy=redrive(client, dead, takings))


def make_fifo(client: Any, name: str, **attributes: str) -> str:
    """Make a FIFO queue; return its address."""
    made = client.create_queue(QueueName=name, Attributes={"FifoQueue": "true", **attributes})
    return str(made["QueueUrl"])


def redrive(client: Any, dead: str, takings: int = 5) -> str:
    """Return the policy that gives up what was taken so often without an end."""
    found = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    return json.dumps({"deadLetterTargetArn": found["QueueArn"], "maxReceiveCount": takings})
