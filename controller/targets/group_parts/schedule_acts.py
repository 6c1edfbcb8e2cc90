"""Scheduled actions of groups: those of a role's scaling schedules, put and taken away so that there is never a moment without any."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors, says_not_found
from controller.decisions import tag_keys as our
from controller.errors import RefusedByAws
from controller.kinds.parts.server_role import ScalingSchedule
from controller.model.canonical import digest_of, parse_canonical
from controller.model.plan import Change
from controller.ports import ActResult, LiveActs, LiveReads
from controller.scheduling.wall_clock import canonical_zone
from controller.targets.group_parts.found import group_mark_id
from controller.targets.group_parts.names import name_in
from controller.targets.group_parts.references import pages

Action = dict[str, Any]
"""``recurrence``, ``timezone``, and what it sets of ``minSize``, ``desiredCapacity``, ``maxSize``."""

OURS: Final = "envctl-"
"""Beginning of the names of our actions. The rest is a digest of what the action does: another wish is another action, so
a new one can be put before the old one is taken away."""
OLD: Final = "EM-Scheduled-Action-"
"""Beginning of the names the old product gave; they are replaced where a role's schedules are taken over."""
MOST_PER_GROUP: Final = 125
MOST_PER_CALL: Final = 50
"""Limits of EC2 Auto Scaling."""
UTC: Final = "UTC"

SIZES: Final = {"minSize": "MinSize", "desiredCapacity": "DesiredCapacity", "maxSize": "MaxSize"}
"""Attribute -> name in AWS's requests."""


def is_replaceable(name: str) -> bool:
    """Tell whether an action of this name is one that we, or the old product, put."""
    return name.startswith((OURS, OLD))


def wanted_actions(schedules: Iterable[ScalingSchedule]) -> dict[str, Action]:
    """Return the actions of a role's schedules, by name."""
    found = {}
    for schedule in schedules:
        sizes = {
            "minSize": schedule.min_capacity,
            "desiredCapacity": schedule.desired_capacity,
            "maxSize": schedule.max_capacity,
        }
        action: Action = {
            "recurrence": schedule.recurrence,
            "timezone": canonical_zone(schedule.timezone) if schedule.timezone else UTC,
            **{name: size for name, size in sizes.items() if size is not None},
        }
        found[f"{OURS}{digest_of(action)[:16]}"] = action
    return dict(sorted(found.items()))


def found_action(item: Mapping[str, Any]) -> Action:
    """Return an action as AWS describes it."""
    return {
        "recurrence": str(item.get("Recurrence") or ""),
        "timezone": str(item.get("TimeZone") or UTC),
        **{name: int(item[key]) for name, key in SIZES.items() if item.get(key) is not None},
    }


def put_request(name: str, action: Action) -> dict[str, Any]:
    """Return one entry of BatchPutScheduledUpdateGroupAction."""
    return {
        "ScheduledActionName": name,
        "Recurrence": action["recurrence"],
        "TimeZone": action["timezone"],
        **{key: action[name] for name, key in SIZES.items() if name in action},
    }


def actions_digest(actions: Mapping[str, Action]) -> str:
    """Digest of the actions of a group, for its mark."""
    return digest_of(actions)[:32]


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
            failure
            for failure in answer.get(key) or ()
            if not says_not_found(deletes, str(failure.get("ErrorMessage", "")))
        ]
        if failed:
            said = "; ".join(
                f"{failure.get('ScheduledActionName')}: {failure.get('ErrorMessage')}"
                for failure in failed[:3]
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
