"""Scheduled actions of groups: those of a role's scaling schedules, put and taken away so that there is never a moment without any."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from controller.aws.errors import says_not_found
from controller.decisions import tag_keys as our
from controller.errors import RefusedByAws
from controller.kinds.parts.server_role import ScalingSchedule
from controller.model.canonical import digest_of, parse_canonical
from controller.model.plan import Change
from controller.ports import ActResult, LiveActs, LiveReads
from controller.scheduling.meeting import ever_meet
from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.wall_clock import canonical_zone
from controller.targets.group_parts.calls import (
    PUT_TAGS,
    TAKE_TAGS,
    GroupClient,
    carries_our_mark,
    pages,
)
from controller.targets.group_parts.found import SIZE_FIELDS, SIZES
from controller.targets.group_parts.names import name_in

Action = dict[str, Any]
"""``recurrence``, ``timezone``, and what it sets of ``minSize``, ``desiredCapacity``, ``maxSize``; ``endTime`` where it ends, as none of
ours does."""

OURS: Final = "envctl-"
"""Beginning of the names of our actions. The rest is a digest of when it comes: AWS takes one action of a group at a time, so other
sizes at the same time are put over it, and fewer of them in its place. The recurrence is in the name, as changed in place the old
start would stay until it has come."""
OLD: Final = "EM-Scheduled-Action-"
"""Beginning of the names the old product gave; they are replaced where a role's schedules are taken over."""
MOST_PER_GROUP: Final = 125
MOST_PER_CALL: Final = 50
"""Limits of EC2 Auto Scaling."""
UTC: Final = "UTC"
_TAKEN: Final = "AlreadyExists"
"""AWS's word for an action at a time at which another comes."""


def is_replaceable(name: str) -> bool:
    """Tell whether an action of this name is one that we, or the old product, put."""
    return name.startswith((OURS, OLD))


def wanted_actions(schedules: Iterable[ScalingSchedule]) -> dict[str, Action]:
    """Return the actions of a role's schedules, by name."""
    found = {}
    for schedule in schedules:
        sizes = {name: getattr(schedule, field) for name, field in SIZE_FIELDS.items()}
        action: Action = {
            "recurrence": schedule.recurrence,
            "timezone": canonical_zone(schedule.timezone) if schedule.timezone else UTC,
            **{name: size for name, size in sizes.items() if size is not None},
        }
        moment = {name: action[name] for name in ("recurrence", "timezone")}
        found[f"{OURS}{digest_of(moment)[:16]}"] = action
    return dict(sorted(found.items()))


def found_action(item: Mapping[str, Any]) -> Action:
    """Return an action as AWS describes it."""
    return {
        "recurrence": str(item.get("Recurrence") or ""),
        "timezone": str(item.get("TimeZone") or UTC),
        **{name: int(item[key]) for name, key in SIZES.items() if item.get(key) is not None},
        **({"endTime": item["EndTime"].isoformat()} if item.get("EndTime") else {}),
    }


