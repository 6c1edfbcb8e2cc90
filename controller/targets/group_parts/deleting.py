"""Deletes groups: drained first, so that the hooks of their instances run. Only ours, and only after planning has said yes.

A group with members that serve is given no sizes, and marked with the time they may take. Whoever looks next deletes it without
force once they are gone, and with force, which waits for no hook, once that time is over.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from controller.aws.errors import NotFound
from controller.decisions import tag_keys as our
from controller.errors import Conflict, RefusedByAws
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.plan import Change
from controller.ports import ActResult, LiveActs
from controller.scheduling.group_sizes import STANDING_BY
from controller.targets.group_parts.calls import GroupClient, carries_our_mark
from controller.targets.group_parts.found import SIZES, FoundAttributes
from controller.targets.group_parts.launch_templates import delete_template
from controller.targets.group_parts.making import LOOK_AGAIN_S
from controller.targets.group_parts.names import name_in

TO_END: Final = timedelta(minutes=5)
"""What AWS takes to end an instance besides its hooks."""
_NEVER: Final = "prevent-all-deletion"
_UNDER_WAY: Final = frozenset({"ResourceInUse", "ScalingActivityInProgress"})


def still_drains(seen: FoundAttributes, now: datetime) -> bool:
    """Tell whether a group that leaves has members that may still take their time."""
    until = _time(seen["drains_until"])
    return until is not None and now < until and _serve(seen["lifecycles"])


def delete_group(change: Change, acts: LiveActs) -> ActResult:
    """Delete a group with its instances, once they have drained, then its launch template. One that is gone already is success.

    Raises Conflict if the group does not carry our mark any more, RefusedByAws if it has deletion protection, before any of its
    instances ends, and as any call.
    """
    name = name_in(change.ref)
    client = GroupClient("groups", name, acts)
    found = client.described("delete")
    if found is not None and not carries_our_mark(found, name, acts):
        raise Conflict(
            f"groups: {name} does not carry our mark any more, so it is not deleted ({acts.scope.name})",
            fix="plan again",
        )
    if found is not None and found.get("DeletionProtection") == _NEVER:
        raise RefusedByAws(
            f"groups: {name} has deletion protection ({_NEVER}): it is left with its instances ({acts.scope.name})",
            "ValidationError",
            fix="set its deletion protection to none, or let its environment stay",
        )
    if found is not None and not found.get("Status"):
        until = _drained_by(found)
        if until is None and _serves(found):
            until = _drain(client, acts)
            found = client.described("look again at")
        if found is not None and not _deleted(client, found, until, acts.now()):
            drains = f"its instances drain, until {_text(until)} at the latest" if until else ""
            sizes = dict.fromkeys(SIZES, 0)
            after = canonical_bytes({**parse_canonical(change.before or b"{}"), **sizes})
            return ActResult(
                request_id=client.request_id,
                look_again_s=LOOK_AGAIN_S,
                after=after,
                message=drains,
            )
    delete_template(name, acts)
    return ActResult(
        request_id=client.request_id, look_again_s=None if found is None else LOOK_AGAIN_S
    )


def _drain(client: GroupClient, acts: LiveActs) -> datetime:
    """Let the members of a group end; return until when they may take."""
    until = acts.now() + timedelta(seconds=client.longest_hook_s()) + TO_END
    client.tag("mark as draining", client.tags({our.DRAINING: _text(until)}))
    client.change("drain", "update_auto_scaling_group", **dict.fromkeys(SIZES.values(), 0))
    return until


def _deleted(
    client: GroupClient, found: Mapping[str, Any], until: datetime | None, now: datetime
) -> bool:
    """Delete a group unless it drains; tell whether that was done."""
    over = until is None or until <= now
    if _serves(found) and not over:
        return False
    may_force = found.get("DeletionProtection") in (None, "none")
    by_force = (over and may_force) or bool(found.get("Instances"))
    try:
        with suppress(NotFound):
            client.change("delete", "delete_auto_scaling_group", ForceDelete=by_force)
    except RefusedByAws as error:
        if by_force or error.aws_code not in _UNDER_WAY:
            raise
        return False
    return True


def _drained_by(found: Mapping[str, Any]) -> datetime | None:
    """Return until when a group may drain; None if it does not. One that was given sizes since has not begun."""
    tags = {tag["Key"]: str(tag.get("Value") or "") for tag in found.get("Tags") or ()}
    return None if found.get("MaxSize") else _time(tags.get(our.DRAINING, ""))


def _serves(found: Mapping[str, Any]) -> bool:
    return _serve([str(one["LifecycleState"]) for one in found.get("Instances") or ()])


def _serve(lifecycles: list[str]) -> bool:
    """Tell whether a member is not in standby: those that are have nothing to drain."""
    return any(one not in STANDING_BY for one in lifecycles)


def _text(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _time(text: str) -> datetime | None:
    """Read the mark; None if it is none, or somebody wrote another thing there."""
    with suppress(ValueError):
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return None
