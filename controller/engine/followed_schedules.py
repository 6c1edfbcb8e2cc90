"""Which schedules environments and their roles follow, as the accepted documents say."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from controller.kinds import deployment_map, environment
from controller.kinds.language.kind import Kind
from controller.kinds.parts.role_override import effective_roles
from controller.kinds.parts.schedule_choice import ScheduleChoice
from controller.kinds.parts.server_role import ServerRole
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.ref import ResourceRef
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.refusals import InvalidSchedule
from controller.targets.group_parts.schedules import Compiled, compiled


class FollowedSchedule(NamedTuple):
    """A schedule as somebody chose it: how people call it, and what it means."""

    label: str
    """``office-hours``, ``on``, or the expression."""
    schedule: Compiled
    use: str = ""
    """Name of the Schedule, if it is one."""


def of_choice(choice: ScheduleChoice, accepted: AcceptedState) -> FollowedSchedule:
    """Return what a choice of a schedule follows."""
    label = choice.mode if choice.mode != "automatic" else choice.use or choice.expression or ""
    use = choice.use if choice.mode == "automatic" and choice.use else ""
    return FollowedSchedule(label, compiled(choice, accepted), use)


def of_environment(name: str, accepted: AcceptedState) -> FollowedSchedule | None:
    """Return what an environment follows; None if there is none by that name that can be read."""
    spec = accepted.spec("Environment", name)
    return None if spec is None else of_choice(spec.schedule, accepted)


def of_role(role: ServerRole, accepted: AcceptedState) -> FollowedSchedule | None:
    """Return what a role follows by itself; None where its environment's counts."""
    if role.schedule is not None:
        return of_choice(role.schedule, accepted)
    if role.schedule_tag is None:
        return None
    try:
        return FollowedSchedule(role.schedule_tag, parse_schedule(role.schedule_tag))
    except InvalidSchedule as refusal:
        return FollowedSchedule(role.schedule_tag, refusal)


def roles_of(name: str, accepted: AcceptedState) -> Mapping[str, ServerRole]:
    """Return the roles an environment has, by name; none if it, or its map, cannot be read."""
    spec = accepted.spec("Environment", name)
    if spec is None or spec.lifecycle == "retired":
        return {}
    of_map = accepted.resources.get(ResourceRef("DeploymentMap", spec.deployment_map))
    if of_map is None:
        return {}
    own = accepted.resources[ResourceRef("Environment", name)].document
    return _effective(of_map.document, _own_roles(own))


def users_of(schedule: str, accepted: AcceptedState) -> Iterator[str]:
    """Yield the environments that follow a Schedule, by name."""
    for ref in accepted.environments():
        choice = accepted.specs[ref].schedule
        if choice.mode == "automatic" and choice.use == schedule:
            yield ref.key


def roles_using(schedule: str, accepted: AcceptedState) -> Iterator[str]:
    """Yield the roles of maps that follow a Schedule, as ``map/role``."""
    for ref in accepted.of_kind("DeploymentMap"):
        for role in accepted.specs[ref].roles:
            choice = role.schedule
            if choice is not None and choice.mode == "automatic" and choice.use == schedule:
                yield f"{ref.key}/{role.server_role_name}"


@lru_cache(maxsize=8192)
def _own_roles(document: bytes) -> bytes:
    return canonical_bytes(_expanded(environment.KIND, document).get("roles") or {})


@lru_cache(maxsize=4096)
def _effective(of_map: bytes, own: bytes) -> Mapping[str, ServerRole]:
    """Most environments share a map and differ in little: each pair is worked out once."""
    return effective_roles(_expanded(deployment_map.KIND, of_map), parse_canonical(own))


def _expanded(kind: Kind[Any], document: bytes) -> dict[str, Any]:
    spec: dict[str, Any] = parse_canonical(document)["spec"]
    return kind.expand(spec) if kind.expand else spec
