"""What a plan's changes of schedules mean: hours on, and what switches when."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ScheduleShift:
    """Environments, or one role in each of them, that exchange one schedule for another, alike."""

    environments: tuple[str, ...]
    role: str
    """Empty: the environments as such, with the roles that follow them."""
    before: str
    """How people call the schedule: ``office-hours``, ``on``, or its text."""
    after: str
    hours_before: float | None
    """Hours on in an ordinary week, each; None where it is left alone (noschedule), or cannot be told."""
    hours_after: float | None
    instances: int
    """Instances that follow it, of all these environments together."""
    switches_now: str
    """``on`` or ``off``: what the exchange brings at once; empty for nothing."""
    first_difference: datetime | None
    """First moment at which the two differ, aware, in the new schedule's zone; None within a year."""
    followers: tuple[tuple[str, str], ...] = ()
    """Environment and role of all instances that follow it."""
    switched: int | None = None
    """Instances that are not yet as ``switches_now`` says, where they were looked at; None: all are taken for such."""


@dataclass(frozen=True, slots=True)
class ScheduleMeaning:
    """All shifts of a plan. Hours are a week's, more (or fewer, if negative) than before."""

    shifts: tuple[ScheduleShift, ...]
    now: datetime
    """The moment it was worked out for, aware, in the zone of the schedule that differs first."""
    environment_hours: float
    instance_hours: float
    instances_are: str
    """``desired sizes``, or ``found``: where the counts of instances are from."""

    @property
    def first_difference(self) -> datetime | None:
        """Return the earliest first difference."""
        found = [
            shift.first_difference for shift in self.shifts if shift.first_difference is not None
        ]
        return min(found, default=None)

    def switching(self, state: str) -> int:
        """Count the instances that are switched to a state at once."""
        return sum(
            shift.instances if shift.switched is None else shift.switched
            for shift in self.shifts
            if shift.switches_now == state
        )
