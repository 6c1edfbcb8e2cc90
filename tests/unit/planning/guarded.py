"""Scopes for the guards: so many objects, and changes of them."""

from collections.abc import Iterable
from typing import Any

from controller.model.observed import Observation, ObservedState
from controller.model.plan import Cause, Change, Violation
from controller.planning.guards import GuardFacts, GuardSettings, find_violations
from tests.unit.planning.worlds import KINDS, change, found, scope_of

PROTECTED: dict[str, Any] = {"metadata": {"protect": True}}
RETIRED: dict[str, Any] = {"spec": {"lifecycle": "retired"}}


def there(
    count: int, kind: str = "DeploymentMap", folder: str = "fleet/maps", **more: Any
) -> list[Observation]:
    """So many found objects of ours, one file each."""
    return [found(f"{kind}/k{n:03}", path=f"{folder}/k{n:03}.yaml", **more) for n in range(count)]


def gone(objects: Iterable[Observation], **more: Any) -> list[Change]:
    """The deletes of these objects, known by their files."""
    return [
        change(str(one.ref), "delete", path=one.mark.path if one.mark else "", **more)
        for one in objects
    ]


def touched(
    objects: Iterable[Observation], cause: Cause, effects: dict[str, int] | None = None
) -> list[Change]:
    """Updates of these objects."""
    return [change(str(one.ref), cause=cause, effects=effects) for one in objects]


def new(count: int, kind: str = "DeploymentMap", folder: str = "fleet/mops") -> list[Change]:
    """So many creates, one file each."""
    return [
        change(f"{kind}/n{n:03}", "create", path=f"{folder}/n{n:03}.yaml") for n in range(count)
    ]


def power(count: int, action: Any, cause: Cause) -> list[Change]:
    return [change(f"Instance/i{n:03}", action, cause=cause) for n in range(count)]


def judge(
    objects: list[Observation],
    changes: list[Change],
    observed: ObservedState | None = None,
    **more: Any,
) -> tuple[Violation, ...]:
    state = observed or scope_of(*objects)
    facts = {"limits": GuardSettings(), "kinds": KINDS, "desired_count": 1, **more}
    return find_violations(changes, GuardFacts(observed=state, **facts))


def paths(objects: Iterable[Observation]) -> frozenset[str]:
    return frozenset(one.mark.path for one in objects if one.mark)


SPREAD = [one for kind in ("MapA", "MapB", "MapC", "MapD") for one in there(100, kind)]
FOUR_EACH = [one for one in SPREAD if one.ref.key < "k013"]
MAPS = there(9)
TEN = there(10)
