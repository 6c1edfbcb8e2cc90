"""What is said of a change to a group beside its fields: why, and how many instances it touches."""

from controller.model.accepted import AcceptedState
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from controller.ports import Shaping
from controller.targets.group_parts.attributes import Attributes, light_digest, repointed
from controller.targets.group_parts.design import GroupDesign
from controller.targets.group_parts.found import FoundAttributes, ImageMark
from controller.targets.group_parts.rollouts import Turn
from controller.targets.group_parts.wanted import Circumstances, Wanted

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
