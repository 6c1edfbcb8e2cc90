"""Auto-scaling groups: one for each environment and role, or slice of a role, as the accepted documents say.

From designs and what was found to what is to change: pure, and only as much as the look allows to say. Of a change it is
said, beside its fields, why, and how many instances it touches.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from controller.decisions.tag_keys import written_keys
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes, digest, parse_canonical
from controller.model.live import LiveLook, LiveScope
from controller.model.observed import Observation, ObservedState, Ownership
from controller.model.plan import Cause, Change, Lack, Note, NoteCategory
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Projection
from controller.ports import ActResult, LiveActs, Projected, Shaping
from controller.scheduling.group_sizes import STANDING_BY
from controller.targets.group_parts.applied_fields import (
    UNKNOWN,
    Parts,
    applied_parts,
    changed_fields,
    deep_parts,
    given_parts,
    marks_of,
    parts_of,
    told_apart,
)
from controller.targets.group_parts.deleting import delete_group, still_drains
from controller.targets.group_parts.designs import designs
from controller.targets.group_parts.found import (
    AS_APPLIED,
    SIZES,
    Attributes,
    FoundAttributes,
    ImageMark,
    repointed,
)
from controller.targets.group_parts.images import Trust
from controller.targets.group_parts.launched_from import LEFT_AS_IT_IS
from controller.targets.group_parts.making import GroupActs
from controller.targets.group_parts.names import (
    GROUP,
    REFRESH,
    ask,
    environment_in,
    group_ref,
    name_in,
)
from controller.targets.group_parts.observe import answer_groups, observe_groups
from controller.targets.group_parts.role_design import GroupDesign
from controller.targets.group_parts.rollouts import (
    STUCK,
    Candidate,
    Turn,
    Turns,
    rollout_text,
    turns,
)
from controller.targets.group_parts.shortfall import shortfall
from controller.targets.group_parts.wanted import (
    Circumstances,
    Wanted,
    new_group,
    present_group,
)
from controller.targets.group_parts.wanted_sizes import without_instances

OUTSIDE = "changed outside envctl"
_NONE: Final[Mapping[str, str]] = {}
Present = tuple[GroupDesign, Wanted, Attributes, Observation]
"""A group that exists: what is wanted of it, what it is to be, and how it was found."""


class Groups:
    """The target ``groups``."""

    name = "groups"
    kinds = (GROUP,)
    summary = "Auto-scaling groups with their launch templates, one for each environment and role or slice."

    observe = staticmethod(observe_groups)
    answer = staticmethod(answer_groups)

    def project(
        self, accepted: AcceptedState, look: LiveLook, observed: ObservedState, now: datetime
    ) -> Projected:
        """Say what groups there should be."""
        return _Projection(accepted, look.scope, observed, now).projected()

    def act(self, change: Change, acts: LiveActs) -> ActResult:
        """Make, change or delete one group."""
        if change.action == "delete":
            return delete_group(change, acts)
        doing = GroupActs(change, acts)
        return doing.create() if change.action == "create" else doing.update()


class _Projection:
    """One scope, on the way to what is projected."""

    def __init__(
        self, accepted: AcceptedState, scope: LiveScope, observed: ObservedState, now: datetime
    ) -> None:
        self._accepted, self._scope, self._observed = accepted, scope, observed
        self._designs = designs(accepted, scope)
        self._about = Circumstances(
            now=now,
            known=observed.facts.get("known", {}),
            trust=Trust(tuple(trusted_owners(accepted, scope))),
            closely=bool(observed.facts.get("deep")),
            keys=written_keys(accepted.options.tag_keys),
        )
        self._seen: Mapping[str, FoundAttributes] = observed.facts.get("groups", {})
        self._order = Turns(accepted, scope, now)
        self._projections: dict[ResourceRef, Projection] = {}
        self._origins: dict[ResourceRef, Origin] = {}
        self._notes: list[Note] = []
        self._left: set[ResourceRef] = set()
        self._shapings: dict[ResourceRef, Shaping] = {}
        self._asks: set[str] = set()
        self._environments: dict[ResourceRef, str] = {}
        self._emptied: set[ResourceRef] = set()

    def projected(self) -> Projected:
        present: dict[str, Present] = {}
        for name, design in self._designs.groups.items():
            ref = group_ref(self._scope.name, name)
            self._environments[ref] = design.environment
            found = self._observed.objects.get(ref)
            if found is None:
                self._new(ref, design)
            elif self._seen[name]["deleting"]:
                self._lacks(ref, Lack("AWS is still deleting the group of this name"))
            elif self._seen[name].get("mixed"):
                self._lacks(ref, LEFT_AS_IT_IS)
            else:
                before: Attributes = parse_canonical(found.attributes)
                managed = found.ownership is Ownership.OURS
                made = present_group(design, before, self._seen[name], managed, self._about)
                if self._told(ref, made, waits=not managed):
                    present[name] = design, made, before, found
        for name, lack in self._designs.troubles.items():
            self._lacks(group_ref(self._scope.name, name), lack)
        self._present(present)
        self._others()
        return Projected(
            projections=self._projections,
            origins=self._origins,
            notes=tuple(sorted(self._notes)),
            left=frozenset(self._left),
            shapings=self._shapings,
            asks=frozenset(self._asks),
            environments=self._environments,
            deletes_end_instances=True,
            emptied=frozenset(self._emptied),
        )

    def _lacks(self, ref: ResourceRef, *lacks: Lack) -> None:
        """Leave an object as it is for what it lacks."""
        self._left.add(ref)
        self._notes.append(Note.of_lacks(ref, *lacks))

    def _told(self, ref: ResourceRef, made: Wanted, *, waits: bool = True) -> bool:
        """Tell whether it is known what a group is to be; if not, leave it, and say why.

        What lacks is said too; all of the group ``waits`` for it, or only what needs it.
        """
        findings = made.findings
        self._asks |= findings.asks
        self._notes += (Note(NoteCategory.IMAGE, ref, remark) for remark in findings.remarks)
        if findings.asks:
            # The engine reads what is asked for and projects again; this is only ever shown where it does not.
            text = "has to be looked at more closely first"
            self._notes.append(Note(NoteCategory.UNREAD, ref, text))
        elif findings.lacks:
            self._notes.append(Note.of_lacks(ref, *findings.lacks))
        if findings.asks or (findings.lacks and waits):
            self._left.add(ref)
            return False
        return True

    def _project(
        self, ref: ResourceRef, design: GroupDesign, made: Wanted, marks: Mapping[str, str] = _NONE
    ) -> Projection:
        data = canonical_bytes(made.attributes)
        extra = canonical_bytes({"owned": made.owned, **({"marks": marks} if marks else {})})
        self._projections[ref] = Projection(ref, data, extra, digest(data))
        self._origins[ref] = design.origin
        return self._projections[ref]

    def _new(self, ref: ResourceRef, design: GroupDesign) -> None:
        made = new_group(design, self._about)
        if not self._told(ref, made):
            return
        keys = self._about.keys
        given, parts = given_parts(design, keys), parts_of(made.attributes, keys)
        # Sizes of a group that begins without instances are applied when it is first on.
        later = {name: UNKNOWN for name in SIZES if name in given and given[name] != parts[name]}
        self._project(
            ref, design, made, marks_of(design, made.attributes, later, keys, waits=False)
        )
        launched = int(made.attributes["desiredCapacity"])
        off = not launched and design.sizes.desired
        self._shapings[ref] = Shaping(
            because=without_instances(design) if off else None,
            effects={"launched": launched} if launched else None,
        )

    def _present(self, groups: Mapping[str, Present]) -> None:
        """Add the groups that exist, once it is known which of them may replace their instances now."""
        candidates: dict[str, Candidate] = {}
        held: dict[str, str] = {}
        for name, (design, made, before, _) in groups.items():
            seen, changes = self._seen[name], repointed(before, made.attributes)
            if behind := len(seen["lifecycles"]) if changes else seen["behind"]:
                replaces = design.min_healthy_percent is not None
                held[name] = self._order.held_because(design, seen) if replaces else ""
                rolls = replaces and not held[name]
                candidates[name] = Candidate(name, rolls, behind, changes, seen)
        turn_of = turns(candidates.values(), self._about.known, self._order.at_once)
        for name, (design, made, before, found) in groups.items():
            ref, turn = found.ref, turn_of.get(name, Turn.NONE)
            if turn is not Turn.RUNS:
                short, asks = shortfall(found, self._seen[name], before, self._about.known)
                self._notes += short
                self._asks |= asks
            behind = candidates[name].behind if name in candidates else 0
            if turn is Turn.UNKNOWN:
                self._asks.add(ask(REFRESH, name))
            made.attributes["instancesBehind"] = 0 if turn is Turn.NOW else behind
            text = rollout_text(turn, name, self._about.known, self._order.at_once)
            if held.get(name):
                noun = "instance keeps" if behind == 1 else "instances keep"
                text = f"{behind} {noun} the template before: {held[name]}"
            if text:
                category = NoteCategory.BLOCKED if turn in STUCK else NoteCategory.ROLLOUT
                self._notes.append(Note(category, ref, text))
            if made.marks_lost:
                # Nothing else need differ, but without them each look would have to look closer.
                made.attributes["marks"] = AS_APPLIED
            in_order = self._project(ref, design, made).digest == found.digest
            managed = found.ownership is Ownership.OURS
            if not (in_order and managed):
                # Only who changes needs them, and most often nothing does.
                applied = self._applied(design, made)
                self._project(ref, design, made, self._marks(design, made, applied))
                if not in_order:
                    replaced = behind if turn is Turn.NOW else 0
                    why = self._why(design, made, before, applied) if managed else (None, "")
                    self._shapings[ref] = self._updated(design, made, before, replaced, why)
                    if before["desiredCapacity"] and not made.attributes["desiredCapacity"]:
                        # While a schedule wants it off its sizes are left, so it is no schedule that says so.
                        self._emptied.add(ref)

    def _given(self, design: GroupDesign, made: Wanted) -> Parts:
        return {**given_parts(design, self._about.keys), **deep_parts(made.attributes)}

    def _applied(self, design: GroupDesign, made: Wanted) -> Parts:
        """Return what the marks of a group that exists say it was last given."""
        given, seen = self._given(design, made), self._seen[design.name]
        return applied_parts(design, seen, given, self._about.keys, same_wish=made.same_wish)

    def _marks(self, design: GroupDesign, made: Wanted, applied: Parts) -> Mapping[str, str]:
        """Return the marks a group that exists is to have: of what is not applied now they say what was last."""
        waits = bool(made.findings.lacks)
        left = [name for name in SIZES if name not in made.owned] + ["subnets"] * waits
        given = given_parts(design, self._about.keys)
        kept = {name: applied[name] for name in left if name in given}
        return marks_of(design, made.attributes, kept, self._about.keys, waits=waits)

    def _updated(
        self,
        design: GroupDesign,
        made: Wanted,
        before: Attributes,
        replaced: int,
        why: tuple[Cause | None, str],
    ) -> Shaping:
        """Return what is said of a change of a group that exists."""
        after = made.attributes
        effects: dict[str, int] = {}
        grown = int(after["desiredCapacity"]) - int(before["desiredCapacity"])
        if grown:
            effects["launched" if grown > 0 else "ended"] = abs(grown)
        cause, because = why
        rollout = ""
        if replaced:
            effects["replaced"] = replaced
            rollout = f"instance refresh, at least {design.min_healthy_percent} % healthy"
        elif (
            after["instancesBehind"] > before["instancesBehind"]
            and design.min_healthy_percent is None
        ):
            rollout = "instances that run keep what they have (rollout: none)"
        text = "; ".join(filter(None, (because, rollout)))
        return Shaping(cause=cause, because=text or None, effects=effects or None)

    def _why(
        self, design: GroupDesign, made: Wanted, before: Attributes, applied: Parts
    ) -> tuple[Cause | None, str]:
        """Return why a group of ours changes; no cause for what planning says itself (an edit).

        The marks keep what was last given: what is given as then but found otherwise is drift.
        """
        after, keys, seen = made.attributes, self._about.keys, self._seen[design.name]
        if made.marks_lost or not seen["digest"]:
            return Cause.DRIFTED, "marks lost"
        changed = changed_fields(before, after, keys)
        if changed == ["instancesBehind"]:
            return Cause.EDITED, "the changed template reaches the instances that run"
        found = parts_of(before, keys)
        if any(lifecycle in STANDING_BY for lifecycle in seen["lifecycles"]):
            # For them a group has less than its documents give, of all but the maximum.
            found = {**found, **{name: applied[name] for name in SIZES if name != "maxSize"}}
        fields = _by_themselves(changed, made)
        told = told_apart(fields, applied, self._given(design, made), found)
        outside = ", ".join(told.drifted)
        also = f"also changed outside envctl: {outside}" if outside else ""
        mark = ImageMark.parse(seen["image"])
        wish = after.get("ami")
        if mark is not None and mark.wish == wish and mark.id != after.get("imageId", mark.id):
            latest = f"{after['imageId']} is the latest stable {wish}"
            return Cause.IMAGE, "; ".join(filter(None, (latest, also)))
        return (None, also) if told.edited else (Cause.DRIFTED, OUTSIDE)

    def _others(self) -> None:
        """Go through the groups that no design wants: those that leave, and those of which it cannot be told."""
        for ref, found in self._observed.objects.items():
            name = name_in(ref)
            if ref.kind != GROUP or name in self._designs.groups or ref in self._left:
                continue
            seen = self._seen[name]
            # As its tag says, else as its name does.
            tag = seen["environment"].removesuffix(" (not given to instances)")
            environment = self._environments[ref] = tag or environment_in(name)
            if environment in self._designs.untold:
                why = f"Environment/{environment} cannot be told"
                self._lacks(ref, Lack(why, self._designs.untold[environment]))
            elif seen["deleting"]:
                self._left.add(ref)
                self._notes.append(Note(NoteCategory.LEAVING, ref, "AWS is deleting it"))
            elif found.ownership is Ownership.OURS and still_drains(seen, self._about.now):
                self._left.add(ref)
                until = f"its instances drain, until {seen['drains_until']} at the latest"
                self._notes.append(Note(NoteCategory.LEAVING, ref, until))
            elif found.ownership is Ownership.OURS:
                owner = ResourceRef("Environment", environment)
                if owner in self._accepted.resources:
                    self._origins[ref] = self._accepted.resources[owner].origin
                self._shapings[ref] = self._deleted(owner, seen, parse_canonical(found.attributes))

    def _deleted(
        self, environment: ResourceRef, seen: FoundAttributes, attributes: Attributes
    ) -> Shaping:
        """Return what is said of a group that is deleted: why, how many instances it ends, and what stays behind."""
        members = len(seen["lifecycles"])
        role = attributes["tags"].get("Role", "")
        spec = self._accepted.specs.get(environment)
        why = "gone" if spec is None else "without this role"
        if spec is not None and spec.lifecycle == "retired":
            why = "retired"
        text = f"{environment} is {why}"
        if role:
            text += f"; stays behind: Consul environments/{environment.key}/roles/{role}"
        return Shaping(because=text, effects={"ended": members} if members else None)


def _by_themselves(changed: Collection[str], made: Wanted) -> list[str]:
    """Return the fields that do not only differ because others do.

    Instances are behind where the template changes; AWS moves a desired capacity that is not ours into new bounds.
    """
    follow = {"instancesBehind"}
    if "desiredCapacity" not in made.owned and {"minSize", "maxSize"} & set(changed):
        follow.add("desiredCapacity")
    return [name for name in changed if name not in follow]


def trusted_owners(accepted: AcceptedState, scope: LiveScope) -> list[str]:
    """Return whose images may be used: as the settings say, and accounts that share theirs, as applied last too."""
    owners = {
        scope.account if owner == "self" else owner
        for owner in accepted.options.trusted_image_owners
    }
    sharing = (
        {
            spec.account_number
            for spec in map(state.specs.__getitem__, state.of_kind("Account"))
            if spec.include_amis
        }
        for state in accepted.both
    )
    return sorted(owners.union(set.intersection(*sharing)))


TARGET = Groups()
