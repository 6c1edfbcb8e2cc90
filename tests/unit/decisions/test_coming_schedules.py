"""What an environment follows while its overrides last, and which switches come of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from controller.decisions.coming_schedules import phases, switches
from controller.model.accepted import AcceptedState
from controller.model.canonical import ABSENT
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import BY_AGE
from tests.support.live_account import FLEET, NOW, accepted_of

C50 = ResourceRef("Environment", "c50")
OFFICE = {"mode": "automatic", "expression": "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"}
NEVER = {"mode": "automatic", "expression": "start: 0 8 30 2 *"}


def _at(hour: int) -> datetime:
    return NOW.replace(hour=hour)


def _made(value: Any, until: datetime | None, age: int = 0, path: str = "schedule") -> Override:
    since = NOW - timedelta(minutes=age)
    return Override(f"o{age}", C50, "release", "ada", since, path, value, until)


def _accepted(written: Any, *overrides: Override) -> AcceptedState:
    """Return c50 as written, under overrides; the newest that is of its schedule as a whole holds now."""
    c50 = ("Environment", "c50")
    beneath = accepted_of({**FLEET, c50: {**FLEET[c50], "schedule": written}})
    whole = [one for one in sorted(overrides, key=BY_AGE) if one.path == "schedule"]
    if not overrides:
        return beneath
    held = whole[-1].value if whole and whole[-1].puts_value else written
    above = accepted_of({**FLEET, c50: {**FLEET[c50], "schedule": held}})
    return replace(above, beneath=beneath, overrides=overrides)


@pytest.mark.parametrize(
    ("written", "overrides", "expected", "because"),
    [
        ("on", (), (), "a fixed state never switches"),
        (OFFICE, (), ((19, "off"), (8, "on"), (19, "off")), "its own switches"),
        (NEVER, (), (), "no such day ever"),
        (OFFICE, (_made("on", _at(22)),), ((22, "off"), (8, "on"), (19, "off")), "it ends off"),
        (OFFICE, (_made("on", _at(15)),), ((19, "off"), (8, "on"), (19, "off")), "ends unseen"),
        (OFFICE, (_made("on", _at(19)),), ((19, "off"), (8, "on"), (19, "off")), "both at once"),
        ("on", (_made(OFFICE, _at(22)),), ((19, "off"), (22, "on")), "on again once it ends"),
        (OFFICE, (_made("on", None),), (), "no end is set"),
        (OFFICE, (_made("off", _at(22), path="description"),), ((19, "off"), (8, "on"), (19, "off")), "of another field"),
        (OFFICE, (_made(ABSENT, _at(22)),), ((19, "off"), (8, "on"), (19, "off")), "only left as it is"),
        ("off", (_made("on", _at(15)), _made("off", _at(23), 9)), ((15, "off"),), "the older one holds then"),
        ("off", (_made("on", _at(23)), _made("off", _at(15), 9)), ((23, "off"),), "the older one ends beneath"),
        ("on", (_made("off", _at(15)), _made("off", _at(15), 9)), ((15, "on"),), "both end at once"),
        (OFFICE, (_made("on", _at(15)), _made("gone", _at(23), 9)), ((15, None), (23, "off"), (8, "on")), "nobody can read what holds then"),
        (OFFICE, (_made("on", _at(15)), _made({"mode": "automatic"}, None, 9)), ((15, None),), "what holds then does not fit"),
        (OFFICE, (_made("on", _at(15)), _made("x", None, 9, "schedule.use.a")), ((15, None),), "what holds then leads nowhere"),
        ("on", (_made("on", _at(15)), _made("off", None, 9, "schedule.mode")), ((15, "off"),), "what holds then leads into a short form"),
    ],
)  # fmt: skip
def test_switches_are_those_of_what_holds_then(
    written: Any,
    overrides: tuple[Override, ...],
    expected: Sequence[tuple[int, str | None]],
    because: str,
) -> None:
    found = switches(phases(C50, _accepted(written, *overrides), NOW))

    shown = [(at.hour, state and state.value) for at, state in islice(found, 3)]
    assert shown == list(expected), because
