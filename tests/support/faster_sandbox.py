"""What the server of the tests and benchmarks runs on top of the sandbox: moto made faster, fleets of any size, lasting credentials.

Given to ``embedded_aws`` by name and imported by its process, where it applies for good.
"""

import gc
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from moto.sts.models import AssumedRole

from controller.sandbox.application import CONTROLS
from controller.sandbox.interception import ONE_AT_A_TIME
from tests.support.faster_moto import answers, items, lookups, sessions, xml
from tests.support.kept_aws import bring_back, keep
from tests.support.seed_fleet import FleetSize, seed_fleet


def _seed_fleet(body: dict[str, Any]) -> dict[str, Any]:
    with ONE_AT_A_TIME:
        return seed_fleet(FleetSize(**body))


def _one_at_a_time(control: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def held(body: dict[str, Any]) -> None:
        with ONE_AT_A_TIME:
            control(body)

    return held


def _lasting(init: Callable[..., None]) -> Callable[..., None]:
    """Let credentials last half a day longer: the clock of a story may be an hour ahead."""

    @wraps(init)
    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self.expiration += timedelta(hours=12)

    return made


MADE = "__init__"
SELDOM = 100_000
"""Objects made since Python's collector looked last, where its own measure is 700: it walks all of moto each time."""
gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
setattr(AssumedRole, MADE, _lasting(AssumedRole.__init__))
for faster in (answers, items, lookups, sessions, xml):
    faster.install()
CONTROLS["fleet"] = _seed_fleet
CONTROLS["keep"] = _one_at_a_time(keep)
CONTROLS["bring-back"] = _one_at_a_time(bring_back)
