"""What one environment has otherwise than its map says, role by role."""

from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import Field

from controller.kinds.language.merge import merge
from controller.kinds.language.partial import partial_model
from controller.kinds.language.spec import Spec
from controller.kinds.parts.role_facts import RoleFacts, slice_facts
from controller.kinds.parts.server_role import ServerRole
from controller.kinds.parts.sizes import NO_SIZES, AutoScalingSettings, Sizes, Slices, sizes_of

if TYPE_CHECKING:

    class RoleOverride(Spec):
        """The fields of a role that are asked for here; at run time it has all of them."""

        enabled: bool | None
        owning_cluster: str | None
        subnet_type_name: str | None
        security_zone: str | None
        availability_zone_name: str | list[str] | None
        auto_scaling_settings: AutoScalingSettings | None
        fleet_per_slice: bool | None
        slices: Slices | None
else:
    RoleOverride = partial_model(
        ServerRole,
        "RoleOverride",
        without=frozenset({"server_role_name"}),
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
    owning_cluster: str | None
    subnet_type: str | None
    security_zone: str | None
    zones: str | None
    sizes: Sizes
    fleet_per_slice: bool | None
    slices: tuple[tuple[str, Sizes], ...]

    def over(self, role: RoleFacts) -> RoleFacts:
        """Return the facts of the role as this environment has it."""
        slices = dict(role.slices)
        for name, sizes in self.slices:
            slices[name] = sizes.over(slices.get(name, NO_SIZES))
        return role._replace(
            owning_cluster=self.owning_cluster or role.owning_cluster,
            subnet_type=self.subnet_type or role.subnet_type,
            security_zone=self.security_zone or role.security_zone,
            zones=role.zones if self.zones is None else self.zones,
            sizes=self.sizes.over(role.sizes),
            fleet_per_slice=role.fleet_per_slice
            if self.fleet_per_slice is None
            else self.fleet_per_slice,
            slices=tuple(slices.items()),
        )


def override_facts(override: RoleOverride) -> RoleOverrideFacts:
    """Say what rules ask of an override."""
    zones = override.availability_zone_name
    return RoleOverrideFacts(
        override.enabled is not False,
        override.owning_cluster,
        override.subnet_type_name,
        override.security_zone,
        None if zones is None else "".join(zones),
        sizes_of(override.auto_scaling_settings),
        override.fleet_per_slice,
        slice_facts(override.slices),
    )


def effective_roles(
    map_spec: dict[str, Any], overrides: dict[str, Any] | None
) -> dict[str, ServerRole]:
    """Return the roles an environment has, by name: those of its map with the environment's overrides laid over them.

    Both are specs under YAML names with their short forms written out. A role that is not enabled is left out. Maps merge,
    but for a schedule, which is one choice.
    """
    roles = {}
    for role in map_spec["roles"]:
        name = role["serverRoleName"]
        override = dict((overrides or {}).get(name) or {})
        if override.pop("enabled", True):
            beneath = {**role, "schedule": None} if override.get("schedule") else role
            roles[name] = ServerRole.model_validate(merge(beneath, override))
    return roles
