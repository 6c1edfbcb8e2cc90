"""The forms of time in JSON documents: one in UTC, and beside it one with an offset where the zone matters."""

from datetime import datetime
from typing import Annotated, TypedDict

from controller.ledger.records import iso_ms
from controller.planning.json_check import Fragment, moment, text
from controller.scheduling.schedule import State

Moment = Annotated[str, Fragment(moment())]
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
    utc: Moment
    state: Annotated[str, State]


def moment_json(at: datetime | None) -> Moment | None:
    """Return a moment as documents have it; None where there is none."""
    return None if at is None else iso_ms(at)


def state_change_json(at: datetime, state: State) -> StateChangeObject:
    """Return a change of state; ``at`` is in the zone that matters."""
    return {"at": at.isoformat(), "utc": iso_ms(at), "state": state}
