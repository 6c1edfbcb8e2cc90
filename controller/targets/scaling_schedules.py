"""Scaling schedules: sizes that AWS itself sets at times, as scheduled actions of the groups of a role."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from controller.decisions import tag_keys as our
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes, digest, parse_canonical
from controller.model.live import FoundGroup, LiveLook, LiveScope
from controller.model.observed import Mark, Observation, ObservedState, Ownership, ScopeState
from controller.model.plan import Cause, Lack, Note
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Projection
from controller.ports import LiveReads, Projected, Shaping
from controller.targets.group_parts.designs import Designs, designs
from controller.targets.group_parts.found import AS_APPLIED, group_mark_id
from controller.targets.group_parts.names import (
    SCALING_SCHEDULES,
    SCHEDULED_ACTIONS,
    ask,
    environment_in,
    group_ref,
    name_in,
    names_asked,
    schedules_ref,
)
from controller.targets.group_parts.schedule_acts import (
    OURS,
    Action,
    actions_digest,
    is_replaceable,
    put_actions,
    read_actions,
    wanted_actions,
)

_NO_EXTRA = b"{}"


class ScalingSchedules:
    """The target ``scaling-schedules``."""

    name = "scaling-schedules"
    kinds = (SCALING_SCHEDULES,)
    summary = (
        "Scheduled actions of auto-scaling groups, as the scaling schedules of their roles say."
    )

    act = staticmethod(put_actions)

    def observe(self, look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
        """Return the scaling schedules of our groups: as their marks say, or, with ``deep``, as they are.

        With ``deep`` also those of groups that are nobody's: who takes over a group takes over what it does at times.
        """
        ours = {
            name
            for name, group in look.groups.items()
            if group.tag(our.ID) == group_mark_id(reads.installation, look.scope.name, name)
            and not group.status
        }
        objects: dict[ResourceRef, Observation] = {}
        others = sorted(look.groups.keys() - ours)
        facts: dict[str, Any] = {"groups": sorted(ours), "others": others, "deep": deep}
        found = read_actions(reads) if deep and look.groups else {}
        for name, group in look.groups.items():
            mark = group.tag(our.SCALING_SCHEDULES)
            may_be = group.tag(our.ID) is None and not group.status and not group.mixed
            if deep and (name in ours or may_be):
                _add(objects, look, group, found.get(name, {}), ours=name in ours)
            elif not deep and name in ours and mark:
                ref = schedules_ref(look.scope.name, name)
                objects[ref] = _observation(ref, {"digest": mark}, mark)
        return ObservedState(look.scope.name, ScopeState.OK, objects, facts=facts)

    def answer(
        self, asks: frozenset[str], look: LiveLook, observed: ObservedState, reads: LiveReads
    ) -> ObservedState:
        """Return the state with the actions of the groups asked for. Raises as any call."""
        objects = dict(observed.objects)
        names = [name for name in names_asked(asks, SCHEDULED_ACTIONS) if name in look.groups]
        for name in names:
            objects.pop(schedules_ref(look.scope.name, name), None)
            found = read_actions(reads, name).get(name, {})
            _add(objects, look, look.groups[name], found, ours=True)
        read = sorted({*observed.facts.get("read", ()), *names})
        return replace(observed, objects=objects, facts={**observed.facts, "read": read})

    def project(
        self, accepted: AcceptedState, look: LiveLook, observed: ObservedState, now: datetime
    ) -> Projected:
        """Say what scaling schedules the groups of a scope are to have."""
        del now
        scope = look.scope
        wanted = designs(accepted, scope)
        projections: dict[ResourceRef, Projection] = {}
        origins: dict[ResourceRef, Origin] = {}
        shapings: dict[ResourceRef, Shaping] = {}
        asks: set[str] = set()
        notes, left = _left(wanted, scope, observed)
        environments = {ref: environment_in(name_in(ref)) for ref in observed.objects}
        for name, design in wanted.groups.items():
            ref = schedules_ref(scope.name, name)
            environments[ref] = design.environment
            if not design.scaling_schedules or ref in left:
                continue
            actions = wanted_actions(design.scaling_schedules)
            found = observed.objects.get(ref)
            marked = found.mark.id if found is not None and found.mark is not None else ""
            attributes, question = _wished(name, actions, found, marked, observed)
            if question:
                asks.add(question)
                left.add(ref)
                continue
            data = canonical_bytes(attributes)
            depends = (group_ref(scope.name, name),)
            projections[ref] = Projection(ref, data, _NO_EXTRA, digest(data), depends_on=depends)
            origins[ref] = design.origin
            if found is not None and found.mark is not None:
                shapings[ref] = _why(found, found.mark.id, actions_digest(actions))
        return Projected(
            projections=projections,
            origins=origins,
            notes=tuple(notes),
            left=frozenset(left),
            shapings=shapings,
            environments=environments,
            asks=frozenset(asks),
        )


def _add(
    objects: dict[ResourceRef, Observation],
    look: LiveLook,
    group: FoundGroup,
    found: Mapping[str, Action],
    *,
    ours: bool,
) -> None:
    actions = {name: action for name, action in found.items() if is_replaceable(name)}
    mark = (group.tag(our.SCALING_SCHEDULES) or "") if ours else ""
    if not actions and not mark:
        return
    ref = schedules_ref(look.scope.name, group.name)
    # Of a group that is nobody's, or only the old product's: they are taken over when that is asked for.
    managed = bool(mark) or (ours and any(name.startswith(OURS) for name in actions))
    objects[ref] = _observation(ref, {"actions": actions}, mark, managed=managed)


def _observation(
    ref: ResourceRef, attributes: Mapping[str, Any], mark: str, *, managed: bool = True
) -> Observation:
    data = canonical_bytes(attributes)
    found_digest = digest(data)
    return Observation(
        ref=ref,
        attributes=data,
        digest=found_digest,
        mark=Mark("", mark, "", "", 0, found_digest, {}) if managed else None,
        ownership=Ownership.OURS if managed else Ownership.UNMANAGED,
        base=data,
        depends_on=(ResourceRef("Group", ref.key),),
    )


def _wished(
    name: str,
    actions: Mapping[str, Action],
    found: Observation | None,
    marked: str,
    observed: ObservedState,
) -> tuple[dict[str, Any], str]:
    """Return the attributes wanted in the form the group was seen in, or what has to be asked first."""
    read = observed.facts.get("deep") or name in observed.facts.get("read", ())
    exists = name in observed.facts.get("groups", ())
    if not read and exists:
        if marked == actions_digest(actions):
            return {"digest": marked}, ""
        return {}, ask(SCHEDULED_ACTIONS, name)
    attributes: dict[str, Any] = {"actions": dict(actions)}
    if found is not None and marked != actions_digest(actions):
        before = parse_canonical(found.attributes).get("actions")
        if before == attributes["actions"]:
            attributes["marks"] = AS_APPLIED
    return attributes, ""


def _why(found: Observation, marked: str, wanted: str) -> Shaping:
    """Say who made the scheduled actions of a group differ; of an edit nothing but what was changed outside besides."""
    if not marked:
        return Shaping(cause=Cause.DRIFTED, because="marks lost")
    if marked == wanted:
        return Shaping(cause=Cause.DRIFTED, because="changed outside envctl")
    actions = parse_canonical(found.attributes).get("actions")
    outside = actions is not None and actions_digest(actions) != marked
    return Shaping(because="also changed outside envctl" if outside else None)


def _left(
    wanted: Designs, scope: LiveScope, observed: ObservedState
) -> tuple[list[Note], set[ResourceRef]]:
    """Return the schedules that are left: of groups that are not ours, or of which it cannot be told what they are to be."""
    why: dict[ResourceRef, Lack] = {}
    for name in observed.facts.get("others", ()):
        ref = schedules_ref(scope.name, name)
        asked = name in wanted.groups and wanted.groups[name].scaling_schedules
        # Those that are nobody's can be taken over together with their group; none are made for it before.
        if asked and ref not in observed.objects:
            why[ref] = Lack("its group is not ours, or is being deleted")
    for ref in observed.objects:
        name = name_in(ref)
        trouble = wanted.troubles.get(name) or wanted.untold.get(environment_in(name))
        if trouble and name not in wanted.groups:
            why[ref] = Lack("left as they are", str(trouble))
    return [Note.of_lacks(ref, lack) for ref, lack in why.items()], set(why)


TARGET = ScalingSchedules()
