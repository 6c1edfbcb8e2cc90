"""Parts of the targets ``groups`` and ``scaling-schedules``."""
