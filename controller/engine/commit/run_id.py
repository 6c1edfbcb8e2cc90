"""Names for runs: they sort by time, and two are never the same."""

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26
_RANDOM_BITS = 80


def new_run_id(at: datetime) -> str:
    """Return a ULID: 48 bits of milliseconds and 80 random bits in 26 letters and digits none of which look alike."""
    value = int(at.timestamp() * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range((_LENGTH - 1) * 5, -1, -5))
