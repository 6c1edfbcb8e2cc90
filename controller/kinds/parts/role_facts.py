"""What rules ask of server roles, and the checks that need a role together with where it runs."""

from collections.abc import Mapping
from typing import NamedTuple

from controller.kinds.language.kind import Finding, Findings, Path
from controller.kinds.parts.schedule_choice import ScheduleChoiceFacts, schedule_facts
from controller.kinds.parts.server_role import ServerRole
from controller.kinds.parts.sizes import Sizes, Slices, disorders, sizes_of
from controller.kinds.parts.subnets import SubnetFacts, zones_of


class RoleFacts(NamedTuple):
    """One role of a map."""

    owning_cluster: str
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


def role_facts(role: ServerRole) -> RoleFacts:
    """Say what rules ask of a role."""
    return RoleFacts(
        role.owning_cluster,
        role.contact_email_tag is not None,
        role.cluster_key_name is not None,
        role.schedule_tag is not None,
        schedule_facts(role.schedule) if role.schedule else None,
        role.subnet_type_name,
        role.security_zone,
        "".join(role.availability_zone_name or ()),
        sizes_of(role.auto_scaling_settings),
        role.fleet_per_slice,
        slice_facts(role.slices),
    )


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
    for inside, wrong in disorders(sizes, slices):
        yield Finding((*at, *inside), wrong, "correct the sizes")
    if slices and not per_slice:
        yield Finding(
            (*at, "slices"),
            "the role has one fleet for all slices, so no slice has a group of its own",
            "remove slices, or write fleetPerSlice: true",
        )


def subnet_findings(
    role: str, facts: RoleFacts, environment_type: str, offered: Mapping[str, SubnetFacts], at: Path
) -> Findings:
    """Find a role that has nowhere to run in environments of a type."""
    subnets = offered.get(facts.subnet_type)
    if subnets is None:
        yield Finding(
            at,
            f"role {role} runs in subnets of type {facts.subnet_type!r}, which EnvironmentType"
            f" {environment_type} has not; it has {', '.join(sorted(offered))}",
            f"give the role one of them as subnetTypeName, or add subnets.{facts.subnet_type} to the type",
        )
    elif facts.security_zone == "Secure" and not subnets.secure:
        yield Finding(
            at,
            f"role {role} is of the security zone Secure, but the subnets {facts.subnet_type} of EnvironmentType"
            f" {environment_type} are not secure",
            f"give the role secure subnets, or write secure: true at subnets.{facts.subnet_type} of the type",
        )
    elif not zones_of(facts.zones, subnets.zones):
        yield Finding(
            at,
            f"role {role} runs in zones {facts.zones.upper()} alone, but the subnets {facts.subnet_type} of"
            f" EnvironmentType {environment_type} are in zones {subnets.zones}",
            "give the role a zone that has a subnet as availabilityZoneName",
        )
