"""What the settings say that live targets decide by. Plain values, so that planning stays pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """``default_region`` is that of environment types that name none; ``resource_prefix`` stands before every table name."""

    default_region: str = "eu-west-1"
    resource_prefix: str = ""
    trusted_image_owners: tuple[str, ...] = ("self",)
    """Owners of images a role may name: account numbers or ``self``, beside accounts with includeAmis."""
