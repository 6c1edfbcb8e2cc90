"""One group as the accepted documents want it: everything that can be said without looking at an account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from controller.decisions.role_schedules import Compiled
from controller.kinds.parts.server_role import ScalingSchedule
from controller.model.ref import Origin
from controller.scheduling.group_sizes import RoleSizes


class Volume(NamedTuple):
    """A disk of each instance."""

    device: str
    size: int
    """GB."""
    type: str
    """``gp2`` or ``standard``."""
    encrypted: bool

    def __str__(self) -> str:
        """Print as plans show it: ``10 GB standard, encrypted``."""
        return f"{self.size} GB {self.type}{', encrypted' if self.encrypted else ''}"


OS_DEVICE = "/dev/sda1"
DATA_DEVICE = "/dev/sda2"


class Power(NamedTuple):
    """What decides whether the group's instances are to run."""

    environment: Compiled
    role: Compiled | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDesign:
    """A group that is wanted. ``tags`` have the installation's keys; the Schedule tag is apart.

    ``schedule_tag`` is None where the role has no schedule: a tag somebody else writes is left then. ``image`` is the
    role's wish, not yet an image.
    """

    name: str
    environment: str
    environment_type: str
    role: str
    runtime_role: str
    origin: Origin
    sizes: RoleSizes
    power: Power
    subnets: tuple[str, ...]
    vpc_id: str
    tags: Mapping[str, str]
    schedule_tag: str | None
    image: str
    follows_image: bool
    instance_type: str
    profile: str
    security_groups: tuple[str, ...]
    """Those of the role; the platform's come with the image."""
    secure: bool
    key_pair: str
    """Empty for none."""
    volumes: tuple[Volume, ...]
    user_data: str
    detailed_monitoring: bool
    termination_delay: int
    """Minutes; 0 for no hook."""
    notifications: Mapping[str, tuple[str, ...]]
    """ARN of a topic -> events, in order."""
    min_healthy_percent: int | None
    """Of an instance refresh; None where a changed template only reaches new instances."""
    scaling_schedules: tuple[ScalingSchedule, ...]
    no_bulk_patch: bool
    """The environment's type protects BULK_PATCH_AMI: instances are not replaced for an image."""

    @property
    def rollout(self) -> str:
        """What the mark says: ``none``, or ``instanceRefresh 90``."""
        percent = self.min_healthy_percent
        return "none" if percent is None else f"instanceRefresh {percent}"
