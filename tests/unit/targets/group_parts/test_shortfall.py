"""Since when and why a group is short, as its activities tell it, and when it has more than it was asked for."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest

from controller.aws.errors import NotFound
from controller.errors import AccessDenied, EnvctlError, Throttled
from controller.model.observed import Observation, Ownership
from controller.model.ref import ResourceRef
from controller.targets.group_parts.shortfall import read_activities, shortfall
from tests.unit.targets.group_parts.test_rollouts import seen


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
        (
            [activity("PreInService", 9), activity("Failed", 8), activity("Successful", 7)],
            {"since": "2026-03-02 08:00 UTC", "failed": "at 8"},
        ),
    ],
)
def test_the_first_that_failed_in_a_row_and_the_reason_of_the_last(
    newest_first: list[dict[str, Any]], said: dict[str, str]
) -> None:
    client = Mock(**{"describe_scaling_activities.return_value": {"Activities": newest_first}})
    reads = Mock(**{"client.return_value": client})

    assert read_activities(["web"], reads) == {"web": said}


@pytest.mark.parametrize("error", [AccessDenied("no"), Throttled("no"), NotFound("no", "")])
def test_where_aws_does_not_say_why_the_others_are_told_all_the_same(error: EnvctlError) -> None:
    answers = [error, {"Activities": [activity("Failed", 9)]}]
    client = Mock(**{"describe_scaling_activities.side_effect": answers})
    reads = Mock(**{"client.return_value": client})

    found = read_activities(["web", "db"], reads)

    assert found == {"web": {}, "db": {"since": "2026-03-02 09:00 UTC", "failed": "at 9"}}


@pytest.mark.parametrize(
    ("suspended", "desired", "told"),
    [
        ("Terminate", 2, "3 members are in service, more than the 2 it was asked for: its process Terminate is suspended"),
        ("Terminate", 3, ""),
        ("Launch", 2, ""),
        ("Launch", 4, "3 of 4 in service; its process Launch is suspended"),
        ("AZRebalance", 4, "3 of 4 in service"),
    ],
)  # fmt: skip
def test_a_suspended_process_that_keeps_a_group_from_its_size_is_named(
    suspended: str, desired: int, told: str
) -> None:
    ref = ResourceRef("Group", "staging/eu-west-1/c50-ta-Web")
    found = Observation(ref, b"{}", "", None, Ownership.OURS, b"{}")
    there = seen()
    there["lifecycles"], there["suspended"] = ["InService"] * 3, [suspended]

    notes, _ = shortfall(found, there, {"desiredCapacity": desired}, {})

    assert [note.text for note in notes] == ([told] if told else [])


@pytest.mark.parametrize(
    ("protected", "desired", "parked", "told"),
    [
        (3, 2, False, "3 members are protected from scale-in, more than the 2 it was asked for"),
        (2, 2, False, ""),
        (3, 0, True, ""),
    ],
)
def test_more_protected_members_than_a_group_was_asked_for_are_told(
    protected: int, desired: int, parked: bool, told: str
) -> None:
    ref = ResourceRef("Group", "staging/eu-west-1/c50-ta-Web")
    found = Observation(ref, b"{}", "", None, Ownership.OURS, b"{}")
    there = seen()
    there["lifecycles"], there["protected"], there["parked"] = ["InService"] * 3, protected, parked

    notes, asks = shortfall(found, there, {"desiredCapacity": desired}, {})

    assert asks == frozenset()
    assert [note.text.partition(":")[0] for note in notes] == ([told] if told else [])
