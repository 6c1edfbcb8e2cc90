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
from controller.scheduling.skip_reason import SkipCode, SkipReason
from controller.scheduling.timeline import previous_event


def postponed(
    instance: InstanceFacts,
    group: GroupFacts | None,
    role: RoleFacts | None,
    environment: EnvironmentFacts,
    schedule: Schedule,
    now: datetime,
    rules: DecisionRules,
) -> SkipReason | None:
    """Return the reason for not stopping an instance now that its schedule wants off, or None.

    A running deployment postpones a stop by at most an hour, counted from the moment the stop became
    due or the deployment began, whichever is later. ``scaleToZero`` is of groups: an instance in none is stopped.
    """
    when_off = role.when_off if role is not None else "standby"
    if when_off == "ignore":
        return SkipReason(SkipCode.ROLE_IGNORES)
    if when_off == "scaleToZero" and group is not None:
        return SkipReason(SkipCode.ROLE_SCALES)
    if instance.cannot_stop:
        return SkipReason(SkipCode.CANNOT_STOP, instance.cannot_stop)
    if instance.launched_at is not None:
        until = instance.launched_at + timedelta(seconds=rules.grace_period_s)
        if now < until:
            return SkipReason(SkipCode.JUST_LAUNCHED, until=until)
    since = environment.deploying_since
    if since is not None:
        event = previous_event(schedule, now) if schedule.fixed is None else None
        due = max(since, event.at.astimezone(UTC)) if event else since
        until = due + timedelta(seconds=rules.deployment_postpones_s)
        if now < until:
            return SkipReason(SkipCode.DEPLOYING, until=until)
    return None
