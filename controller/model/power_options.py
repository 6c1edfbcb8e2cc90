"""What the settings say about switching instances. Plain values, so that planning stays pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOptions:
    """Empty limits mean everywhere; names in any case."""

    grace_period_s: int = 600
    """An instance launched less than this ago is not stopped."""
    deployment_postpones_s: int = 3600
    """A running deployment postpones a stop by at most this much."""
    only_environments: tuple[str, ...] = ()
    only_accounts: tuple[str, ...] = ()
    """Names or numbers."""
    look_again_s: float = 3.0
    """Pause before what was asked for is looked at again."""
    within_s: float = 900.0
    """What is still on its way after so long is left to the next run."""
