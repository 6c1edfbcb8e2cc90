"""Lengths of time as people write them: ``90s``, ``5m``, ``2h``."""

import re

from controller.errors import WrongUsage

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FORM = re.compile(r"(?P<count>\d{1,6})(?P<unit>[smhd])?")


def parse_duration(text: str) -> float:
    """Return seconds; a number without a unit is seconds. Raises WrongUsage for anything else."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise WrongUsage(
            f"{text!r} is no length of time", fix="write a number and s, m, h or d: 5m"
        )
    return float(match["count"]) * _UNITS[match["unit"] or "s"]
