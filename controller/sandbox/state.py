"""What can be set in a running sandbox, and what the rules remember between calls."""

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Delays:
    """How many looks a state lasts before the next one shows; 0: it is passed at once, as moto does.

    A look is one DescribeInstances (start, stop) or DescribeAutoScalingGroups (standby, launch, replace, refresh) of
    the account and region, however many pages it takes.
    """

    start: int = 0
    """Instance pending before it is running."""
    stop: int = 0
    """Instance stopping before it is stopped."""
    standby: int = 0
    """Member EnteringStandby before it is Standby."""
    launch: int = 0
    """Member Pending before it is InService, also on its way back from Standby."""
    replace: int = 1
    """Member in service whose instance is stopped, before the group replaces it."""
    refresh: int = 0
    """Looks at an instance refresh before its next batch is replaced."""


@dataclass(slots=True)
class SandboxSettings:
    """How the sandbox behaves where AWS differs from account to account."""

    launch_configurations: bool = False
    """Whether launch configurations may be created; AWS closed them to new accounts."""
    strict_accounts: set[str] = field(default_factory=set)
    """Accounts whose roles must exist and trust the caller; into others anybody gets, as moto has it."""
    failing_refreshes: int = 0
    """How many of the next instance refreshes fail."""


@dataclass(slots=True)
class SandboxState:
    """Everything the rules remember, by account and region where it belongs to one."""

    delays: Delays = field(default_factory=Delays)
    settings: SandboxSettings = field(default_factory=SandboxSettings)
    remembered: dict[tuple[str, ...], Any] = field(default_factory=dict)
    """What a rule keeps; the first part of the key is the rule's own name."""


STATE = SandboxState()


def forget() -> None:
    """Set everything back to how a fresh sandbox has it."""
    fresh = SandboxState()
    for one in fields(SandboxState):
        setattr(STATE, one.name, getattr(fresh, one.name))
