"""The head of a scope: who owns it, and where its ledger stands."""

from dataclasses import dataclass

LEDGER_FORMAT = 1
"""Version of the records and the hash; a controller that knows less than a head's format leaves the scope alone."""


@dataclass(frozen=True, slots=True)
class Head:
    """Row ``head#<scope>`` of EnvctlState.

    ``epoch`` rises each time ownership is taken; ``sequence`` and ``last_hash`` are those of the newest record;
    ``lease_until`` is epoch milliseconds.
    """

    scope: str
    epoch: int
    owner: str
    lease_until: int
    sequence: int
    last_hash: str
    format: int = LEDGER_FORMAT
