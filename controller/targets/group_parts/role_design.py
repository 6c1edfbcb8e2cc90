"""One group as the accepted documents want it: everything that can be said of a role in an environment without looking at an account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from controller.decisions.power_map import Compiled, schedule_tag
from controller.decisions.tag_keys import LONGEST_VALUE
from controller.kinds.parts.role_facts import ZONE_LETTERS, zones_of
from controller.kinds.parts.server_role import ScalingSchedule, ServerRole
from controller.kinds.template import LONGEST_USER_DATA, UnsafeValue, filled_in, safe_value
from controller.model.accepted import AcceptedState
from controller.model.plan import Lack
from controller.model.ref import Origin
from controller.scheduling.group_sizes import RoleSizes
from controller.scheduling.schedule import InvalidSchedule
from controller.targets.group_parts.names import (
    role_profile,
    role_security_group,
    runtime_role,
    topic_arn,
)
from controller.targets.group_parts.old_user_data import ON_LINUX, ON_WINDOWS


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
    windows_user_data: str
    """What instances of Windows have in its place; the same but where the old product's images are to be served."""
    values: Mapping[str, str]
    """What variables of a template stand for here."""
    detailed_monitoring: bool
    metadata_tokens: str
    """``required``, ``optional``, or ``default`` where image and account decide."""
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

    @property
    def by_platform(self) -> bool:
        """Whether user data is what the old product's images expect: no Template goes by the platform."""
        return self.user_data != self.windows_user_data

    def disks(self, root: str) -> dict[str, str]:
        """Return each device with its disk; the OS volume is on the root device of the image, where that is another."""
        return {
            root if root and volume.device == OS_DEVICE else volume.device: str(volume)
            for volume in self.volumes
        }

    def user_data_on(self, platform: str) -> str:
        """Return the user data of instances of a platform (``Linux``, ``Windows``)."""
        return self.windows_user_data if platform == "Windows" else self.user_data


DEFAULT_VOLUME = (50, "SSD")
EVENTS = {
    "launch": "autoscaling:EC2_INSTANCE_LAUNCH",
    "launchError": "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "terminate": "autoscaling:EC2_INSTANCE_TERMINATE",
    "terminateError": "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
}
MONITORED_TYPE = "prod"
"""Environment type whose instances have detailed monitoring, in any case (domain rule)."""
BULK_PATCH = "BULK_PATCH_AMI"


class Refusal(Exception):
    """Why a role cannot be designed: ``lack`` says what is wrong, and what to do where that is known."""

    def __init__(self, what: str, fix: str = "") -> None:
        """Keep both apart."""
        self.lack = Lack(what, fix)
        super().__init__(what)


