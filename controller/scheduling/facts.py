"""What is known about one instance when its power is decided."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Final, Literal

from controller.scheduling.schedule import InvalidSchedule, Schedule

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


LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
"""Since when a deployment may run of which nothing is known: it postpones a stop like one that was there before it was due."""


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """The environment an instance belongs to. Deploy lock and maintenance flag do not count here."""

    name: str
    schedule: Schedule | InvalidSchedule
    label: str = ""
    """How people call the schedule: ``office-hours``."""
    deploying_since: datetime | None = None
    """Begin of the running deployment, if one runs; LONG_AGO where that is not known."""


class Level(IntEnum):
    """How narrow an override is; the lowest goes first."""

    INSTANCE = 0
    GROUP = 1
    ENVIRONMENT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRules:
    """Tag names (case does not matter) and periods that an installation may set."""

    environment_tag: str = "Environment"
    role_tag: str = "Role"
    schedule_tag: str = "Schedule"
    maintenance_tag: str = "Maintenance"
    override_tag: str = "envctl:override"
    grace_period_s: int = 600
    """An instance launched less than this ago is not stopped."""
    deployment_postpones_s: int = 3600
    """A running deployment postpones a stop by at most this much."""


class Source(StrEnum):
    """Where a schedule comes from."""

    OVERRIDE = "override"
    INSTANCE = "instance"
    GROUP = "asg"
    ROLE = "role"
    ENVIRONMENT = "environment"
