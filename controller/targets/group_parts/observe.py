"""What there is of groups in a scope: from the look, and from closer looks where they are taken."""

from collections.abc import Iterable, Mapping
from typing import Any

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.decisions.tag_keys import written_keys
from controller.model.canonical import parse_canonical
from controller.model.live import FoundGroup, LiveLook
from controller.model.observed import Observation, ObservedState, Ownership, ScopeState
from controller.model.ref import ResourceRef
from controller.ports import LiveReads
from controller.targets.group_parts.asks import GROUP, REFRESH, Known, ask, names_asked
from controller.targets.group_parts.deep_look import Deep, read_deep
from controller.targets.group_parts.found import (
    FoundAttributes,
    light_attributes,
    observation,
    seen_of,
    with_attributes,
)
from controller.targets.group_parts.names import environment_in, group_ref
from controller.targets.group_parts.references import read_references


def observe_groups(look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
    """Return every group of the look; with ``deep``, what it does not show of those that are, or could be, ours."""
    keys = written_keys(reads.options.tag_keys)
    objects: dict[ResourceRef, Observation] = {}
    groups: dict[str, FoundAttributes] = {}
    for name, group in look.groups.items():
        seen = groups[name] = seen_of(group, keys)
        attributes = light_attributes(group, keys, seen)
        found = observation(group, look.scope, reads.installation, attributes)
        objects[found.ref] = found
    known: Known = {}
    if deep:
        closer = [group for group in look.groups.values() if _may_be_ours(group, look, objects)]
        known = _look_closer(closer, look, objects, reads)
    facts: dict[str, Any] = {"deep": deep, "groups": groups, "known": known}
    return ObservedState(look.scope.name, ScopeState.OK, objects, facts=facts)


def _may_be_ours(
    group: FoundGroup, look: LiveLook, objects: Mapping[ResourceRef, Observation]
) -> bool:
    ownership = objects[group_ref(look.scope.name, group.name)].ownership
    if group.status or ownership is Ownership.FOREIGN:
        return False
    return ownership is Ownership.OURS or bool(environment_in(group.name))


def _look_closer(
    groups: Iterable[FoundGroup],
    look: LiveLook,
    objects: dict[ResourceRef, Observation],
    reads: LiveReads,
) -> Known:
    known: Known = {}
    for name, deep in read_deep(groups, reads).items():
        known[ask(GROUP, name)] = _answer(deep)
        ref = group_ref(look.scope.name, name)
        before = parse_canonical(objects[ref].attributes)
        objects[ref] = with_attributes(objects[ref], {**before, **deep.attributes})
    return known


def _answer(deep: Deep) -> dict[str, Any]:
    return {"image": list(deep.image) if deep.image else None}


def answer_groups(
    asks: frozenset[str], look: LiveLook, observed: ObservedState, reads: LiveReads
) -> ObservedState:
    """Return the state with what was asked for. Raises as any call."""
    objects = dict(observed.objects)
    closer = [look.groups[name] for name in names_asked(asks, GROUP) if name in look.groups]
    known = {
        **observed.facts.get("known", {}),
        **read_references(asks, reads),
        **_look_closer(closer, look, objects, reads),
        **{
            ask(REFRESH, name): _refresh(name, observed, reads)
            for name in names_asked(asks, REFRESH)
        },
    }
    facts = {**observed.facts, "known": known}
    return ObservedState(observed.scope, observed.state, objects, observed.reason, facts)


def _refresh(name: str, observed: ObservedState, reads: LiveReads) -> dict[str, Any] | None:
    """Return how far the refresh has come that the group's mark names; None if AWS does not know it any more."""
    seen: FoundAttributes = observed.facts["groups"][name]
    refresh_id = seen["refresh"].partition(" ")[2]
    client = reads.client("autoscaling")
    with aws_errors("groups: read an instance refresh", place_of(client)):
        answer = client.describe_instance_refreshes(
            AutoScalingGroupName=name,
            **({"InstanceRefreshIds": [refresh_id]} if refresh_id else {"MaxRecords": 1}),
        )
    found = answer.get("InstanceRefreshes") or ()
    if not found:
        return None
    return {
        "status": str(found[0]["Status"]),
        "percent": int(found[0].get("PercentageComplete") or 0),
        "reason": str(found[0].get("StatusReason") or ""),
    }
