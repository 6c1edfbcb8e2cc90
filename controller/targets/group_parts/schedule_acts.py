"""Puts and takes away scheduled actions of one group, so that there is never a moment without any."""

from collections.abc import Mapping, Sequence
from typing import Any

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors, says_not_found
from controller.decisions import tag_keys as our
from controller.errors import RefusedByAws
from controller.model.canonical import parse_canonical
from controller.model.plan import Change
from controller.ports import ActResult, LiveActs, LiveReads
from controller.targets.group_parts.found import group_mark_id
from controller.targets.group_parts.names import name_in
from controller.targets.group_parts.references import pages
from controller.targets.group_parts.scheduled_actions import (
    MOST_PER_CALL,
    MOST_PER_GROUP,
    Action,
    actions_digest,
    found_action,
    is_replaceable,
    put_request,
)


def read_actions(reads: LiveReads, group: str = "") -> dict[str, dict[str, Action]]:
    """Return the scheduled actions of one group, or of all: group -> name -> action. Raises as any call."""
    request = {"AutoScalingGroupName": group} if group else {}
    found: dict[str, dict[str, Action]] = {}
    for item in pages(
        reads.client("autoscaling"),
        "describe_scheduled_actions",
        "ScheduledUpdateGroupActions",
        "read scheduled actions",
        **request,
    ):
        actions = found.setdefault(str(item["AutoScalingGroupName"]), {})
        actions[str(item["ScheduledActionName"])] = found_action(item)
    return found


def put_actions(change: Change, acts: LiveActs) -> ActResult:
    """Bring the scheduled actions of a group to what the change says. Others' actions are left.

    Raises RefusedByAws for actions that AWS does not take, and as any call.
    """
    return _ScheduleActs(change, acts).run()


class _ScheduleActs:
    """What is done to the scheduled actions of one group."""

    def __init__(self, change: Change, acts: LiveActs) -> None:
        self._acts = acts
        self._group = name_in(change.ref)
        self._client = acts.client("autoscaling")
        self._place = place_of(self._client)
        after = parse_canonical(change.after) if change.after else {}
        self._wanted: dict[str, Action] = after.get("actions", {})
        self._deletes = change.action == "delete"
        self._request_id = ""

    def run(self) -> ActResult:
        """Put what is new, a batch at a time and as far as there is room, then take away what is gone, then mark it."""
        there = self._there()
        if there is None:
            # Scheduled actions go with their group.
            return ActResult()
        new = [name for name, action in self._wanted.items() if there.get(name) != action]
        gone = [name for name in there if is_replaceable(name) and name not in self._wanted]
        count = len(there)
        while new or gone:
            overwritten = sum(name in there for name in new[:MOST_PER_CALL])
            room = min(MOST_PER_CALL, MOST_PER_GROUP - count + overwritten)
            batch, new = new[: max(room, 0)], new[max(room, 0) :]
            if batch:
                self._put(batch)
                count += sum(name not in there for name in batch)
            elif not gone:
                raise RefusedByAws(
                    f"scaling-schedules: {self._group} has {count} scheduled actions, those of others among them; AWS"
                    f" takes {MOST_PER_GROUP}",
                    "LimitExceeded",
                    fix="delete those nobody needs",
                )
            if gone and (not new or not batch):
                batch, gone = gone[:MOST_PER_CALL], gone[MOST_PER_CALL:]
                self._delete(batch)
                count -= len(batch)
        self._mark()
        return ActResult(request_id=self._request_id)

    def _there(self) -> dict[str, Action] | None:
        """Return the group's actions; None where the group is gone and that is right."""
        with aws_errors(f"scaling-schedules: look at {self._group}", self._place):
            answer = self._client.describe_auto_scaling_groups(AutoScalingGroupNames=[self._group])
        groups = answer.get("AutoScalingGroups")
        if groups:
            self._refuse_of_others(
                {tag["Key"]: tag["Value"] for tag in groups[0].get("Tags") or ()}
            )
            return read_actions(self._acts, self._group).get(self._group, {})
        if self._deletes:
            return None
        raise RefusedByAws(
            f"scaling-schedules: there is no group {self._group} in {self._acts.scope.name} yet",
            "ValidationError",
            fix="none if the target groups makes it; else set targets.groups to enforce",
        )

    def _refuse_of_others(self, tags: Mapping[str, str]) -> None:
        """Raise RefusedByAws for a group that was to be taken over before, and was not."""
        acts = self._acts
        if tags.get(our.ID) != group_mark_id(acts.installation, acts.scope.name, self._group):
            raise RefusedByAws(
                f"scaling-schedules: {self._group} does not carry our mark, so what it does at times is left as it is",
                "ValidationError",
                fix="set targets.groups to enforce, and take the group over with --adopt",
            )

    def _put(self, names: Sequence[str]) -> None:
        self._acts.check()
        with aws_errors(f"scaling-schedules: put those of {self._group}", self._place):
            answer = self._client.batch_put_scheduled_update_group_action(
                AutoScalingGroupName=self._group,
                ScheduledUpdateGroupActions=[
                    put_request(name, self._wanted[name]) for name in names
                ],
            )
        self._took(answer, "FailedScheduledUpdateGroupActions")

    def _delete(self, names: Sequence[str]) -> None:
        self._acts.check()
        with aws_errors(f"scaling-schedules: take away those of {self._group}", self._place):
            answer = self._client.batch_delete_scheduled_action(
                AutoScalingGroupName=self._group, ScheduledActionNames=list(names)
            )
        self._took(answer, "FailedScheduledActions", "BatchDeleteScheduledAction")

    def _took(self, answer: Mapping[str, Any], key: str, deletes: str = "") -> None:
        """Make sure that AWS took all of a batch; what it says of the single ones is no error of the call.

        Of an operation that ``deletes`` what is not there is done.
        """
        self._request_id = str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
        failed = [
            one
            for one in answer.get(key) or ()
            if not says_not_found(deletes, str(one.get("ErrorMessage", "")))
        ]
        if failed:
            said = "; ".join(
                f"{one.get('ScheduledActionName')}: {one.get('ErrorMessage')}" for one in failed[:3]
            )
            raise RefusedByAws(
                f"scaling-schedules: AWS refused {len(failed)} scheduled actions of {self._group}: {said}",
                str(failed[0].get("ErrorCode") or ""),
            )

    def _mark(self) -> None:
        tag: dict[str, Any] = {
            "ResourceId": self._group,
            "ResourceType": "auto-scaling-group",
            "Key": our.SCALING_SCHEDULES,
            "PropagateAtLaunch": False,
        }
        self._acts.check()
        with aws_errors(f"scaling-schedules: tag {self._group}", self._place):
            if self._deletes:
                self._client.delete_tags(Tags=[tag])
            else:
                tag["Value"] = actions_digest(self._wanted)
                self._client.create_or_update_tags(Tags=[tag])
