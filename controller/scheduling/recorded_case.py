"""Answers to questions in the recorded form: the state a schedule asks for, the decision for an instance. One JSON object each."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from controller.scheduling.decision import Decision, decide
from controller.scheduling.environment_schedule import SCHEDULE_ATTRIBUTES, environment_schedule
from controller.scheduling.facts import EnvironmentFacts, GroupFacts, InstanceFacts, Tags
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import InvalidSchedule, Schedule
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
    value = line.get("schedule")
    with suppress(InvalidSchedule):
        if isinstance(value, str):
            return {"state": state_at(parse_schedule(value), at).value}
        if isinstance(value, Mapping) and any(name in value for name in SCHEDULE_ATTRIBUTES):
            return {"state": state_at(environment_schedule(value), at).value}
    return {"state": INVALID}


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
        schedule: Schedule | InvalidSchedule
        try:
            schedule = environment_schedule(value)
        except InvalidSchedule as refusal:
            schedule = refusal
        environment = EnvironmentFacts("", schedule)
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
