"""Deletes groups, which ends their instances: only ours, and only after planning has said yes."""

from typing import Any

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.decisions import tag_keys as our
from controller.errors import Conflict
from controller.model.plan import Change
from controller.ports import ActResult, LiveActs
from controller.targets.group_parts.found import group_mark_id
from controller.targets.group_parts.launch_templates import delete_template
from controller.targets.group_parts.making import LOOK_AGAIN_S
from controller.targets.group_parts.names import name_in


def delete_group(change: Change, acts: LiveActs) -> ActResult:
    """Delete a group with its instances, then its launch template. One that is gone already is success.

    Raises Conflict if the group does not carry our mark any more, and as any call.
    """
    name = name_in(change.ref)
    client = acts.client("autoscaling")
    place = place_of(client)
    what = f"groups: delete {name}"
    with aws_errors(what, place):
        answer = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    found = answer.get("AutoScalingGroups") or ()
    request_id = ""
    if found:
        _must_be_ours(found[0], name, acts)
        if not found[0].get("Status"):
            acts.check()
            request_id = _delete(client, name, what)
    delete_template(name, acts)
    return ActResult(request_id=request_id, look_again_s=LOOK_AGAIN_S if found else None)


def _must_be_ours(found: dict[str, Any], name: str, acts: LiveActs) -> None:
    carried = {str(tag["Key"]): str(tag.get("Value", "")) for tag in found.get("Tags") or ()}
    if carried.get(our.ID) != group_mark_id(acts.installation, acts.scope.name, name):
        raise Conflict(
            f"groups: {name} does not carry our mark any more, so it is not deleted ({acts.scope.name})",
            fix="plan again",
        )


def _delete(client: Any, name: str, what: str) -> str:
    try:
        with aws_errors(what, place_of(client)):
            answer = client.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    except NotFound:
        return ""
    return str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
