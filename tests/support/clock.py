"""A clock for tests."""

from datetime import datetime, timedelta


class Clock:
    """Time that stands still until somebody sleeps or it is moved."""

    def __init__(self, now: datetime) -> None:
        """Begin at a time."""
        self.now = now

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
