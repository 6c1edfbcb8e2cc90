"""Scheduled actions, by group and name, checked as AWS checks them. They never fire here.

"MinSize, MaxSize, DesiredCapacity: You must specify at least one of" them. "If you try to schedule your action in
the past, Amazon EC2 Auto Scaling returns an error message." Recurrence: "This format consists of five fields
separated by white spaces: [Minute] [Hour] [Day_of_Month] [Month_of_Year] [Day_of_Week]." TimeZone: "the canonical
names of the IANA time zones". "If you leave a parameter unspecified when updating a scheduled scaling action, the
corresponding value remains unchanged." ScheduledUpdateGroupActions: "The maximum number allowed is 50."
(Amazon EC2 Auto Scaling API Reference, PutScheduledUpdateGroupAction, BatchPutScheduledUpdateGroupAction)
"Scheduled actions per Auto Scaling group: 125" (User Guide, Quotas)
"A scheduled action must have a unique time value. If you attempt to schedule an activity at a time when another scaling activity
is already scheduled, the call is rejected and returns an error indicating that a scheduled action with this scheduled start time
already exists." (User Guide, Scheduled scaling, Limitations) Other words of that page speak of identical cron expressions, so a
switch lets them be, as AWS may.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from moto.autoscaling.exceptions import AutoscalingClientError
from moto.autoscaling.models import AutoScalingBackend
from moto.core.responses import ActionResult

from controller.sandbox.call import Call, out_of_bounds
from controller.sandbox.rules import answers, before, replaces
from controller.sandbox.state import STATE

MOST_PER_GROUP = 125
MOST_PER_BATCH = 50
_PUT = AutoScalingBackend.put_scheduled_update_group_action


class WrongAction(AutoscalingClientError):
    """An action refused; in a batch the others go on. Not Refused: moto gathers errors of its own kind."""

    def __init__(self, message: str, code: str = "ValidationError") -> None:
        """Take AWS's message."""
        super().__init__(code, message)


@before("autoscaling", "BatchPutScheduledUpdateGroupAction", "BatchDeleteScheduledAction")
def batch_size(call: Call) -> None:
    """Refuse larger batches."""
    for name in ("ScheduledUpdateGroupActions", "ScheduledActionNames"):
        if len(call.params.get(name) or ()) > MOST_PER_BATCH:
            bound = f"Member must have length less than or equal to {MOST_PER_BATCH}"
            raise out_of_bounds(name, bound)


@answers("autoscaling", "DescribeScheduledActions")
def describe(call: Call) -> ActionResult:
    """Answer page by page; moto answers all at once."""
    found = call.scaling.describe_scheduled_actions(
        autoscaling_group_name=call.params.get("AutoScalingGroupName"),
        scheduled_action_names=call.params.get("ScheduledActionNames") or [],
    )
    found.sort(key=lambda action: (action.auto_scaling_group_name, action.scheduled_action_name))
    return call.page("ScheduledUpdateGroupActions", found)


def _key(group: str, name: str) -> str:
    return f"{group}/{name}"


@replaces(AutoScalingBackend, "put_scheduled_update_group_action")
def _put(self: AutoScalingBackend, **given: Any) -> Any:
    """Put an action of a group; moto keeps one of a name for all groups together."""
    group, name = str(given["name"]), str(given["scheduled_action_name"])
    actions: dict[str, Any] = self.scheduled_actions
    before_it = actions.get(_key(group, name))
    of_group = [a for a in actions.values() if a.auto_scaling_group_name == group]
    if before_it is None:
        if len(of_group) >= MOST_PER_GROUP:
            raise WrongAction(f"{MOST_PER_GROUP} actions are scheduled already", "LimitExceeded")
    else:
        for field in _VALUES:
            if given[field] is None:
                given[field] = getattr(before_it, _OTHER_NAMES.get(field, field))
    _check(given)
    start = _next_start(given["start_time"], given["recurrence"], given["timezone"])
    if not STATE.settings.actions_may_meet and any(
        a.scheduled_action_name != name
        and _next_start(a.start_time, a.recurrence, a.time_zone) == start
        for a in of_group
    ):
        raise WrongAction(
            "A scheduled action with this scheduled start time already exists", "AlreadyExists"
        )
    action = _PUT(self, **given)
    del actions[name]
    action.time_zone = given["timezone"] or "UTC" if given["recurrence"] else given["timezone"]
    actions[_key(group, name)] = action
    return action


_VALUES = (
    "desired_capacity", "max_size", "min_size", "start_time", "end_time", "recurrence", "timezone",
)  # fmt: skip
_OTHER_NAMES = {"timezone": "time_zone"}


def _check(given: dict[str, Any]) -> None:
    sizes = [given[name] for name in ("min_size", "desired_capacity", "max_size")]
    numbers = [int(size) for size in sizes if size is not None]
    if not numbers:
        raise WrongAction("At least one of MinSize, MaxSize, DesiredCapacity must be specified")
    if numbers != sorted(numbers) or numbers[0] < 0:
        raise WrongAction("MinSize, DesiredCapacity and MaxSize must be in ascending order")
    now = datetime.now(UTC)
    start, end = _time(given["start_time"]), _time(given["end_time"])
    if start is not None and start < now:
        raise WrongAction("Given start time is in the past")
    if end is not None and end < max(now, start or now):
        raise WrongAction("Given end time is in the past or before the start time")
    zone = given["timezone"]
    if zone and zone not in available_timezones():
        raise WrongAction(f"Invalid TimeZone: {zone}")
    recurrence = given["recurrence"]
    if recurrence and not _is_cron(str(recurrence), now):
        raise WrongAction(f"Given recurrence string: {recurrence} is invalid")


def _is_cron(recurrence: str, now: datetime) -> bool:
    try:
        CronSim(recurrence, now)
    except CronSimError:
        return False
    return len(recurrence.split()) == 5


def _next_start(start_time: Any, recurrence: str | None, zone: str | None) -> datetime | None:
    """Return when an action comes next."""
    if start_time is not None or not recurrence:
        return _time(start_time)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    return _following(recurrence, zone or "UTC", now)


@lru_cache(maxsize=1024)
def _following(recurrence: str, zone: str, minute: datetime) -> datetime:
    return next(CronSim(recurrence, minute.astimezone(ZoneInfo(zone)))).astimezone(UTC)


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@replaces(AutoScalingBackend, "delete_scheduled_action")
def _delete(
    self: AutoScalingBackend, auto_scaling_group_name: str, scheduled_action_name: str
) -> None:
    key = _key(auto_scaling_group_name, scheduled_action_name)
    if self.scheduled_actions.pop(key, None) is None:
        raise WrongAction("Scheduled action name not found")
