"""All groups one scope is to have: environments, their maps and their types put together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.decisions.power_map import compiled, roles_if_readable
from controller.decisions.tag_keys import written_keys
from controller.kinds.parts.server_role import ServerRole, Sizes, sizes_of
from controller.model.accepted import AcceptedState
from controller.model.live import LiveScope
from controller.model.plan import Lack
from controller.model.ref import Origin, ResourceRef
from controller.scheduling.group_sizes import RoleSizes
from controller.targets.group_parts.names import LONGEST_NAME, group_name, runtime_role
from controller.targets.group_parts.role_design import (
    Fleet,
    GroupDesign,
    Home,
    Power,
    Refusal,
    design_of,
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
    places = _Places(accepted, scope)
    for ref in accepted.of_kind("Environment"):
        found = places.home(ref)
        if isinstance(found, str):
            untold[ref.key] = found
        elif found is not None:
            if found.spec.lifecycle == "retired":
                continue
            try:
                roles = _roles(found, accepted)
                made = [
                    group for role in roles.values() for group in _groups(role, found, accepted)
                ]
            except Refusal as refusal:
                untold[ref.key] = str(refusal.lack)
                continue
            for name, design in made:
                if isinstance(design, Lack):
                    troubles[name] = design
                else:
                    groups[name] = design
    return Designs(groups, troubles, untold)


class _Places:
    """Tells of each environment type once whether its environments live in a scope."""

    def __init__(self, accepted: AcceptedState, scope: LiveScope) -> None:
        self._accepted = accepted
        self._scope = scope
        self._keys = written_keys(accepted.options.tag_keys)
        self._here: dict[str, bool | str] = {}

    def home(self, ref: ResourceRef) -> Home | str | None:
        """Return where an environment lives; None if elsewhere, text if that cannot be told."""
        spec = self._accepted.spec("Environment", ref.key)
        if spec is None:
            return self._accepted.unreadable.get(ref, "it cannot be read back from the tables")
        name = spec.environment_type
        if name not in self._here:
            self._here[name] = self._is_here(name)
        here = self._here[name]
        if isinstance(here, str):
            return here
        if not here:
            return None
        kind = self._accepted.spec("EnvironmentType", name)
        scope = self._scope
        return Home(
            environment=ref.key,
            spec=spec,
            type_name=name,
            type=kind,
            account_name=kind.account,
            account=scope.account,
            region=scope.region,
            tag_keys=self._keys,
        )

    def _is_here(self, name: str) -> bool | str:
        kind = self._accepted.spec("EnvironmentType", name)
        if kind is None:
            return f"its EnvironmentType {name} cannot be read back from the tables"
        account = self._accepted.spec("Account", kind.account)
        if account is None:
            return f"the Account {kind.account} of its type cannot be read back from the tables"
        region = kind.region or self._accepted.options.default_region
        return bool((account.account_number, region) == (self._scope.account, self._scope.region))


def _roles(home: Home, accepted: AcceptedState) -> Mapping[str, ServerRole]:
    """Return an environment's roles. Raises Refusal where its map cannot be read back."""
    roles = roles_if_readable(home.environment, accepted)
    if roles is None:
        of_map = accepted.spec("Environment", home.environment).deployment_map
        raise Refusal(f"its DeploymentMap {of_map} cannot be read back from the tables")
    return roles


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
    for slice_name, sizes in _slices(role):
        runtime = runtime_role(role.server_role_name, slice_name)
        name = group_name(home.environment, cluster.short_name, runtime)
        if len(name) > LONGEST_NAME:
            yield name, Lack(f"its name has {len(name)} characters; AWS takes {LONGEST_NAME}")
            continue
        origin = _origin(home, role, accepted)
        try:
            fleet = Fleet(name, slice_name, sizes, power, origin)
            yield name, design_of(fleet, role, home, cluster, accepted)
        except Refusal as refusal:
            yield name, refusal.lack


def _slices(role: ServerRole) -> Iterator[tuple[str, RoleSizes]]:
    settings = role.auto_scaling_settings
    whole = sizes_of(settings)
    if not role.fleet_per_slice:
        yield "", _role_sizes(role, whole)
        return
    for name in SLICES:
        own: Any = getattr(role.slices, name) if role.slices else None
        if role.slices is None or own is not None:
            yield name, _role_sizes(role, sizes_of(own).over(whole))


def _role_sizes(role: ServerRole, sizes: Sizes) -> RoleSizes:
    return RoleSizes(
        sizes.min or 0,
        sizes.desired or 0,
        sizes.max or 0,
        role.auto_scaling_settings.desired_owner == "external",
        role.when_off or "standby",
    )


def _origin(home: Home, role: ServerRole, accepted: AcceptedState) -> Origin:
    """Return where to look for what a group is: its environment where that says something of the role, else its map."""
    of_its_own = home.spec.roles and role.server_role_name in home.spec.roles
    ref = (
        ResourceRef("Environment", home.environment)
        if of_its_own
        else ResourceRef("DeploymentMap", home.spec.deployment_map)
    )
    return accepted.resources[ref].origin
