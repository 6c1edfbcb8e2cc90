"""Since when and why a group is short, as its activities tell it."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from controller.targets.group_parts.shortfall import read_activities


def activity(status: str, hour: int) -> dict[str, Any]:
    at = datetime(2026, 3, 2, hour, tzinfo=UTC)
    return {"StatusCode": status, "StartTime": at, "Description": f"at {hour}"}


@pytest.mark.parametrize(
    ("newest_first", "said"),
    [
        ([], {}),
        (
            [activity("Failed", 9), activity("Failed", 8), activity("Successful", 7)],
            {"since": "2026-03-02 08:00 UTC", "failed": "at 9"},
        ),
        ([activity("Successful", 9), activity("Failed", 8)], {"since": "2026-03-02 09:00 UTC"}),
    ],
)
def test_the_first_that_failed_in_a_row_and_the_reason_of_the_last(
    newest_first: list[dict[str, Any]], said: dict[str, str]
) -> None:
    client = Mock(**{"describe_scaling_activities.return_value": {"Activities": newest_first}})
    reads = Mock(**{"client.return_value": client})

    assert read_activities(["web"], reads) == {"web": said}
