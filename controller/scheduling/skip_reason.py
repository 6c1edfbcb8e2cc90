"""Why nothing is done about an instance now: a reason is decided by its code, and read by its text."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple


class SkipCode(StrEnum):
    """Which reason it is."""

    NO_ENVIRONMENT = "noEnvironment"
    LEFT_OUT = "leftOut"
    IN_MAINTENANCE = "inMaintenance"
    INVALID_SCHEDULE = "invalidSchedule"
    INVALID_OVERRIDE = "invalidOverride"
    NOSCHEDULE = "noschedule"
    CORRECT_STATE = "correctState"
    TRANSITIONING = "transitioning"
    GROUP_TRANSITIONING = "groupTransitioning"
    ROLE_IGNORES = "roleIgnores"
    ROLE_SCALES = "roleScales"
    CANNOT_STOP = "cannotStop"
    JUST_LAUNCHED = "justLaunched"
    DEPLOYING = "deploying"


ON_THE_WAY: Final = frozenset({SkipCode.TRANSITIONING, SkipCode.GROUP_TRANSITIONING})
"""Of what is neither here nor there."""
POSTPONED: Final = frozenset({SkipCode.JUST_LAUNCHED, SkipCode.DEPLOYING})
"""Of a stop that is made later, without anybody doing anything."""
STOP_NOT_MADE: Final = POSTPONED | {
    SkipCode.CANNOT_STOP,
    SkipCode.ROLE_IGNORES,
    SkipCode.ROLE_SCALES,
}
"""Of a stop that is due and is not made now."""

_TEXTS: Final = {
    SkipCode.NO_ENVIRONMENT: "This instance has no environment",
    SkipCode.LEFT_OUT: "power.limitTo in the settings leaves this environment out",
    SkipCode.IN_MAINTENANCE: "This instance is currently in Maintenance Mode",
    SkipCode.INVALID_SCHEDULE: "The schedule tag for this instance is not valid - Error: '{}'",
    SkipCode.INVALID_OVERRIDE: "The override tag for this instance is not valid - Error: '{}'",
    SkipCode.NOSCHEDULE: 'The schedule tag for this instance is set to "noschedule"',
    SkipCode.CORRECT_STATE: "The instance is already in the correct state",
    SkipCode.TRANSITIONING: "This instance is currently transitioning between states",
    SkipCode.GROUP_TRANSITIONING: "This instance is currently transitioning between ASG lifecycle states",
    SkipCode.ROLE_IGNORES: "The role says whenOff: ignore",
    SkipCode.ROLE_SCALES: "The role says whenOff: scaleToZero, so the size of its group changes instead",
    SkipCode.CANNOT_STOP: "This instance cannot be stopped: {}",
    SkipCode.JUST_LAUNCHED: "This instance was just launched; it is left running until {}",
    SkipCode.DEPLOYING: "A deployment is running; the stop waits for its end, until {} at most",
}


class SkipReason(NamedTuple):
    """Why nothing is done; ``str()`` is what people read, also in recorded decisions."""

    code: SkipCode
    detail: str = ""
    """What is wrong with the schedule, or why it cannot be stopped."""
    until: datetime | None = None
    """When it ends at the latest, where that is known."""

    def __str__(self) -> str:
        """Return it as people read it."""
        until = f"{self.until:%Y-%m-%d %H:%M %Z}" if self.until else ""
        return _TEXTS[self.code].format(self.detail or until)
