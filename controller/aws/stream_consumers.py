"""What else reads the streams of tables: functions of Lambda.

"No more than two processes at most should be reading from the same stream's shard at the same time. Having more than two readers
per shard can result in throttling." (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html)
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors


class Consumer(NamedTuple):
    """A function that is told of changes, and what ties it to the stream."""

    function: str
    mapping: str


def stream_consumers(client: Any) -> Mapping[str, list[Consumer]]:
    """Return the functions that read streams of tables, by the stream's ARN; those switched off are left out. Raises as any call."""
    found: defaultdict[str, list[Consumer]] = defaultdict(list)
    pages = client.get_paginator("list_event_source_mappings")
    with aws_errors("tables: ask who reads their streams", place_of(client)):
        for page in pages.paginate():
            for one in page["EventSourceMappings"]:
                if ":dynamodb:" in one.get("EventSourceArn", "") and one["State"] != "Disabled":
                    function = str(one["FunctionArn"]).rpartition(":function:")[2]
                    found[one["EventSourceArn"]].append(Consumer(function, str(one["UUID"])))
    return found
