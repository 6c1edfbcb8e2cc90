"""One account and region as a look found it: groups, their members, instances. No AWS dictionaries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

Tags = tuple[tuple[str, str], ...]
"""(key, value) in the order AWS gave them."""


class LiveScope(NamedTuple):
    """Where to look. ``name`` is ``<account name>/<region>``; ``account`` the 12-digit number."""

    name: str
    account: str
    region: str
    account_name: str

    @property
    def called(self) -> tuple[str, str, str]:
        """What it may be called where one is chosen: by its own name, or by its account's, with all of the account's others."""
        return self.name, self.account_name, self.account


class Member(NamedTuple):
    """One instance as its group lists it. ``template_version`` is empty for an instance of a launch configuration."""

    instance_id: str
    lifecycle: str
    zone: str
    template_id: str
    template_version: str
    healthy: bool
    protected_from_scale_in: bool = False


class _Tagged:
    __slots__ = ()
    tags: Tags

    def tag(self, key: str) -> str | None:
        """Return a tag's value by its exact key; None if there is no such tag."""
        return next((value for name, value in self.tags if name == key), None)


@dataclass(frozen=True, slots=True)
class FoundGroup(_Tagged):
    """One auto-scaling group. ``propagated`` are the keys of those tags new instances get."""

    name: str
    arn: str
    minimum: int
    desired: int
    maximum: int
    tags: Tags
    propagated: frozenset[str]
    subnets: tuple[str, ...]
    suspended: frozenset[str]
    members: tuple[Member, ...]
    template_id: str = ""
    template_name: str = ""
    template_version: str = ""
    launch_configuration: str = ""
    status: str = ""
    """``Delete in progress`` while AWS is deleting it, else empty."""
    created_at: datetime | None = None
    mixed: bool = False
    """It has a mixed instances policy, whose template is the one named here."""


@dataclass(frozen=True, slots=True)
class FoundInstance(_Tagged):
    """One EC2 instance that is not terminated. ``lifecycle`` is ``spot``, ``scheduled`` or empty (on demand).

    ``pool`` is where the capacity of a stopped one comes from besides its type and zone: tenancy, placement group, host, Outpost,
    reservation; empty for what is shared by all. ``launched_at`` is when it was started last. ``failed_start`` is AWS's reason where it is stopped because that start was
    taken back, else empty. ``interrupted`` is one that AWS stopped, as it wanted its Spot capacity back.
    """

    instance_id: str
    state: str
    tags: Tags
    launched_at: datetime | None
    private_ip: str = ""
    instance_type: str = ""
    zone: str = ""
    image_id: str = ""
    lifecycle: str = ""
    root_device: str = "ebs"
    failed_start: str = ""
    pool: str = ""
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class LiveLook:
    """Everything one light look at a scope gave, complete or not at all."""

    scope: LiveScope
    at: datetime
    groups: Mapping[str, FoundGroup] = field(default_factory=dict)
    instances: Mapping[str, FoundInstance] = field(default_factory=dict)