class Home(NamedTuple):
    """Where a role lives."""

    environment: str
    spec: Any
    """Of the environment."""
    type: Any
    """Spec of its type."""
    account: str
    """Number of the account."""
    region: str
    tag_keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RoleDesigner:
    """Designs the groups of one role in one environment: that of all slices, or those of single ones."""

    role: ServerRole
    home: Home
    cluster: Any
    power: Power
    origin: Origin
    accepted: AcceptedState

    def group(self, name: str, slice_name: str, sizes: RoleSizes) -> GroupDesign:
        """Return the design of one group, ``slice_name`` empty for all slices. Raises Refusal with what to correct."""
        role, home, cluster = self.role, self.home, self.cluster
        runtime, rollout = runtime_role(role.server_role_name, slice_name), role.rollout
        own_group = role_security_group(role.owning_cluster, role.server_role_name)
        values = self._variables(name, slice_name)
        user_data, windows_user_data = self._safe_user_data(values)
        return GroupDesign(
            name=name,
            environment=home.environment,
            environment_type=home.spec.environment_type,
            role=role.server_role_name,
            runtime_role=runtime,
            origin=self.origin,
            sizes=sizes,
            power=self.power,
            subnets=_subnets(role, home),
            vpc_id=home.type.vpc_id,
            tags=self._tags(runtime),
            schedule_tag=_schedule_tag(role, self.accepted),
            image=role.ami,
            follows_image=role.image_policy == "follow",
            instance_type=role.instance_type,
            profile=role.instance_profile_name
            or role_profile(role.owning_cluster, role.server_role_name),
            security_groups=tuple(role.security_groups or (own_group,)),
            secure=role.security_zone == "Secure",
            key_pair=role.cluster_key_name or cluster.key_pair or "",
            volumes=_volumes(role),
            user_data=user_data,
            windows_user_data=windows_user_data,
            values=values,
            detailed_monitoring=home.spec.environment_type.lower() == MONITORED_TYPE,
            metadata_tokens=role.metadata_tokens or "required",
            termination_delay=role.termination_delay or 0,
            notifications=_notifications(role, home),
            min_healthy_percent=None
            if rollout is None or rollout == "none"
            else rollout.instance_refresh.min_healthy_percent,
            scaling_schedules=tuple(role.scaling_schedules or ()),
            no_bulk_patch=_no_bulk_patch(self.accepted, home.environment),
        )

    @property
    def _contact(self) -> str:
        return str(self.role.contact_email_tag or self.cluster.group_email_address or "")

    def _tags(self, runtime: str) -> Mapping[str, str]:
        role, home, cluster = self.role, self.home, self.cluster
        usual = {
            "EnvironmentType": home.spec.environment_type,
            "Environment": home.environment,
            "OwningCluster": role.owning_cluster,
            "OwningTeam": role.owning_cluster,
            "OwningClusterShortName": cluster.short_name,
            "Role": runtime,
            "SecurityZone": role.security_zone,
            "ContactEmail": self._contact,
        }
        return {key: usual[name] for name, key in home.tag_keys.items() if name in usual}

    def _safe_user_data(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Return the user data of instances that are not Windows, and of those that are."""
        try:
            if self.role.user_data is None and self.accepted.options.old_user_data:
                return filled_in(ON_LINUX, values), filled_in(ON_WINDOWS, values)
            text = self._user_data(values)
        except UnsafeValue as unsafe:
            raise Refusal(
                f"user data of role {self.role.server_role_name} is not made: {unsafe}", unsafe.fix
            ) from None
        return text, text

    def _user_data(self, values: Mapping[str, str]) -> str:
        role = self.role
        if role.user_data is None:
            lines = (
                ("ProjectCode", role.project_code_tag),
                ("RemovalDate", role.removal_date_tag),
                ("PuppetRole", role.puppet_role),
            )
            return "".join(f"{key}={safe_value(key, value)}\n" for key, value in lines if value)
        template = self.accepted.spec("Template", role.user_data)
        if template is None:
            raise Refusal(f"its Template {role.user_data} cannot be read back from the tables")
        try:
            text = filled_in(template.text, values)
        except KeyError as error:
            raise Refusal(
                f"Template {role.user_data} names {error}, which is no variable"
            ) from None
        if len(text.encode()) > LONGEST_USER_DATA:
            raise Refusal(
                f"Template {role.user_data} filled in has {len(text.encode())} bytes; user data has at most"
                f" {LONGEST_USER_DATA}"
            )
        return text

    def _variables(self, group: str, slice_name: str) -> Mapping[str, str]:
        role, home = self.role, self.home
        consul = home.type.consul
        return {
            "environment": home.environment,
            "environmentType": home.spec.environment_type,
            "account": home.type.account,
            "accountNumber": home.account,
            "region": home.region,
            "group": group,
            "role": role.server_role_name,
            "runtimeRole": runtime_role(role.server_role_name, slice_name),
            "slice": slice_name,
            "owningCluster": role.owning_cluster,
            "clusterShortName": self.cluster.short_name,
            "securityZone": role.security_zone,
            "contactEmail": self._contact,
            "projectCode": role.project_code_tag or "",
            "removalDate": role.removal_date_tag or "",
            "puppetRole": role.puppet_role or "",
            "puppetBranch": home.type.puppet_branch or "",
            "consulDataCenter": consul.data_center if consul else "",
            "consulServers": ",".join(consul.servers) if consul else "",
        }


def _no_bulk_patch(accepted: AcceptedState, environment: str) -> bool:
    """Tell whether the environment's type is protected, be it as accepted or as applied last."""
    types = [state.type_of(environment) for state in accepted.both]
    return any(BULK_PATCH in (kind.protected_actions or ()) for kind in types if kind is not None)


def _subnets(role: ServerRole, home: Home) -> tuple[str, ...]:
    """Return the subnets of a role in the order of its zones (domain rule: a zone without a subnet is left out)."""
    subnets = home.type.subnets.get(role.subnet_type_name)
    if subnets is None:
        raise Refusal(
            f"EnvironmentType {home.spec.environment_type} has no subnets {role.subnet_type_name}",
            "add them, or name others",
        )
    offered = subnets.facts()
    if role.security_zone == "Secure" and not offered.secure:
        raise Refusal(
            f"subnets {role.subnet_type_name} of EnvironmentType {home.spec.environment_type} are not secure, the role is"
        )
    letters = zones_of(role.availability_zone_name, offered.zones)
    if not letters:
        raise Refusal(
            f"subnets {role.subnet_type_name} of EnvironmentType {home.spec.environment_type} are in none of the role's zones"
        )
    return tuple(
        str(getattr(subnets, f"availability_zone_{letter.lower()}"))
        for letter in letters
        if letter in ZONE_LETTERS
    )


def _schedule_tag(role: ServerRole, accepted: AcceptedState) -> str | None:
    if role.schedule is None:
        return role.schedule_tag
    text = schedule_tag(role.schedule, accepted)
    if isinstance(text, InvalidSchedule):
        raise Refusal(f"the schedule of role {role.server_role_name} cannot be told: {text}")
    if len(text) > LONGEST_VALUE:
        raise Refusal(
            f"the schedule of role {role.server_role_name} is {len(text)} characters long as a tag, which takes"
            f" {LONGEST_VALUE}",
            "give it fewer periods",
        )
    return text


def _volumes(role: ServerRole) -> tuple[Volume, ...]:
    """Return the disks (domain rules: one not listed is an SSD of 50 GB, a data volume of 0 GB is none)."""
    listed: dict[str, tuple[int, str]] = {
        volume.name: (volume.size, volume.type) for volume in role.volumes
    }
    found = []
    for name, device in (("OS", OS_DEVICE), ("Data", DATA_DEVICE)):
        size, kind = listed.get(name, DEFAULT_VOLUME)
        if name == "Data" and size == 0:
            continue
        ebs = "gp2" if kind.upper() == "SSD" else "standard"
        found.append(Volume(device, size, ebs, encrypted=name == "Data"))
    return tuple(found)


def _notifications(role: ServerRole, home: Home) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for notification in role.notifications or ():
        arn = topic_arn(notification.topic, home.region, home.account)
        events: list[str] = [*(notification.events or EVENTS)]
        found.setdefault(arn, set()).update(EVENTS[event] for event in events)
    return {arn: tuple(sorted(events)) for arn, events in sorted(found.items())}