def put_request(name: str, action: Action) -> dict[str, Any]:
    """Return one entry of BatchPutScheduledUpdateGroupAction."""
    return {
        "ScheduledActionName": name,
        "Recurrence": action["recurrence"],
        "TimeZone": action["timezone"],
        **{key: action[name] for name, key in SIZES.items() if name in action},
        **({"EndTime": action["endTime"]} if "endTime" in action else {}),
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
        self._client = GroupClient("scaling-schedules", self._group, acts)
        after = parse_canonical(change.after) if change.after else {}
        self._wanted: dict[str, Action] = after.get("actions", {})
        self._deletes = change.action == "delete"

    def run(self) -> ActResult:
        """Put what is new, a batch at a time and as far as there is room, then take away what is gone, then mark it.

        Where AWS refuses to put an action at a time at which an old one of ours or of the old product comes, that one is taken
        away first, and put back if the new one is refused all the same. So is one of ours that sets sizes the new one leaves.
        """
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
                replaced = self._put(batch, there, gone)
                gone = [name for name in gone if name not in replaced]
                count += sum(name not in there for name in batch) - len(replaced)
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
        (tag,) = self._client.tags({our.SCALING_SCHEDULES: actions_digest(self._wanted)})
        if self._deletes:
            del tag["Value"]
        self._client.tag("tag", [tag], TAKE_TAGS if self._deletes else PUT_TAGS)
        return ActResult(request_id=self._client.request_id)

    def _there(self) -> dict[str, Action] | None:
        """Return the group's actions; None where the group is gone and that is right."""
        found, acts = self._client.described("look at"), self._acts
        if found is None and self._deletes:
            return None
        if found is None:
            raise RefusedByAws(
                f"scaling-schedules: there is no group {self._group} in {acts.scope.name} yet",
                "ValidationError",
                fix="none if the target groups makes it; else set targets.groups to enforce",
            )
        if not carries_our_mark(found, self._group, acts):
            # It was to be taken over before, and was not.
            raise RefusedByAws(
                f"scaling-schedules: {self._group} does not carry our mark, so what it does at times is left as it is",
                "ValidationError",
                fix="set targets.groups to enforce, and take the group over with --adopt",
            )
        return read_actions(acts, self._group).get(self._group, {})

    def _put(
        self, names: Sequence[str], there: Mapping[str, Action], gone: Sequence[str]
    ) -> list[str]:
        """Put actions; return the names of those of ``gone`` that had to be taken away for them."""
        # What an action that is put over does not say stays as it was: one that sets fewer sizes, or an end less, goes just before it comes anew.
        wider = [n for n in names if n in there and there[n].keys() - self._wanted[n].keys()]
        if wider:
            self._delete(wider)
        failed = self._send({name: self._wanted[name] for name in names})
        replaced: list[str] = []
        for place, failure in enumerate(failed):
            name = str(failure.get("ScheduledActionName"))
            meeting = [
                one
                for one in gone
                if one not in replaced and _meet(there[one], self._wanted.get(name, {}))
            ]
            if failure.get("ErrorCode") == _TAKEN and meeting:
                self._delete(meeting)
                again = self._send({name: self._wanted[name]})
            else:
                meeting, again = [], failed
            if again:
                lacking = {str(one.get("ScheduledActionName")) for one in failed[place:]}
                self._send({one: there[one] for one in (*meeting, *lacking.intersection(wider))})
                raise self._refused(again)
            replaced += meeting
        return replaced

    def _send(self, actions: Mapping[str, Action]) -> list[Mapping[str, Any]]:
        """Send actions; return those that AWS refused, as it describes them: of a call that it rejects as a whole one by one."""
        if not actions:
            return []
        try:
            answer = self._client.change(
                "put those of",
                "batch_put_scheduled_update_group_action",
                ScheduledUpdateGroupActions=[put_request(*action) for action in actions.items()],
            )
        except RefusedByAws as error:
            if error.aws_code != _TAKEN:
                raise
            if len(actions) > 1:
                return [failed for name in actions for failed in self._send({name: actions[name]})]
            (name,) = actions
            said = {"ErrorCode": error.aws_code, "ErrorMessage": error.message}
            return [{"ScheduledActionName": name, **said}]
        return list(answer.get("FailedScheduledUpdateGroupActions") or ())

    def _delete(self, names: Sequence[str]) -> None:
        """Take actions away; those that are not there are."""
        what, method = "take away those of", "batch_delete_scheduled_action"
        answer = self._client.change(what, method, ScheduledActionNames=list(names))
        failed = [
            failure
            for failure in answer.get("FailedScheduledActions") or ()
            if not says_not_found(
                "BatchDeleteScheduledAction", str(failure.get("ErrorMessage", ""))
            )
        ]
        if failed:
            raise self._refused(failed)

    def _refused(self, failed: Sequence[Mapping[str, Any]]) -> RefusedByAws:
        """Return the error for what AWS says of single actions of a batch; it is no error of the call."""
        said = "; ".join(
            f"{failure.get('ScheduledActionName')}: {failure.get('ErrorMessage')}"
            for failure in failed[:3]
        )
        return RefusedByAws(
            f"scaling-schedules: AWS refused {len(failed)} scheduled actions of {self._group}: {said}",
            str(failed[0].get("ErrorCode") or ""),
        )


def _meet(one: Action, other: Action) -> bool:
    """Tell whether two actions come at one moment, now or then; one without a recurrence comes once."""
    if not (one.get("recurrence") and other.get("recurrence")):
        return False
    try:
        return ever_meet(
            (one["recurrence"], one["timezone"]), (other["recurrence"], other["timezone"])
        )
    except InvalidSchedule:
        # AWS takes forms that no role can say.
        return True
