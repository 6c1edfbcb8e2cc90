"""Makes groups and changes them, as a change says: absolutely, so that doing it twice is doing it once."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from controller.aws.errors import NotFound
from controller.decisions import tag_keys as our
from controller.decisions.tag_keys import written_keys
from controller.errors import Conflict, RefusedByAws
from controller.model.canonical import parse_canonical
from controller.model.plan import Change
from controller.ports import ActResult, LiveActs
from controller.targets.group_parts.calls import (
    ENDING,
    TAKE_TAGS,
    GroupClient,
    carries_our_mark,
)
from controller.targets.group_parts.found import (
    SCHEDULE_TAG,
    SIZES,
    Attributes,
    group_mark_id,
    is_deep,
    repointed,
)
from controller.targets.group_parts.launch_templates import Pointer, pointed_at, put_template
from controller.targets.group_parts.names import name_in
from controller.targets.group_parts.observe import HOOK, INVALID
from controller.targets.group_parts.refresh_mark import RefreshMark, refresh_preferences

LOOK_AGAIN_S = 30.0
"""After which a group whose instances come, go or are replaced is worth a look."""
VERSION_SHOWS_AFTER_S: Final = (1.0, 2.0)
"""Between tries where Auto Scaling refuses a template version that is just made: EC2 is eventually consistent."""


class GroupActs:
    """What is done to one group."""

    def __init__(self, change: Change, acts: LiveActs) -> None:
        """Take the change and the scope."""
        self._acts = acts
        self._name = name_in(change.ref)
        self._before: Attributes | None = parse_canonical(change.before) if change.before else None
        self._after: Attributes = parse_canonical(change.after or b"{}")
        extra = parse_canonical(change.extra)
        self._owned = tuple(extra.get("owned", ()))
        self._applied: Mapping[str, str] = extra.get("marks", {})
        self._client = GroupClient("groups", self._name, acts)
        self._schedule_key = written_keys(acts.options.tag_keys).get("Schedule", "")

    def create(self) -> ActResult:
        """Make the group. One that is there already and carries our mark was made by an earlier try."""
        pointer = put_template(self._name, self._after, self._acts)
        marks = self._marks(pointer)
        more = self._after["terminationDelay"] or self._after["notifications"]
        if more:
            # Not before these are there too.
            del marks[our.DEEP]
        tags = [*self._client.tags(self._after["tags"], propagate=True), *self._client.tags(marks)]
        request = self._request(pointer)
        try:
            self._send("make the group", "create_auto_scaling_group", pointer, Tags=tags, **request)
        except RefusedByAws as error:
            if error.aws_code != "AlreadyExists" or not self._is_there():
                raise
            self._client.change("change the group", "update_auto_scaling_group", **request)
        self._put_hook(before=0)
        self._put_notifications(before={})
        if more:
            self._put_tags(self._after["tags"], pointer)
        return self._result(0)

    def update(self) -> ActResult:
        """Bring the group to what it should be."""
        assert self._before is not None, "an update has a before"
        pointer, turned = None, False
        if repointed(self._before, self._after):
            present = self._client.described("look at the group")
            pointer = put_template(self._name, self._after, self._acts, present)
            # A mark may show later than what was done: then a run that follows at once finds it done.
            turned = pointer != pointed_at(present)
        if self._after["maxSize"] and not self._before["maxSize"]:
            # It comes back: until when it was to drain is not for the next time it leaves. Before anything else is done, as a run
            # that ended in between would not know of it any more.
            (tag,) = self._client.tags({our.DRAINING: ""})
            del tag["Value"]
            self._client.tag("untag the group", [tag], TAKE_TAGS)
        request = self._request(pointer if turned else None)
        if request:
            self._send("change the group", "update_auto_scaling_group", pointer, **request)
        if is_deep(self._after):
            self._put_hook(self._before["terminationDelay"])
            self._put_notifications(self._before["notifications"])
        begun = self._to_begin(pointer) if self._refresh_is_due(turned=turned) else None
        self._put_tags(self._before["tags"], pointer, begun)
        message = "" if begun is None else self._refresh(begun)
        return self._result(int(self._before["desiredCapacity"]), message)

    def _send(self, what: str, method: str, pointer: Pointer | None, **request: Any) -> None:
        """Send what makes or changes the group. A template version that was made a moment ago may not be known everywhere yet."""
        for pause_s in VERSION_SHOWS_AFTER_S if pointer is not None else ():
            try:
                self._client.change(what, method, **request)
            except RefusedByAws as error:
                if error.aws_code != INVALID:
                    raise
                self._acts.sleep(pause_s)
            else:
                return
        self._client.change(what, method, **request)

    def _result(self, desired_before: int, message: str = "") -> ActResult:
        moving = self._after["desiredCapacity"] != desired_before
        return ActResult(
            request_id=self._client.request_id,
            look_again_s=LOOK_AGAIN_S if moving else None,
            message=message,
        )

    def _request(self, pointer: Pointer | None) -> dict[str, Any]:
        """Return what of sizes, subnets and template is to be sent: all that changes, in one call."""
        before = self._before or {}
        changed = {name for name in self._after if before.get(name) != self._after[name]}
        request = {key: self._after[name] for name, key in SIZES.items() if name in changed}
        if pointer is not None:
            request["LaunchTemplate"] = {
                "LaunchTemplateId": pointer.id,
                "Version": pointer.version,
            }
        if "subnets" in changed:
            request["VPCZoneIdentifier"] = ",".join(self._after["subnets"])
        return request

    def _put_tags(
        self,
        before: Mapping[str, str],
        pointer: Pointer | None,
        begun: RefreshMark | None = None,
    ) -> None:
        """Put tags and marks: the marks say what has been done, so they come last; that of a refresh before it begins."""
        wanted = {
            key: value for key, value in self._after["tags"].items() if before.get(key) != value
        }
        tags = [
            *self._client.tags(wanted, propagate=True),
            *self._client.tags(self._marks(pointer)),
            *self._client.tags({our.REFRESH: str(begun)} if begun else {}),
        ]
        self._client.request_id = self._client.tag("tag the group", tags)

    def _marks(self, pointer: Pointer | None) -> dict[str, str]:
        acts = self._acts
        marks = {
            our.ID: group_mark_id(acts.installation, acts.scope.name, self._name),
            our.ROLLOUT: self._after["rollout"],
            our.SCHEDULE: self._after["tags"].get(self._schedule_key, "")
            if SCHEDULE_TAG in self._owned
            else "",
            **self._applied,
        }
        if pointer is not None:
            marks[our.TEMPLATE] = str(pointer)
        return marks

    def _put_hook(self, before: int) -> None:
        minutes = self._after["terminationDelay"]
        if minutes == before:
            return
        if minutes:
            self._client.change(
                "put the draining hook",
                "put_lifecycle_hook",
                LifecycleHookName=HOOK,
                LifecycleTransition=ENDING,
                HeartbeatTimeout=minutes * 60,
                DefaultResult="CONTINUE",
            )
            return
        # A hook that is not there is what was wanted.
        with suppress(NotFound):
            what = "take the draining hook away"
            self._client.change(what, "delete_lifecycle_hook", LifecycleHookName=HOOK)

    def _put_notifications(self, before: Mapping[str, list[str]]) -> None:
        wanted: Mapping[str, list[str]] = self._after["notifications"]
        for arn, events in wanted.items():
            if before.get(arn) != events:
                self._client.change(
                    "put notifications",
                    "put_notification_configuration",
                    TopicARN=arn,
                    NotificationTypes=events,
                )
        for arn in before:
            if arn not in wanted:
                what = "take notifications away"
                self._client.change(what, "delete_notification_configuration", TopicARN=arn)

    def _refresh_is_due(self, *, turned: bool) -> bool:
        """Tell whether the change says that none is to stay behind, and something is."""
        assert self._before is not None, "an update has a before"
        replaces = str(self._after["rollout"]).partition(" ")[0] == "instanceRefresh"
        behind = turned or self._before["instancesBehind"]
        return bool(replaces and behind and not self._after["instancesBehind"])

    def _to_begin(self, pointer: Pointer | None) -> RefreshMark:
        """Return the mark of a refresh that is about to begin."""
        if pointer is not None:
            version = pointer.version
        else:
            found = self._client.described("look at the group") or {}
            version = str((found.get("LaunchTemplate") or {}).get("Version", ""))
        before = self._client.newest_refresh()
        return RefreshMark(version, after=str(before.get("InstanceRefreshId", "")))

    def _refresh(self, begun: RefreshMark) -> str:
        """Begin to replace instances; return what is to be said."""
        preferences = refresh_preferences(str(self._after["rollout"]))
        try:
            answer = self._client.change(
                "begin an instance refresh",
                "start_instance_refresh",
                Strategy="Rolling",
                Preferences=preferences,
            )
        except RefusedByAws as error:
            if error.aws_code != "InstanceRefreshInProgress":
                raise
            found = begun.found_in([self._client.newest_refresh()], preferences)
            if found is None:
                return "another instance refresh of the group runs: its turn comes after that"
            # Ours, and its answer was lost: it is marked like one whose answer came.
            answer = found
        mark = begun._replace(id=str(answer["InstanceRefreshId"]))
        self._client.tag("tag the group", self._client.tags({our.REFRESH: str(mark)}))
        return ""

    def _is_there(self) -> bool:
        """Tell whether a group of the name is there and ours. Raises Conflict if it is somebody else's."""
        found = self._client.described("look at the group")
        if found is not None and not carries_our_mark(found, self._name, self._acts):
            raise Conflict(
                f"groups: {self._name} has been made by somebody else meanwhile ({self._client.place})",
                fix="plan again; --adopt takes it over",
            )
        return found is not None
