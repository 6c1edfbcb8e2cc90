"""What rules ask of server roles as a map and its environments have them, and the checks of that.

The checks need a role together with where it runs; an environment may have a role otherwise than its map says.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import Elsewhere, Finding, Findings, Path
from controller.kinds.language.spec import Spec, partial_model
from controller.kinds.parts.aws_names import instance_type_findings
from controller.kinds.parts.server_role import (
    NO_SIZES,
    AutoScalingSettings,
    Notification,
    ServerRole,
    Sizes,
    Slices,
    sizes_of,
)
from controller.kinds.schedule import ScheduleChoiceFacts, choice_findings
from controller.model.ref import ProblemCode

ZONE_LETTERS = "ABCDEF"


class SubnetFacts(NamedTuple):
    """What a subnet type offers."""

    zones: str
    """Letters of the zones that have a subnet: ``AB``."""
    secure: bool


def zones_of(wanted: str | list[str] | None, offered: str) -> str:
    """Return the letters of the zones a role runs in, in the order given.

    Absent or ``*`` means every zone with a subnet; a letter without a subnet is left out (domain rule of the tables'
    other readers).
    """
    letters = "".join(wanted or ()).upper()
    if letters in {"", "*"}:
        return offered
    return "".join(letter for letter in dict.fromkeys(letters) if letter in offered)


class RoleFacts(NamedTuple):
    """One role of a map."""

    owning_cluster: str
    instance_type: str
    has_contact: bool
    has_key_pair: bool
    has_schedule_tag: bool
    schedule: ScheduleChoiceFacts | None
    subnet_type: str
    security_zone: str
    zones: str
    sizes: Sizes
    fleet_per_slice: bool
    slices: tuple[tuple[str, Sizes], ...]
    topics: tuple[str, ...]
    """ARNs of topics that are given by ARN."""


def role_facts(role: ServerRole) -> RoleFacts:
    """Say what rules ask of a role."""
    schedule = role.schedule
    return RoleFacts(
        role.owning_cluster,
        role.instance_type,
        role.contact_email_tag is not None,
        role.cluster_key_name is not None,
        role.schedule_tag is not None,
        ScheduleChoiceFacts(schedule.mode, schedule.use, schedule.expression) if schedule else None,
        role.subnet_type_name,
        role.security_zone,
        "".join(role.availability_zone_name or ()),
        sizes_of(role.auto_scaling_settings),
        role.fleet_per_slice,
        slice_facts(role.slices),
        topic_arns(role.notifications) if role.notifications else (),
    )


def topic_arns(notifications: Iterable[Notification]) -> tuple[str, ...]:
    """Return the topics that are given by ARN: a name alone is of the environment's account."""
    return tuple(one.topic for one in notifications if one.topic.startswith("arn:"))


def topic_findings(role: str, topics: Iterable[str], account: str, at: Path) -> Findings:
    """Warn of topics of another account than the one a role's groups are in; ``at`` leads to the role."""
    for arn in topics:
        owner = arn.split(":")[4:5]
        if owner != [account]:
            yield Finding(
                at,
                f"role {role} tells the topic {arn}, which is not of account {account} where its groups are:"
                " whether it is there cannot be told, and the groups wait for it",
                f"name a topic of account {account}, or let the role of that account read this one (sns:GetTopicAttributes)",
                warning=True,
                code=ProblemCode.OTHER_ACCOUNT,
            )


def meant_findings(role: RoleFacts, at: Path) -> Findings:
    """Warn of what a role says and hardly means: an instance type AWS does not have, a schedule. ``at`` leads to the role."""
    if role.schedule is not None:
        yield from choice_findings(role.schedule, (*at, "schedule"))
    yield from instance_type_findings(role.instance_type, (*at, "instanceType"))


def slice_facts(slices: Slices | None) -> tuple[tuple[str, Sizes], ...]:
    """Return the slices that are named, with the sizes they give."""
    if slices is None:
        return ()
    named = (("blue", slices.blue), ("green", slices.green))
    return tuple((name, sizes_of(own)) for name, own in named if own is not None)


def size_findings(
    sizes: Sizes, slices: tuple[tuple[str, Sizes], ...], *, per_slice: bool, at: Path
) -> Findings:
    """Find sizes out of order, and slices of a role that has none. ``at`` leads to the role."""
    if wrong := sizes.disorder():
        yield Finding((*at, "autoScalingSettings"), wrong, "correct the sizes")
    for name, own in slices:
        if wrong := own.over(sizes).disorder():
            what = f"with the role's own sizes, {wrong}"
            yield Finding((*at, "slices", name), what, "correct the sizes")
    if slices and not per_slice:
        yield Finding(
            (*at, "slices"),
            "the role has one fleet for all slices, so no slice has a group of its own",
            "remove slices, or write fleetPerSlice: true",
        )


