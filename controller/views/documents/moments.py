"""A change to come, in the zone that matters and in UTC."""

from datetime import datetime
from typing import Annotated, TypedDict

from controller.planning.json_check import Fragment, text
from controller.scheduling.schedule import State

LocalMoment = Annotated[
    str,
    Fragment(
        {
            **text("Local time with its offset, ISO 8601."),
            "format": "date-time",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$",
        }
    ),
]


class StateChangeObject(TypedDict):
    """A change of state: when in the zone that matters, and when in UTC."""

    at: LocalMoment
    utc: datetime
    state: State


def state_change_json(at: datetime, state: State) -> StateChangeObject:
    """Return a change of state; ``at`` is in the zone that matters."""
    return {"at": at.isoformat(), "utc": at, "state": state}
