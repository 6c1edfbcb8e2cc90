"""What is known about one instance when its power is decided, and whose schedule may decide: all candidates in their order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal, NamedTuple

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import ALWAYS_ON, InvalidSchedule, Schedule
from controller.scheduling.until import parse_override_tag

Tags = tuple[tuple[str, str], ...]
"""(key, value) as AWS gives them."""

WhenOff = Literal["standby", "scaleToZero", "ignore"]


@dataclass(frozen=True, slots=True)
class InstanceFacts:
    """One EC2 instance."""

    instance_id: str
    state: str
    """EC2's name: pending, running, stopping, stopped, shutting-down, terminated."""
    tags: Tags = ()
    launched_at: datetime | None = None
    """EC2's LaunchTime, which is that of the last start."""
    cannot_stop: str = ""
    """Why EC2 cannot stop it (``a Spot request``, ``instance store``); empty when it can."""


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """The auto-scaling group an instance is tagged as a member of."""

    name: str
    tags: Tags = ()
    lifecycle: str | None = None
    """The instance's lifecycle state there; None when the group does not list it."""
    schedule_tag_is_ours: bool = False
    """The group's schedule tag was written by this program, not by a person."""


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """The server role the group serves."""

    name: str
    schedule: Schedule | InvalidSchedule | None = None
    when_off: WhenOff = "standby"


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """The environment an instance belongs to. Deploy lock and maintenance flag do not count here."""

    name: str
    schedule: Schedule | InvalidSchedule
    label: str = ""
    """How people call the schedule: ``office-hours``."""
    deploying_since: datetime | None = None
    """Begin of the running deployment, if one runs."""


class Level(IntEnum):
    """How narrow an override is; the lowest goes first."""

    INSTANCE = 0
    GROUP = 1
    ENVIRONMENT = 2


@dataclass(frozen=True, slots=True)
class PowerOverride:
    """A recorded override of a schedule that concerns this instance."""

    level: Level
    target: str
    schedule: Schedule | InvalidSchedule
    until: datetime | None
    """None: until Git changes."""
    actor: str = ""
    reason: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class DecisionRules:
    """Tag names (case does not matter) and periods that an installation may set."""

    schedule_tag: str = "Schedule"
    maintenance_tag: str = "Maintenance"
    override_tag: str = "envctl:override"
    grace_period_s: int = 600
    """An instance launched less than this ago is not stopped."""
    deployment_postpones_s: int = 3600
    """A running deployment postpones a stop by at most this much."""


def tag_value(tags: Tags, key: str) -> str:
    """Return the trimmed value of the first tag with that key in any case; "" when there is none."""
    wanted = key.lower()
    return next((value.strip() for name, value in tags if name.lower() == wanted), "")


class Source(StrEnum):
    """Where a schedule comes from."""

    OVERRIDE = "override"
    INSTANCE = "instance"
    GROUP = "asg"
    ROLE = "role"
    ENVIRONMENT = "environment"


class Candidate(NamedTuple):
    """A place where a schedule may be found."""

    source: Source
    text: str
    schedule: Schedule | InvalidSchedule | None
    """None: there is none in this place."""
    until: datetime | None = None
    note: str = ""
    is_persons_tag: bool = False
    blocks_when_invalid: bool = True
    """When it is invalid the instance is left alone; otherwise the next candidate is asked."""
    tag: str = ""
    """Key of the tag it was read from; "" where it is none."""
    level: Level | None = None
    """How narrow an override is; None where it is none."""
    override: str = ""
    """Id of the recorded override it is; "" where it is none."""


def candidates(
    instance: InstanceFacts,
    group: GroupFacts | None,
    role: RoleFacts | None,
    environment: EnvironmentFacts,
    overrides: Sequence[PowerOverride],
    rules: DecisionRules,
) -> list[Candidate]:
    """Return every candidate, absent ones included, so that a chain always shows the whole order."""
    group_tags = group.tags if group else ()
    found = list(_overrides(instance.tags, group_tags, overrides, rules.override_tag))
    if not found:
        found.append(Candidate(Source.OVERRIDE, "", None))
    found.append(_tag(Source.INSTANCE, instance.tags, rules.schedule_tag, is_persons=True))
    is_persons = group is not None and not group.schedule_tag_is_ours
    found.append(_tag(Source.GROUP, group_tags, rules.schedule_tag, is_persons=is_persons))
    role_schedule = role.schedule if role else None
    found.append(Candidate(Source.ROLE, _label(role_schedule), role_schedule))
    label = environment.label or _label(environment.schedule)
    found.append(Candidate(Source.ENVIRONMENT, label, environment.schedule))
    return found


def _overrides(
    instance_tags: Tags, group_tags: Tags, overrides: Sequence[PowerOverride], override_tag: str
) -> Iterator[Candidate]:
    """Yield the overrides, narrowest first; of equally narrow ones a person's tag goes first."""
    for level in Level:
        tags = {Level.INSTANCE: instance_tags, Level.GROUP: group_tags}.get(level, ())
        text = tag_value(tags, override_tag)
        if text:
            yield _override_tag(level, override_tag, text)
        for override in overrides:
            if override.level is level:
                who = f" by {override.actor}" if override.actor else ""
                yield Candidate(
                    Source.OVERRIDE,
                    _label(override.schedule),
                    override.schedule,
                    override.until,
                    f"{override.target}{who}: {override.reason}".rstrip(": "),
                    blocks_when_invalid=False,
                    level=level,
                    override=override.id,
                )


def _override_tag(level: Level, key: str, text: str) -> Candidate:
    found = Candidate(
        Source.OVERRIDE,
        text,
        ALWAYS_ON,
        note=f"tag on the {level.name.lower()}",
        is_persons_tag=True,
        tag=key,
        level=level,
    )
    try:
        return found._replace(until=parse_override_tag(text))
    except InvalidSchedule as refusal:
        # a person meant to keep it on: stopping it because of a slip of the pen would be a guess
        return found._replace(schedule=refusal)


def _tag(source: Source, tags: Tags, key: str, *, is_persons: bool) -> Candidate:
    text = tag_value(tags, key)
    if not text:
        return Candidate(source, "", None, tag=key)
    try:
        schedule: Schedule | InvalidSchedule = parse_schedule(text)
    except InvalidSchedule as refusal:
        schedule = refusal
    return Candidate(source, text, schedule, is_persons_tag=is_persons, tag=key)


def _label(schedule: Schedule | InvalidSchedule | None) -> str:
    return schedule.text if isinstance(schedule, Schedule) else ""
