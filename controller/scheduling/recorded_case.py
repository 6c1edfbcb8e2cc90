"""Answers to questions in the recorded form: the state a schedule asks for, the decision for an instance. One JSON object each."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from controller.scheduling.decision import Decision, decide
from controller.scheduling.facts import EnvironmentFacts, GroupFacts, InstanceFacts, Tags
from controller.scheduling.grammar import schedule_or_refusal
from controller.scheduling.schedule import (
    ALWAYS_OFF,
    ALWAYS_ON,
    SCHEDULE_ATTRIBUTES,
    InvalidSchedule,
    Schedule,
)
from controller.scheduling.timeline import state_at

INVALID = "invalid"


class MalformedLine(ValueError):
    """A line that is not of the form asked for; the message says what it lacks."""


def evaluate_line(line: Mapping[str, object], now: datetime) -> dict[str, str]:
    """Return ``{"state": on | off | noschedule | none | invalid}`` for ``{"schedule", "utc"}``.

    ``schedule`` is a text or the Value of an environment's operational item; ``utc`` is ISO 8601 (UTC
    without an offset), null for ``now``. A Value with none of the attributes of a schedule is no schedule here,
    although an environment whose item has none of them is on.

    Raises MalformedLine when ``utc`` is no moment.
    """
    at = read_moment(line.get("utc"), now)
    value, found = line.get("schedule"), None
    if isinstance(value, str):
        found = schedule_or_refusal(value)
    elif isinstance(value, Mapping) and any(name in value for name in SCHEDULE_ATTRIBUTES):
        found = environment_schedule(value)
    return {"state": state_at(found, at).value if isinstance(found, Schedule) else INVALID}


def environment_schedule(value: Mapping[str, object]) -> Schedule | InvalidSchedule:
    """Return the schedule of an environment from the ``Value`` of its operational item, or why it has none.

    Off only when both switches are explicitly false; automatic only when ScheduleAutomatically is
    true and ManualScheduleUp is not; on in every other case, absent switches included.
    """
    manual = value.get("ManualScheduleUp")
    automatic = value.get("ScheduleAutomatically")
    if manual is False and automatic is False:
        return ALWAYS_OFF
    if manual is True or automatic is not True:
        return ALWAYS_ON
    text = value.get("DefaultSchedule")
    if isinstance(text, str):
        return schedule_or_refusal(text)
    return InvalidSchedule(
        "the environment is scheduled automatically but has no DefaultSchedule",
        "write DefaultSchedule, or set ScheduleAutomatically to false",
    )


def decide_case(case: Mapping[str, object], now: datetime) -> Decision:
    """Return the decision for ``{instance_id, state, tags, environment_schedule, asg, datetime}``.

    ``tags`` are [key, value] pairs; ``environment_schedule`` is the Value of the environment's
    operational item ({} when it says nothing about a schedule, null when there is no environment);
    ``asg`` is null or ``{name, tags, instances: [{instance_id, lifecycle_state}]}``; ``datetime`` is
    ISO 8601 (UTC without an offset), null for ``now``.

    Raises MalformedLine.
    """
    instance_id, state = _text(case, "instance_id"), _text(case, "state")
    instance = InstanceFacts(instance_id, state, _tags(case.get("tags")))
    group = _group(case.get("asg"), instance_id)
    environment, value = None, case.get("environment_schedule")
    if isinstance(value, Mapping):
        environment = EnvironmentFacts("", environment_schedule(value))
    elif value is not None:
        raise MalformedLine("environment_schedule is neither an object nor null")
    return decide(instance, group, environment, read_moment(case.get("datetime"), now))


def answer(decision: Decision) -> dict[str, str | None]:
    """Return a decision as ``{action, source, reason}``."""
    source = decision.source
    return {
        "action": decision.action.value,
        "source": source.value if source else None,
        "reason": str(decision.reason) if decision.reason else None,
    }


def read_moment(value: object, now: datetime) -> datetime:
    """Return an ISO 8601 text as an aware moment, UTC without an offset; ``now`` for None.

    Raises MalformedLine.
    """
    if value is None:
        return now
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise MalformedLine(f"{value!r} is no ISO 8601 date and time")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _group(value: object, instance_id: str) -> GroupFacts | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise MalformedLine("asg is neither an object nor null")
    members = value.get("instances") or ()
    if not isinstance(members, Sequence) or not all(isinstance(item, Mapping) for item in members):
        raise MalformedLine("asg.instances is no list of objects")
    lifecycle = next(
        (
            _text(item, "lifecycle_state")
            for item in members
            if item.get("instance_id") == instance_id
        ),
        None,
    )
    return GroupFacts(_text(value, "name"), _tags(value.get("tags")), lifecycle)


def _tags(value: object) -> Tags:
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise MalformedLine("tags are no list of [key, value]")
    tags = []
    for pair in value:
        if not isinstance(pair, Sequence) or len(pair) != 2:
            raise MalformedLine(f"{pair!r} is no [key, value]")
        key, text = pair
        if not isinstance(key, str) or not isinstance(text, str):
            raise MalformedLine(f"{pair!r} is no pair of texts")
        tags.append((key, text))
    return tuple(tags)


def _text(case: Mapping[str, object], key: str) -> str:
    value = case.get(key)
    if isinstance(value, str):
        return value
    raise MalformedLine(f"{key} is missing or no text")
