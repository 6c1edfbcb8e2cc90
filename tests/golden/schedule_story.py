"""A story of schedules: what it means that environments stay on longer is said below what changes."""

from typing import Any

from controller.model.observed import Observation
from controller.model.plan import Edit, ScheduleMeaning
from controller.model.ref import Origin
from controller.model.resource import Projection
from controller.planning.schedule_meaning import (
    EnvironmentFollowing,
    Following,
    RoleFollowing,
    schedule_meaning,
)
from controller.scheduling.grammar import parse_schedule
from tests.golden.stories import Scope, environment, same, scoped
from tests.unit.planning.worlds import NOW, found, ref, scope_of, wanted

OFFICE = Following(
    "office-hours", parse_schedule("start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | Europe/London")
)
EXTENDED = Following(
    "extended-hours", parse_schedule("start: 0 7 * * 1-5; stop: 0 21 * * 1-5 | Europe/London")
)
WEEKEND = Following("247", parse_schedule("247"))
NAMES = [f"c{number:02}" for number in range(1, 60)]


def _follows(name: str, schedule: str) -> dict[str, Any]:
    made = environment(name)
    made["OpsTable"]["Value"]["DefaultSchedule"] = schedule
    return made


def _meaning() -> ScheduleMeaning | None:
    roles = {"Web": RoleFollowing(6), "Db": RoleFollowing(1, own=WEEKEND)}
    before = {name: EnvironmentFollowing(OFFICE, roles) for name in NAMES}
    return schedule_meaning(
        before, {name: EnvironmentFollowing(EXTENDED, roles) for name in NAMES}, NOW
    )


def fifty_nine_environments_stay_longer() -> list[Scope]:
    """The folder's default becomes a longer day."""
    edit = Edit(Origin("fleet/staging/defaults.yaml", 11), "Environment.schedule")
    stay = same("Environment/c60", _follows("c60", "247"))
    desired: list[Projection] = [
        *(wanted(f"Environment/{name}", _follows(name, "extended-hours")) for name in NAMES),
        stay[0],
    ]
    objects: list[Observation] = [
        *(found(f"Environment/{name}", _follows(name, "office-hours")) for name in NAMES),
        stay[1],
    ]
    edits = {ref(f"Environment/{name}"): edit for name in NAMES}
    return [scoped(desired, scope_of(*objects), edits=edits, meaning=_meaning())]