def role_there(of_map: tuple[str, int], *field: str) -> Elsewhere:
    """Return a field of a role, given the name of its map and its place among the map's roles."""
    name, place = of_map
    return Elsewhere.of("DeploymentMap", name, "roles", place, *field)


def subnet_findings(
    role: str,
    facts: RoleFacts,
    environment_type: str,
    offered: Mapping[str, SubnetFacts],
    at: Path,
    of_map: tuple[str, int],
) -> Findings:
    """Find a role that has nowhere to run in environments of a type. ``of_map`` is where its map has it."""
    subnets = offered.get(facts.subnet_type)
    if subnets is None:
        yield Finding(
            at,
            f"role {role} runs in subnets of type {facts.subnet_type!r}, which EnvironmentType"
            f" {environment_type} has not; it has {', '.join(sorted(offered))}",
            f"give the role one of them as subnetTypeName, or add subnets.{facts.subnet_type} to the type",
            elsewhere=(
                role_there(of_map, "subnetTypeName"),
                Elsewhere.of("EnvironmentType", environment_type, "subnets"),
            ),
        )
    elif facts.security_zone == "Secure" and not subnets.secure:
        yield Finding(
            at,
            f"role {role} is of the security zone Secure, but the subnets {facts.subnet_type} of EnvironmentType"
            f" {environment_type} are not secure",
            f"give the role secure subnets, or write secure: true at subnets.{facts.subnet_type} of the type",
            elsewhere=(
                role_there(of_map, "securityZone"),
                Elsewhere.of("EnvironmentType", environment_type, "subnets", facts.subnet_type),
            ),
        )
    elif not zones_of(facts.zones, subnets.zones):
        yield Finding(
            at,
            f"role {role} runs in zones {facts.zones.upper()} alone, but the subnets {facts.subnet_type} of"
            f" EnvironmentType {environment_type} are in zones {subnets.zones}",
            "give the role a zone that has a subnet as availabilityZoneName",
            elsewhere=(
                role_there(of_map, "availabilityZoneName"),
                Elsewhere.of("EnvironmentType", environment_type, "subnets", facts.subnet_type),
            ),
        )


if TYPE_CHECKING:

    class RoleOverride(Spec):
        """The fields of a role that are asked for here; at run time it has all of them."""

        enabled: bool | None
        subnet_type_name: str | None
        security_zone: str | None
        availability_zone_name: str | list[str] | None
        auto_scaling_settings: AutoScalingSettings | None
        fleet_per_slice: bool | None
        slices: Slices | None
        notifications: list[Notification] | None
else:
    RoleOverride = partial_model(
        ServerRole,
        "RoleOverride",
        enabled=(
            bool | None,
            Field(
                default=None,
                description="Whether the environment has the role at all. Default: true.",
            ),
        ),
    )


class RoleOverrideFacts(NamedTuple):
    """What rules ask of an override."""

    enabled: bool
    subnet_type: str | None
    security_zone: str | None
    zones: str | None
    sizes: Sizes
    fleet_per_slice: bool | None
    slices: tuple[tuple[str, Sizes], ...]
    topics: tuple[str, ...] | None

    def over(self, role: RoleFacts) -> RoleFacts:
        """Return the facts of the role as this environment has it."""
        slices = dict(role.slices)
        for name, sizes in self.slices:
            slices[name] = sizes.over(slices.get(name, NO_SIZES))
        effective = role._replace(sizes=self.sizes.over(role.sizes), slices=tuple(slices.items()))
        plain = ("subnet_type", "security_zone", "zones", "fleet_per_slice", "topics")
        own = {field: getattr(self, field) for field in plain}
        return effective._replace(
            **{name: value for name, value in own.items() if value is not None}
        )


def override_facts(override: RoleOverride) -> RoleOverrideFacts:
    """Say what rules ask of an override."""
    zones = override.availability_zone_name
    return RoleOverrideFacts(
        override.enabled is not False,
        override.subnet_type_name,
        override.security_zone,
        None if zones is None else "".join(zones),
        sizes_of(override.auto_scaling_settings),
        override.fleet_per_slice,
        slice_facts(override.slices),
        None if override.notifications is None else topic_arns(override.notifications),
    )
