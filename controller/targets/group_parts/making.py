"""Makes groups, changes and deletes them, as a change says: absolutely, so that doing it twice is doing it once.

Deleting ends instances: only ours, and only after planning has said yes.
"""

from collections.abc import Mapping
from contextlib import contextmanager, suppress
from typing import Any

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.decisions import tag_keys as our
from controller.decisions.tag_keys import written_keys
from controller.errors import Conflict, RefusedByAws
from controller.model.canonical import parse_canonical
from controller.model.plan import Change
from controller.ports import ActResult, LiveActs
from controller.targets.group_parts.found import (
    SCHEDULE_TAG,
    Attributes,
    ImageMark,
    deep_digest,
    group_mark_id,
    is_deep,
    light_digest,
    repointed,
)
from controller.targets.group_parts.launch_templates import Pointer, delete_template, put_template
from controller.targets.group_parts.names import name_in
from controller.targets.group_parts.observe import HOOK
from controller.targets.group_parts.wanted import without_note

LOOK_AGAIN_S = 30.0
"""After which a group whose instances come, go or are replaced is worth a look."""


class GroupActs:
    """What is done to one group."""

    def __init__(self, change: Change, acts: LiveActs) -> None:
        """Take the change and the scope."""
        self._acts = acts
        self._name = name_in(change.ref)
        self._before: Attributes | None = parse_canonical(change.before) if change.before else None
        self._after: Attributes = parse_canonical(change.after or b"{}")
        self._owned = tuple(parse_canonical(change.extra).get("owned", ()))
        self._scaling = acts.client("autoscaling")
        self._place = place_of(self._scaling)
        self._schedule_key = written_keys(acts.options.tag_keys).get("Schedule", "")
        self.request_id = ""

    def create(self) -> ActResult:
        """Make the group. One that is there already and carries our mark was made by an earlier try."""
        pointer = put_template(self._name, self._after, self._acts)
        marks = self._marks(pointer)
        more = self._after["terminationDelay"] or self._after["notifications"]
        if more:
            # Not before these are there too.
            del marks[our.DEEP]
        request = {
            "LaunchTemplate": pointer.specification(),
            "VPCZoneIdentifier": ",".join(self._after["subnets"]),
            "Tags": [*self._tags(self._after["tags"]), *self._tags(marks, propagate=False)],
            **self._sizes(),
        }
        self._acts.check()
        try:
            self._send("make the group", "create_auto_scaling_group", **request)
        except RefusedByAws as error:
            if error.aws_code != "AlreadyExists" or not self._is_there():
                raise
            self._update(pointer)
        self._put_hook(before=0)
        self._put_notifications(before={})
        if more:
            self._put_tags(self._after["tags"], pointer)
        return ActResult(request_id=self.request_id, look_again_s=self._worth_a_look(0))

    def update(self) -> ActResult:
        """Bring the group to what it should be."""
        assert self._before is not None, "an update has a before"
        turned = repointed(self._before, self._after)
        pointer = put_template(self._name, self._after, self._acts) if turned else None
        self._acts.check()
        self._update(pointer)
        if is_deep(self._after):
            self._put_hook(self._before["terminationDelay"])
            self._put_notifications(self._before["notifications"])
        self._put_tags(self._before["tags"], pointer)
        message = self._refresh(pointer, turned=turned)
        again = self._worth_a_look(int(self._before["desiredCapacity"]))
        return ActResult(request_id=self.request_id, look_again_s=again, message=message)

    def _update(self, pointer: Pointer | None) -> None:
        """Send sizes, subnets and template in one call."""
        request: dict[str, Any] = {}
        before = self._before or {}
        changed = {name for name in self._after if before.get(name) != self._after[name]}
        if pointer is not None:
            request["LaunchTemplate"] = pointer.specification()
        if "subnets" in changed:
            request["VPCZoneIdentifier"] = ",".join(self._after["subnets"])
        sizes = {"minSize", "desiredCapacity", "maxSize"} & changed
        request |= {
            key: size
            for key, size in self._sizes().items()
            if f"{key[0].lower()}{key[1:]}" in sizes
        }
        if request:
            self._send("change the group", "update_auto_scaling_group", **request)

    def _put_tags(self, before: Mapping[str, str], pointer: Pointer | None) -> None:
        """Put tags and marks: the marks say what has been done, so they come last."""
        wanted = {
            key: value for key, value in self._after["tags"].items() if before.get(key) != value
        }
        marks = self._marks(pointer)
        self._acts.check()
        tags = [*self._tags(wanted), *self._tags(marks, propagate=False)]
        with self._call("tag the group"):
            answer = self._scaling.create_or_update_tags(Tags=tags)
        self.request_id = _request_id(answer)

    def _marks(self, pointer: Pointer | None) -> dict[str, str]:
        acts = self._acts
        marks = {
            our.ID: group_mark_id(acts.installation, acts.scope.name, self._name),
            our.DIGEST: light_digest(self._after, self._owned, self._schedule_key),
            our.ROLLOUT: self._after["rollout"],
            our.SCHEDULE: self._after["tags"].get(self._schedule_key, "")
            if SCHEDULE_TAG in self._owned
            else "",
        }
        if is_deep(self._after):
            image = ImageMark(self._after["ami"], self._after["imageId"], self._after["platform"])
            marks |= {our.DEEP: deep_digest(self._after), our.IMAGE: str(image)}
        if pointer is not None:
            marks[our.TEMPLATE] = str(pointer)
        return marks

    def _tags(self, values: Mapping[str, str], *, propagate: bool = True) -> list[dict[str, Any]]:
        return [
            {
                "ResourceId": self._name,
                "ResourceType": "auto-scaling-group",
                "Key": key,
                "Value": without_note(value),
                "PropagateAtLaunch": propagate,
            }
            for key, value in sorted(values.items())
        ]

    def _sizes(self) -> dict[str, int]:
        return {
            "MinSize": self._after["minSize"],
            "DesiredCapacity": self._after["desiredCapacity"],
            "MaxSize": self._after["maxSize"],
        }

    def _put_hook(self, before: int) -> None:
        minutes = self._after["terminationDelay"]
        if minutes == before:
            return
        self._acts.check()
        if minutes:
            self._send(
                "put the draining hook",
                "put_lifecycle_hook",
                LifecycleHookName=HOOK,
                LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
                HeartbeatTimeout=minutes * 60,
                DefaultResult="CONTINUE",
            )
            return
        # A hook that is not there is what was wanted.
        with suppress(NotFound):
            what = "take the draining hook away"
            self._send(what, "delete_lifecycle_hook", LifecycleHookName=HOOK)

    def _put_notifications(self, before: Mapping[str, list[str]]) -> None:
        wanted: Mapping[str, list[str]] = self._after["notifications"]
        for arn, events in wanted.items():
            if before.get(arn) != events:
                self._acts.check()
                self._send(
                    "put notifications",
                    "put_notification_configuration",
                    TopicARN=arn,
                    NotificationTypes=events,
                )
        for arn in before:
            if arn not in wanted:
                self._acts.check()
                what = "take notifications away"
                self._send(what, "delete_notification_configuration", TopicARN=arn)

    def _refresh(self, pointer: Pointer | None, *, turned: bool) -> str:
        """Begin to replace instances where the change says that none is to stay behind; return what is to be said."""
        kind, _, percent = str(self._after["rollout"]).partition(" ")
        assert self._before is not None, "an update has a before"
        due = turned or self._before["instancesBehind"]
        if kind != "instanceRefresh" or self._after["instancesBehind"] or not due:
            return ""
        self._acts.check()
        try:
            answer = self._send(
                "begin an instance refresh",
                "start_instance_refresh",
                Strategy="Rolling",
                Preferences={
                    "MinHealthyPercentage": int(percent),
                    "SkipMatching": True,
                    "StandbyInstances": "Ignore",
                },
            )
        except RefusedByAws as error:
            if error.aws_code != "InstanceRefreshInProgress":
                raise
            return "another instance refresh of the group runs: its turn comes after that"
        version = pointer.version if pointer is not None else self._version()
        mark = {our.REFRESH: f"{version} {answer['InstanceRefreshId']}"}
        with self._call("tag the group"):
            self._scaling.create_or_update_tags(Tags=self._tags(mark, propagate=False))
        return ""

    def _version(self) -> str:
        found = self._described()
        return str((found.get("LaunchTemplate") or {}).get("Version", ""))

    def _described(self) -> dict[str, Any]:
        with self._call("look at the group"):
            answer = self._scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self._name])
        groups = answer.get("AutoScalingGroups") or ()
        return dict(groups[0]) if groups else {}

    def _is_there(self) -> bool:
        """Tell whether a group of the name is there and ours. Raises Conflict if it is somebody else's."""
        found = self._described()
        if not found:
            return False
        if not _is_ours(found, self._name, self._acts):
            raise Conflict(
                f"groups: {self._name} has been made by somebody else meanwhile ({self._place})",
                fix="plan again; --adopt takes it over",
            )
        return True

    def _worth_a_look(self, desired_before: int) -> float | None:
        moving = self._after["desiredCapacity"] != desired_before
        return LOOK_AGAIN_S if moving else None

    @contextmanager
    def _call(self, what: str) -> Any:
        with aws_errors(f"groups: {what} {self._name}", self._place):
            yield

    def _send(self, what: str, method: str, **request: Any) -> Mapping[str, Any]:
        """Send a request about the group, and keep its id."""
        with self._call(what):
            answer: Mapping[str, Any] = getattr(self._scaling, method)(
                AutoScalingGroupName=self._name, **request
            )
        self.request_id = _request_id(answer)
        return answer


def _request_id(answer: Mapping[str, Any]) -> str:
    return str(answer.get("ResponseMetadata", {}).get("RequestId", ""))


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
        if not _is_ours(found[0], name, acts):
            raise Conflict(
                f"groups: {name} does not carry our mark any more, so it is not deleted ({acts.scope.name})",
                fix="plan again",
            )
        if not found[0].get("Status"):
            acts.check()
            request_id = _delete(client, name, what)
    delete_template(name, acts)
    return ActResult(request_id=request_id, look_again_s=LOOK_AGAIN_S if found else None)


def _is_ours(found: Mapping[str, Any], name: str, acts: LiveActs) -> bool:
    carried = {str(tag["Key"]): str(tag.get("Value", "")) for tag in found.get("Tags") or ()}
    return carried.get(our.ID) == group_mark_id(acts.installation, acts.scope.name, name)


def _delete(client: Any, name: str, what: str) -> str:
    try:
        with aws_errors(what, place_of(client)):
            answer = client.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    except NotFound:
        return ""
    return _request_id(answer)
