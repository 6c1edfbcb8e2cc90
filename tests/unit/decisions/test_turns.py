"""When something else is wanted next by the clock alone."""

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.decisions.turns import next_turn
from controller.model.override import Override
from controller.model.ref import ResourceRef
from tests.support.live_account import FLEET, NOW, accepted_of

C50 = ResourceRef("Environment", "c50")
EVENING = "start: 0 8 * * *; stop: 0 19 * * *"
NIGHT = "start: 0 8 * * *; stop: 0 22 * * *"
NEVER = "start: 0 8 30 2 *; stop: 0 9 30 2 *"


def override(until: datetime | None, value: Any) -> Override:
    return Override("o1", C50, "trial", "ada", NOW, "spec.schedule", value, until)


def at(hour: int) -> datetime:
    return datetime(2026, 11, 24, hour, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("environment", "role", "overrides", "turns_at"),
    [
        ("on", None, (), None),
        ({"expression": EVENING}, None, (), at(19)),
        ({"expression": NIGHT}, {"expression": EVENING}, (), at(19)),
        ({"expression": NIGHT}, None, (override(NOW + timedelta(hours=1), "on"),), at(13)),
        ("on", None, (override(None, {"expression": EVENING}),), at(19)),
        ("on", None, (override(NOW - timedelta(hours=1), "on"),), None),
        # What cannot be read, or never comes, turns nothing.
        ("on", None, (override(None, "nowhere"),), None),
        ("on", None, (override(None, {"expression": NEVER}),), None),
    ],
)
def test_what_turns_next(
    environment: Any, role: Any, overrides: tuple[Override, ...], turns_at: datetime | None
) -> None:
    documents = copy.deepcopy(FLEET)
    documents["Environment", "c50"]["schedule"] = environment
    if role is not None:
        documents["DeploymentMap", "web"]["roles"][0]["schedule"] = role

    found = next_turn(replace(accepted_of(documents), overrides=overrides), NOW)

    assert found == turns_at
