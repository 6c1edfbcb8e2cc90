"""How long to pause between tries of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses in seconds: ``first_s`` after the first try, then each ``factor`` times the one before, up to ``longest_s``."""

    first_s: float
    longest_s: float
    factor: float = 2.0

    def pause_s(self, tries: int) -> float:
        """Return the pause after so many tries in a row; before the first there is none to wait for longer than after it."""
        # A few dozen steps reach any limit; a power beyond that might be no float any more.
        return min(self.longest_s, self.first_s * self.factor ** min(max(tries - 1, 0), 50))
