"""What an explanation is about, as it was found: an instance, a group, or an environment."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from controller.engine.live.scopes import ScopeSetup
from controller.engine.power.fleet import (
    INSTANCE,
    AcceptedNow,
    FleetEvaluation,
    ScopeEvaluation,
    scope_of_environment,
)
from controller.engine.queries.explain.explanation import Subject
from controller.errors import WrongUsage
from controller.model.live import LiveLook
from controller.model.ref import ResourceRef


@dataclass(frozen=True, slots=True)
class Found:
    """What is explained, as it was found. ``look`` holds nothing else."""

    ref: ResourceRef
    subject: Subject
    setup: ScopeSetup
    look: LiveLook
    states: Mapping[str, int]
    """EC2 states of the instances it is, or has."""
    lifecycle: str = ""
    """The instance's state in its group."""
    groups: int = 0
    """How many groups an environment's instances are in."""

    @property
    def scope(self) -> str:
        """Name of its scope."""
        return self.setup.scope.name


def found_object(ref: ResourceRef, state: AcceptedNow, fleet: FleetEvaluation) -> Found:
    """Return an object with what is around it. Raises WrongUsage for an environment whose place cannot be told."""
    if ref.kind == "Environment":
        return _environment(ref, state, fleet)
    scope, _, name = ref.key.rpartition("/")
    seen = fleet.scopes[scope]
    return _instance(ref, seen, name) if ref.kind == INSTANCE else _group(ref, seen, name)


def _instance(ref: ResourceRef, seen: ScopeEvaluation, name: str) -> Found:
    found = next(instance for instance in seen.instances if instance.instance.instance_id == name)
    group = seen.look.groups.get(found.group)
    role = found.role.facts.name if found.role else ""
    return Found(
        ref,
        Subject(found.environment, role, found.group, name),
        seen.setup,
        replace(
            seen.look,
            groups={found.group: group} if group else {},
            instances={name: found.instance},
        ),
        {found.instance.state: 1},
        found.lifecycle or "",
    )


def _group(ref: ResourceRef, seen: ScopeEvaluation, name: str) -> Found:
    found = seen.groups[name]
    members = {
        member.instance.instance_id: member.instance
        for member in seen.instances
        if member.group == name
    }
    role = found.role.facts.name if found.role else ""
    return Found(
        ref,
        Subject(found.environment, role, name),
        seen.setup,
        replace(seen.look, groups={name: found.group}, instances=members),
        Counter(member.state for member in members.values()),
    )


def _environment(ref: ResourceRef, state: AcceptedNow, fleet: FleetEvaluation) -> Found:
    accepted = state.accepted
    setup = scope_of_environment(ref.key, accepted, state.accounts.scopes(accepted))
    if setup is None:
        raise WrongUsage(f"{ref}: {accepted.unreadable.get(ref, 'its account cannot be told')}")
    seen = fleet.scopes.get(setup.scope.name)
    look = seen.look if seen else LiveLook(setup.scope, datetime.min.replace(tzinfo=UTC))
    members = [
        member for member in (seen.instances if seen else ()) if member.environment == ref.key
    ]
    groups = {member.group for member in members if member.group}
    return Found(
        ref,
        Subject(ref.key),
        setup,
        replace(
            look,
            groups={name: group for name, group in look.groups.items() if name in groups},
            instances={member.instance.instance_id: member.instance for member in members},
        ),
        Counter(member.instance.state for member in members),
        groups=len(groups),
    )
