"""All groups one scope is to have: environments, their maps and their types put together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.decisions.power_map import compiled, roles_if_readable
from controller.decisions.tag_keys import written_keys
from controller.kinds.parts.server_role import ServerRole, sizes_of
from controller.model.accepted import AcceptedState
from controller.model.live import LiveScope
from controller.model.plan import Lack
from controller.model.ref import ResourceRef
from controller.scheduling.group_sizes import RoleSizes
from controller.targets.group_parts.names import LONGEST_NAME, group_name, runtime_role
from controller.targets.group_parts.role_design import (
    GroupDesign,
    Home,
    Power,
    Refusal,
    RoleDesigner,
)

SLICES = ("blue", "green")


@dataclass(frozen=True, slots=True)
class Designs:
    """What a scope is to have. ``untold`` are environments of which it cannot be told."""

    groups: Mapping[str, GroupDesign]
    troubles: Mapping[str, Lack] = field(default_factory=dict)
    """Group -> why it cannot be designed."""
    untold: Mapping[str, str] = field(default_factory=dict)
    """Environment -> why; their groups are left as they are."""


def designs(accepted: AcceptedState, scope: LiveScope) -> Designs:
    """Return the groups a scope is to have."""
    groups: dict[str, GroupDesign] = {}
    troubles: dict[str, Lack] = {}
    untold: dict[str, str] = {
        ref.key: why for ref, why in accepted.unreadable.items() if ref.kind == "Environment"
    }
    keys = written_keys(accepted.options.tag_keys)
    places: dict[str, tuple[str, str] | str] = {}
    for ref in accepted.of_kind("Environment"):
        spec = accepted.spec("Environment", ref.key)
        if spec is None:
            why = "it cannot be read back from the tables"
            untold[ref.key] = accepted.unreadable.get(ref, why)
            continue
        type_name = spec.environment_type
        if type_name not in places:
            places[type_name] = _place(type_name, accepted)
        place = places[type_name]
        if isinstance(place, str):
            untold[ref.key] = place
            continue
        if place != (scope.account, scope.region) or spec.lifecycle == "retired":
            continue
        kind = accepted.spec("EnvironmentType", type_name)
        home = Home(ref.key, spec, kind, scope.account, scope.region, keys)
        roles = roles_if_readable(ref.key, accepted)
        if roles is None:
            read = spec.deployment_map
            untold[ref.key] = f"its DeploymentMap {read} cannot be read back from the tables"
            continue
        try:
            made = [group for role in roles.values() for group in _groups(role, home, accepted)]
        except Refusal as refusal:
            untold[ref.key] = str(refusal.lack)
            continue
        for name, design in made:
            if isinstance(design, Lack):
                troubles[name] = design
            else:
                groups[name] = design
    return Designs(groups, troubles, untold)


def _place(type_name: str, accepted: AcceptedState) -> tuple[str, str] | str:
    """Return the account's number and the region the environments of a type live in; text where that cannot be told."""
    kind = accepted.spec("EnvironmentType", type_name)
    if kind is None:
        return f"its EnvironmentType {type_name} cannot be read back from the tables"
    account = accepted.spec("Account", kind.account)
    if account is None:
        return f"the Account {kind.account} of its type cannot be read back from the tables"
    return account.account_number, kind.region or accepted.options.default_region


def _groups(
    role: ServerRole, home: Home, accepted: AcceptedState
) -> Iterator[tuple[str, GroupDesign | Lack]]:
    cluster = accepted.spec("Cluster", role.owning_cluster)
    if cluster is None:
        # Its groups cannot even be named, so all of the environment's are left.
        raise Refusal(f"the Cluster {role.owning_cluster} cannot be read back from the tables")
    power = Power(
        compiled(home.spec.schedule, accepted),
        compiled(role.schedule, accepted) if role.schedule else None,
    )
    # Where to look for what a group is: its environment where that says something of the role, else its map.
    written = ResourceRef("DeploymentMap", home.spec.deployment_map)
    if home.spec.roles and role.server_role_name in home.spec.roles:
        written = ResourceRef("Environment", home.environment)
    origin = accepted.resources[written].origin
    designer = RoleDesigner(role, home, cluster, power, origin, accepted)
    for slice_name, sizes in _slices(role):
        runtime = runtime_role(role.server_role_name, slice_name)
        name = group_name(home.environment, cluster.short_name, runtime)
        if len(name) > LONGEST_NAME:
            yield name, Lack(f"its name has {len(name)} characters; AWS takes {LONGEST_NAME}")
            continue
        try:
            yield name, designer.group(name, slice_name, sizes)
        except Refusal as refusal:
            yield name, refusal.lack


def _slices(role: ServerRole) -> Iterator[tuple[str, RoleSizes]]:
    settings = role.auto_scaling_settings
    whole = sizes_of(settings)
    own: dict[str, Any] = {"": None}
    if role.fleet_per_slice:
        own = {name: getattr(role.slices, name) if role.slices else None for name in SLICES}
    for name, of_slice in own.items():
        if name and role.slices and of_slice is None:
            continue
        sizes = sizes_of(of_slice).over(whole) if name else whole
        yield (
            name,
            RoleSizes(
                sizes.min or 0,
                sizes.desired or 0,
                sizes.max or 0,
                settings.desired_owner == "external",
                role.when_off or "standby",
            ),
        )
