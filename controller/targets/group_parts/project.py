"""From designs and what was found to what is to change: pure, and only as much as the look allows to say.

Of a change it is said, beside its fields, why, and how many instances it touches.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from controller.decisions.tag_keys import written_keys
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes, digest, parse_canonical
from controller.model.live import LiveScope
from controller.model.observed import Observation, ObservedState, Ownership
from controller.model.plan import Cause, Lack, Note, NoteCategory
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Projection
from controller.ports import Projected, Shaping
from controller.targets.group_parts.designs import Designs, designs
from controller.targets.group_parts.found import (
    AS_APPLIED,
    Attributes,
    FoundAttributes,
    ImageMark,
    light_digest,
    repointed,
)
from controller.targets.group_parts.images import Trust
from controller.targets.group_parts.names import (
    GROUP,
    REFRESH,
    ask,
    environment_in,
    group_ref,
    name_in,
)
from controller.targets.group_parts.role_design import GroupDesign
from controller.targets.group_parts.rollouts import STUCK, Candidate, Turn, Turns, turns
from controller.targets.group_parts.wanted import (
    Circumstances,
    Wanted,
    new_group,
    present_group,
)

OUTSIDE = "changed outside envctl"


def created(design: GroupDesign, attributes: Attributes) -> Shaping:
    """Return what is said of a new group."""
    launched = int(attributes["desiredCapacity"])
    off = "" if launched or not design.sizes.desired else "without instances: its schedule says off"
    return Shaping(because=off or None, effects={"launched": launched} if launched else None)


def updated(
    design: GroupDesign,
    made: Wanted,
    before: Attributes,
    seen: FoundAttributes,
    turn: Turn,
    about: Circumstances,
) -> Shaping:
    """Return what is said of a change of a group that exists."""
    after = made.attributes
    effects: dict[str, int] = {}
    change = int(after["desiredCapacity"]) - int(before["desiredCapacity"])
    if change:
        effects["launched" if change > 0 else "ended"] = abs(change)
    if turn is Turn.NOW:
        members = len(seen["lifecycles"])
        effects["replaced"] = max(0, members if repointed(before, after) else seen["behind"])
    cause, because = _why(made, before, seen, about)
    said = "; ".join(filter(None, (because, _said(before, after, turn, design))))
    return Shaping(cause=cause, because=said or None, effects=effects or None)


def _why(
    made: Wanted, before: Attributes, seen: FoundAttributes, about: Circumstances
) -> tuple[Cause | None, str]:
    """Return the cause; None for what planning says itself (an edit, an adoption).

    The marks keep what was last wanted: what is wanted as then but found otherwise is drift.
    """
    after = made.attributes
    if made.marks_lost:
        return Cause.DRIFTED, "marks lost"
    mark = ImageMark.parse(seen["image"])
    if (
        mark is not None
        and mark.wish == after.get("ami")
        and mark.id != after.get("imageId", mark.id)
    ):
        return Cause.IMAGE, f"{after['imageId']} is the latest stable {mark.wish}"
    same_light = seen["digest"] == light_digest(after, made.owned, about.schedule_key)
    if not (seen["digest"] and same_light and made.same_wish):
        return None, ""
    only_rollout = {name for name in after if before.get(name) != after[name]} == {
        "instancesBehind"
    }
    if only_rollout:
        return Cause.EDITED, "the changed template reaches the instances that run"
    return Cause.DRIFTED, OUTSIDE


def _said(before: Attributes, after: Attributes, turn: Turn, design: GroupDesign) -> str:
    if turn is Turn.NOW:
        return f"instance refresh, at least {design.min_healthy_percent} % healthy"
    more_behind = after["instancesBehind"] > before["instancesBehind"]
    if more_behind and design.min_healthy_percent is None:
        return "instances that run keep what they have (rollout: none)"
    return ""


def deleted(
    environment: ResourceRef, accepted: AcceptedState, seen: FoundAttributes, attributes: Attributes
) -> Shaping:
    """Return what is said of a group that is deleted: why, how many instances it ends, and what stays behind."""
    members = len(seen["lifecycles"])
    role = attributes["tags"].get("Role", "")
    spec = accepted.specs.get(environment)
    if spec is None:
        why = f"{environment} is gone"
    else:
        why = "retired" if spec.lifecycle == "retired" else "without this role"
        why = f"{environment} is {why}"
    stays = f"stays behind: Consul environments/{environment.key}/roles/{role}" if role else ""
    said = "; ".join(filter(None, (why, stays)))
    return Shaping(because=said, effects={"ended": members} if members else None)


@dataclass(slots=True)
class _Result:
    """What is gathered while the groups are gone through."""

    projections: dict[ResourceRef, Projection] = field(default_factory=dict)
    origins: dict[ResourceRef, Origin] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    left: set[ResourceRef] = field(default_factory=set)
    shapings: dict[ResourceRef, Shaping] = field(default_factory=dict)
    asks: set[str] = field(default_factory=set)
    environments: dict[ResourceRef, str] = field(default_factory=dict)

    def leave(self, ref: ResourceRef, category: NoteCategory, why: str) -> None:
        """Leave an object as it is, and say why."""
        self.left.add(ref)
        self.notes.append(Note(category, ref, why))

    def lacks(self, ref: ResourceRef, *lacks: Lack) -> None:
        """Leave an object as it is for what it lacks."""
        self.left.add(ref)
        self.notes.append(Note.of_lacks(ref, *lacks))


def project_groups(
    accepted: AcceptedState, scope: LiveScope, observed: ObservedState, now: datetime
) -> Projected:
    """Say what the groups of a scope are to be."""
    wanted = designs(accepted, scope)
    about = Circumstances(
        now=now,
        known=observed.facts.get("known", {}),
        trust=Trust(tuple(trusted_owners(accepted, scope))),
        closely=bool(observed.facts.get("deep")),
        schedule_key=written_keys(accepted.options.tag_keys).get("Schedule", ""),
    )
    seen: Mapping[str, FoundAttributes] = observed.facts.get("groups", {})
    result = _Result()
    found_there: dict[str, tuple[GroupDesign, Wanted, Attributes, Observation]] = {}
    for name, design in wanted.groups.items():
        ref = group_ref(scope.name, name)
        result.environments[ref] = design.environment
        found = observed.objects.get(ref)
        if found is None:
            _new(ref, design, about, result)
        elif seen[name]["deleting"]:
            result.lacks(ref, Lack("AWS is still deleting the group of this name"))
        else:
            before: Attributes = parse_canonical(found.attributes)
            managed = found.ownership is Ownership.OURS
            made = present_group(design, before, seen[name], managed, about)
            if _told(ref, made, result, waits=not managed):
                found_there[name] = design, made, before, found
    for name, lack in wanted.troubles.items():
        result.lacks(group_ref(scope.name, name), lack)
    _present(found_there, seen, about, Turns(accepted, scope, now), result)
    _others(wanted, accepted, observed, seen, result)
    return Projected(
        projections=result.projections,
        origins=result.origins,
        notes=tuple(sorted(result.notes)),
        left=frozenset(result.left),
        shapings=result.shapings,
        asks=frozenset(result.asks),
        environments=result.environments,
        deletes_end_instances=True,
    )


def trusted_owners(accepted: AcceptedState, scope: LiveScope) -> list[str]:
    """Return whose images may be used: as the settings say, and accounts that share theirs."""
    owners = {
        scope.account if owner == "self" else owner
        for owner in accepted.options.trusted_image_owners
    }
    for ref in accepted.of_kind("Account"):
        spec = accepted.specs[ref]
        if spec.include_amis:
            owners.add(spec.account_number)
    return sorted(owners)


def _told(ref: ResourceRef, made: Wanted, result: _Result, *, waits: bool = True) -> bool:
    """Tell whether it is known what a group is to be; if not, leave it, and say why.

    What lacks is said too; all of the group ``waits`` for it, or only what needs it.
    """
    result.asks |= made.findings.asks
    for remark in made.findings.remarks:
        result.notes.append(Note(NoteCategory.IMAGE, ref, remark))
    if made.findings.asks:
        # The engine reads what is asked for and projects again; this is only ever shown where it does not.
        result.leave(ref, NoteCategory.UNREAD, "has to be looked at more closely first")
        return False
    if made.findings.lacks:
        if waits:
            result.lacks(ref, *made.findings.lacks)
            return False
        result.notes.append(Note.of_lacks(ref, *made.findings.lacks))
    return True


def _new(ref: ResourceRef, design: GroupDesign, about: Circumstances, result: _Result) -> None:
    made = new_group(design, about)
    if _told(ref, made, result):
        result.projections[ref] = _projection(ref, made.attributes, made.owned)
        result.origins[ref] = design.origin
        result.shapings[ref] = created(design, made.attributes)


def _projection(ref: ResourceRef, attributes: Attributes, owned: tuple[str, ...]) -> Projection:
    data = canonical_bytes(attributes)
    return Projection(ref, data, canonical_bytes({"owned": list(owned)}), digest(data))


def _present(
    groups: Mapping[str, tuple[GroupDesign, Wanted, Attributes, Observation]],
    seen: Mapping[str, FoundAttributes],
    about: Circumstances,
    order: Turns,
    result: _Result,
) -> None:
    """Add the groups that exist, once it is known which of them may replace their instances now."""
    candidates = []
    held: dict[str, str] = {}
    for name, (design, made, before, _found) in groups.items():
        changes = repointed(before, made.attributes)
        members = len(seen[name]["lifecycles"])
        behind = members if changes else seen[name]["behind"]
        if behind:
            replaces = design.min_healthy_percent is not None
            held[name] = order.held_because(design, seen[name]) if replaces else ""
            rolls = replaces and not held[name]
            candidates.append(Candidate(name, rolls, behind, changes, seen[name]))
    behind_of = {candidate.name: candidate.behind for candidate in candidates}
    turn_of = turns(candidates, about.known, order.at_once)
    for name, (design, made, before, found) in groups.items():
        ref = found.ref
        turn = turn_of.get(name, Turn.NONE)
        after = made.attributes
        if turn is Turn.UNKNOWN:
            result.asks.add(ask(REFRESH, name))
        after["instancesBehind"] = 0 if turn is Turn.NOW else behind_of.get(name, 0)
        said = _said_of_rollout(turn, name, about.known, order.at_once)
        if held.get(name):
            count = behind_of[name]
            noun = "instance keeps" if count == 1 else "instances keep"
            said = f"{count} {noun} the template before: {held[name]}"
        if said:
            result.notes.append(
                Note(NoteCategory.BLOCKED if turn in STUCK else NoteCategory.ROLLOUT, ref, said)
            )
        if made.marks_lost:
            # Nothing else need differ, but without them each look would have to look closer.
            after["marks"] = AS_APPLIED
        projection = _projection(ref, after, made.owned)
        result.projections[ref] = projection
        result.origins[ref] = design.origin
        if projection.digest != found.digest:
            result.shapings[ref] = updated(design, made, before, seen[name], turn, about)


def _said_of_rollout(turn: Turn, name: str, known: Mapping[str, Any], at_once: int) -> str:
    answer = known.get(ask(REFRESH, name)) or {}
    reason = str(answer.get("reason") or "")
    match turn:
        case Turn.RUNS:
            return f"its instances are being replaced: {answer.get('percent', 0)} % ({answer.get('status')})"
        case Turn.FAILED:
            return (
                f"replacing its instances ended as {answer.get('status')}: {reason.rstrip('.') or 'AWS gives no reason'};"
                " no other group of this scope begins. Correct the template, or remove the tag envctl:refresh to try again"
            )
        case Turn.STOPPED:
            return "its instances are not replaced: another group's failed"
        case Turn.WAITS:
            return f"its instances are replaced when it is its turn ({at_once} groups at a time)"
        case _:
            return ""


def _others(
    wanted: Designs,
    accepted: AcceptedState,
    observed: ObservedState,
    seen: Mapping[str, FoundAttributes],
    result: _Result,
) -> None:
    """Go through the groups that no design wants: those that leave, and those of which it cannot be told."""
    for ref, found in observed.objects.items():
        name = name_in(ref)
        if ref.kind != GROUP or name in wanted.groups or ref in result.left:
            continue
        environment = environment_of(name, seen[name])
        result.environments[ref] = environment
        if environment in wanted.untold:
            why = f"Environment/{environment} cannot be told"
            result.lacks(ref, Lack(why, wanted.untold[environment]))
        elif seen[name]["deleting"]:
            result.leave(ref, NoteCategory.LEAVING, "AWS is deleting it")
        elif found.ownership is Ownership.OURS:
            owner = ResourceRef("Environment", environment)
            if owner in accepted.resources:
                result.origins[ref] = accepted.resources[owner].origin
            result.shapings[ref] = deleted(
                owner, accepted, seen[name], parse_canonical(found.attributes)
            )


def environment_of(name: str, seen: FoundAttributes) -> str:
    """Return the environment a group belongs to: as its tag says, else as its name does."""
    return seen["environment"].removesuffix(" (not given to instances)") or environment_in(name)
