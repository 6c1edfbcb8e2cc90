"""What can be set in a running sandbox, and what the rules remember between calls."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Kept = TypeVar("Kept")


@dataclass(slots=True)
class Delays:
    """How many looks a state lasts before the next one shows; 0: it is passed at once, as moto does.

    A look is one DescribeInstances (start, stop) or DescribeAutoScalingGroups (standby, launch, replace, refresh, drain, tags)
    of the account and region, however many pages it takes.
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
    template: int = 0
    """Times a group is made or changed before a version of its launch template that is new is known."""
    refresh: int = 0
    """Looks at an instance refresh before its next batch is replaced."""
    drain: int = 0
    """Member Terminating:Wait before it ends, in a group with a hook of that transition."""
    tags: int = 0
    """Tag of a group that was put on or taken off, before that shows; sizes show at once."""


@dataclass(slots=True)
class SandboxSettings:
    """How the sandbox behaves where AWS differs from account to account."""

    launch_configurations: bool = False
    """Whether launch configurations may be created; AWS closed them to new accounts."""
    strict_accounts: set[str] = field(default_factory=set)
    """Accounts whose roles must exist and trust the caller; into others anybody gets, as moto has it."""
    actions_may_meet: bool = False
    """Whether a group may have two scheduled actions at one moment, as some of AWS's words have it."""
    tokens_required: bool = False
    """Whether launches that do not ask for IMDSv2 are denied, as by the usual service control policy."""
    failing_refreshes: int = 0
    """How many of the next instance refreshes fail."""
    without_capacity: set[str] = field(default_factory=set)
    """Instance types that a zone has none of, as ``m5.large/eu-west-1a``, or a host, as ``m5.large/eu-west-1a/h-0123``: nothing of
    them is started."""
    over_quota: set[str] = field(default_factory=set)
    """Instance types that the account may run no more of."""
    denied_instances: set[str] = field(default_factory=set)
    """Ids of instances that a policy lets nobody start or stop."""
    failing_launches: set[str] = field(default_factory=set)
    """Names of groups that cannot launch anything: what they were asked for is kept, and an activity fails."""
    read_units: dict[str, float] = field(default_factory=dict)
    """What is left of the read capacity of tables, by name, as of provisioned ones: beyond it reads are refused."""
    index_writes: dict[str, float] = field(default_factory=dict)
    """Units of writes that each key of a table's indexes takes with each transaction, by name of the table; what needs more has
    to wait for it."""
    interrupted: set[str] = field(default_factory=set)
    """Ids of instances that AWS stopped, as it wanted their Spot capacity back."""
    failing_starts: set[str] = field(default_factory=set)
    """Ids of instances whose starts are accepted and taken back: pending, then stopped again."""


@dataclass(slots=True)
class SandboxState:
    """Everything that can be set."""

    delays: Delays = field(default_factory=Delays)
    settings: SandboxSettings = field(default_factory=SandboxSettings)

    def reset(self) -> None:
        """Set everything back to how a fresh sandbox has it."""
        self.delays, self.settings = Delays(), SandboxSettings()


STATE = SandboxState()


def kept(backend: Any, name: str, empty: Kept) -> Kept:
    """Return what a rule keeps beside a backend of moto, of one account and region: a reset forgets it."""
    found: Kept = vars(backend).setdefault(f"sandbox_{name}", empty)
    return found


@dataclass(slots=True)
class Waiting:
    """A state that shows for some more looks."""

    looks: int
    become: Callable[[], None]
    """Puts the next state in place."""


def waiting(backend: Any) -> dict[str, Waiting]:
    """Return what waits in a backend (EC2's or Auto Scaling's), by instance id."""
    return kept(backend, "waiting", {})


def wait(backend: Any, instance_id: str, looks: int, become: Callable[[], None]) -> None:
    """Let the present state of an instance or member show for that many looks."""
    waiting(backend)[instance_id] = Waiting(looks, become)


def look(backend: Any) -> None:
    """Count one look at everything that waits; what has waited long enough goes on."""
    for instance_id, state in list(waiting(backend).items()):
        if state.looks > 0:
            state.looks -= 1
        else:
            finish(backend, instance_id)


def finish(backend: Any, instance_id: str) -> None:
    """Let the next state show at once, if one waits."""
    state = waiting(backend).pop(instance_id, None)
    if state is not None:
        state.become()
