"""Why a stop that is due is not made now."""

from datetime import UTC, datetime, timedelta

from controller.scheduling.facts import (
    DecisionRules,
    EnvironmentFacts,
    GroupFacts,
    InstanceFacts,
    RoleFacts,
)
from controller.scheduling.schedule import Schedule
from controller.scheduling.timeline import previous_event

IGNORED = "The role says whenOff: ignore"
SCALED = "The role says whenOff: scaleToZero, so the size of its group changes instead"


def postponed(
    instance: InstanceFacts,
    group: GroupFacts | None,
    role: RoleFacts | None,
    environment: EnvironmentFacts,
    schedule: Schedule,
    now: datetime,
    rules: DecisionRules,
) -> str | None:
    """Return the reason for not stopping an instance now that its schedule wants off, or None.

    A running deployment postpones a stop by at most an hour, counted from the moment the stop became
    due or the deployment began, whichever is later. ``scaleToZero`` is of groups: an instance in none is stopped.
    """
    when_off = role.when_off if role is not None else "standby"
    if when_off == "ignore":
        return IGNORED
    if when_off == "scaleToZero" and group is not None:
        return SCALED
    if instance.cannot_stop:
        return f"This instance cannot be stopped: {instance.cannot_stop}"
    if instance.launched_at is not None:
        until = instance.launched_at + timedelta(seconds=rules.grace_period_s)
        if now < until:
            return f"This instance was just launched; it is left running until {_clock(until)}"
    since = environment.deploying_since
    if since is not None:
        event = previous_event(schedule, now) if schedule.fixed is None else None
        due = max(since, event.at.astimezone(UTC)) if event else since
        until = due + timedelta(seconds=rules.deployment_postpones_s)
        if now < until:
            return f"A deployment is running; the stop waits for its end, until {_clock(until)} at most"
    return None


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"
