"""What an explanation is about, as it was found: an instance, a group, or an environment."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from controller.engine.live.scopes import ScopeSetup
from controller.engine.power.accepted_now import AcceptedNow
from controller.engine.power.evaluate import FleetEvaluation, ScopeEvaluation, scope_of_environment
from controller.engine.power.find_object import INSTANCE
from controller.engine.queries.explain.rules import Subject
from controller.errors import WrongUsage
from controller.model.live import LiveLook, Tags
from controller.model.ref import ResourceRef


@dataclass(frozen=True, slots=True)
class Found:
    """What is explained, as it was found. ``look`` holds nothing else."""

    ref: ResourceRef
    subject: Subject
    setup: ScopeSetup
    look: LiveLook
    tags: Tags
    states: Mapping[str, int]
    """EC2 states of the instances it is, or has."""
    heading: tuple[str, ...]


def found_object(ref: ResourceRef, state: AcceptedNow, sights: FleetEvaluation) -> Found:
    """Return an object with what is around it. Raises WrongUsage for an environment whose place cannot be told."""
    if ref.kind == "Environment":
        return _environment(ref, state, sights)
    scope, _, name = ref.key.rpartition("/")
    seen = next(one for one in sights.seen if one.scope.name == scope)
    return _instance(ref, seen, name) if ref.kind == INSTANCE else _group(ref, seen, name)


def _instance(ref: ResourceRef, seen: ScopeEvaluation, name: str) -> Found:
    judged = next(one for one in seen.instances if one.instance.instance_id == name)
    instance = judged.instance
    groups = (
        {judged.group: seen.look.groups[judged.group]} if judged.group in seen.look.groups else {}
    )
    place = f", {judged.lifecycle} in {judged.group}" if judged.lifecycle else ""
    role = judged.role.facts.name if judged.role else ""
    return Found(
        ref,
        Subject(judged.environment, role, judged.group, name),
        seen.setup,
        replace(seen.look, groups=groups, instances={name: instance}),
        instance.tags,
        {instance.state: 1},
        (
            f"{name}  {instance.tag('Name') or ''}  {instance.private_ip}".rstrip(),
            f"{instance.state}{place}",
            seen.scope.name,
        ),
    )


def _group(ref: ResourceRef, seen: ScopeEvaluation, name: str) -> Found:
    judged = seen.groups[name]
    members = [instance for instance in seen.instances if instance.group == name]
    states = Counter(one.instance.state for one in members)
    lifecycles = Counter(member.lifecycle for member in judged.group.members)
    role = judged.role.facts.name if judged.role else ""
    return Found(
        ref,
        Subject(judged.environment, role, name),
        seen.setup,
        replace(
            seen.look,
            groups={name: judged.group},
            instances={one.instance.instance_id: one.instance for one in members},
        ),
        judged.group.tags,
        states,
        (
            f"{name}  min {judged.group.minimum}, desired {judged.group.desired}, max {judged.group.maximum}",
            counted(lifecycles) or "no instances",
            seen.scope.name,
        ),
    )


def _environment(ref: ResourceRef, state: AcceptedNow, sights: FleetEvaluation) -> Found:
    accepted = state.accepted
    setups = state.accounts.scopes(accepted)
    setup = scope_of_environment(ref.key, accepted, setups)
    if setup is None:
        raise WrongUsage(f"{ref}: {accepted.unreadable.get(ref, 'its account cannot be told')}")
    seen = next((one for one in sights.seen if one.scope.name == setup.scope.name), None)
    members = (
        [instance for instance in seen.instances if instance.environment == ref.key] if seen else []
    )
    states = Counter(member.instance.state for member in members)
    groups = sorted({member.group for member in members if member.group})
    kind = accepted.specs[ref].environment_type
    look = seen.look if seen else LiveLook(setup.scope, datetime.min.replace(tzinfo=UTC))
    return Found(
        ref,
        Subject(ref.key),
        setup,
        replace(
            look,
            groups={name: look.groups[name] for name in groups if name in look.groups},
            instances={member.instance.instance_id: member.instance for member in members},
        ),
        (),
        states,
        (
            f"{ref}  {kind}",
            f"{counted(states) or 'no instances'}{f' in {len(groups)} groups' if len(groups) > 1 else ''}",
            setup.scope.name,
        ),
    )


def counted(counts: Mapping[str, int]) -> str:
    """Return ``3 running, 1 stopped``; the state alone of a single one."""
    if len(counts) == 1 and sum(counts.values()) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
