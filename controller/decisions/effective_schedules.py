"""Which schedules environments and their roles follow, as the accepted documents say."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from controller.decisions import role_schedules
from controller.decisions.role_schedules import Compiled, compiled, schedule_of_role
from controller.kinds.parts.schedule_choice import ScheduleChoice
from controller.kinds.parts.server_role import ServerRole
from controller.model.accepted import AcceptedState


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
    own = schedule_of_role(role, accepted)
    return None if own is None else FollowedSchedule(role.schedule_tag or "", own)


def roles_of(name: str, accepted: AcceptedState) -> Mapping[str, ServerRole]:
    """Return the roles an environment has, by name; none if it, or its map, cannot be read."""
    spec = accepted.spec("Environment", name)
    if spec is None or spec.lifecycle == "retired":
        return {}
    return role_schedules.roles_of(name, accepted) or {}


def users_of(schedule: str, accepted: AcceptedState) -> Iterator[str]:
    """Yield the environments that follow a Schedule, by name."""
    for ref in accepted.of_kind("Environment"):
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
