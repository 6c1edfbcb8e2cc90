"""What the settings say that live targets decide by. Plain values, so that planning stays pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

REPLICATED = ("Cluster", "Environment", "DeploymentMap", "Service", "EnvironmentType")
"""The configuration that programs in every account may need: what the old product copied there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOptions:
    """How instances are switched. Empty limits mean everywhere; names in any case."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """``default_region`` is that of environment types that name none; ``resource_prefix`` stands before every table name."""

    default_region: str = "eu-west-1"
    resource_prefix: str = ""
    trusted_image_owners: tuple[str, ...] = ("self",)
    """Owners of images a role may name: account numbers or ``self``, beside accounts with includeAmis."""
    tag_keys: Mapping[str, str] = field(default_factory=dict)
    """Keys of the tags on groups that differ from the usual: ``{"OwningTeam": "team"}``; an empty key leaves the tag out."""
    replicate: tuple[str, ...] = REPLICATED
    """Kinds or tables whose items are copied into the accounts."""
    max_parallel_rollouts: int = 10
    """Groups of one scope whose instances are replaced at the same time."""
    power: PowerOptions = field(default_factory=PowerOptions)
    """How instances are switched."""
