"""DeploymentMap: the server roles that environments are made of."""

from typing import Annotated, Any

from pydantic import Field

from controller.kinds.language.fields import merge
from controller.kinds.language.kind import (
    AuthoredField,
    Elsewhere,
    Finding,
    Findings,
    Kind,
    World,
)
from controller.kinds.language.read_by_others import value_as_read
from controller.kinds.language.spec import Spec, partial_model
from controller.kinds.parts.role_facts import RoleFacts, meant_findings, role_facts, size_findings
from controller.kinds.parts.server_role import ServerRole, each_once, expand_role
from controller.kinds.schedule import ScheduleChoiceFacts, derived_expression
from controller.model.ref import ResourceRef
from controller.model.table import Items, KeyAttribute, TableDefinition, one_item

TABLE = TableDefinition("ConfigDeploymentMaps", KeyAttribute("DeploymentMapName"))

_TWO_ROLES = "{count} roles are named {name!r}; expected each name once"
ROLE_DEFAULTS = partial_model(
    ServerRole,
    "RoleDefaults",
    says="What every role of the map starts from: maps merge, lists replace, null clears.",
)


class DeploymentMapSpec(Spec):
    """What a DeploymentMap is. ``roleDefaults`` beside ``roles`` gives every role what it does not say itself."""

    roles: Annotated[
        list[ServerRole],
        Field(serialization_alias="DeploymentTarget"),
        each_once("server_role_name", _TWO_ROLES, "rename one of them"),
    ]
    """The server roles (DeploymentTarget)."""


DeploymentMapFacts = dict[str, RoleFacts]
"""What environments ask: the roles by name, in the order of the map."""


def _expand(spec: dict[str, Any]) -> dict[str, Any]:
    expanded = dict(spec)
    defaults: dict[str, Any] = {}
    if isinstance(spec.get("roleDefaults"), dict | None):
        defaults = expanded.pop("roleDefaults", None) or {}
    if isinstance(roles := spec.get("roles"), list):
        expanded["roles"] = [
            expand_role(merge(defaults, role) if isinstance(role, dict) else role) for role in roles
        ]
    return expanded


def _derive(_ref: ResourceRef, facts: DeploymentMapFacts, world: World) -> Items:
    derived: dict[int, dict[str, Any]] = {}
    for place, role in enumerate(facts.values()):
        own: dict[str, Any] = {}
        if not role.has_contact:
            cluster = world.facts("Cluster", role.owning_cluster)
            if cluster is not None and cluster.email:
                own["ContactEmailTag"] = cluster.email
        if role.schedule is not None:
            text = _schedule_tag(role.schedule, world)
            if text is not None:
                own["ScheduleTag"] = text
        if own:
            derived[place] = own
    return {TABLE.name: {"Value": {"DeploymentTarget": derived}}} if derived else {}


def _schedule_tag(choice: ScheduleChoiceFacts, world: World) -> str | None:
    if choice.mode != "automatic":
        return choice.mode
    return choice.expression or derived_expression(str(choice.use), world)


def _roles_make_sense(_ref: ResourceRef, facts: DeploymentMapFacts, world: World) -> Findings:
    for place, role in enumerate(facts.values()):
        at = ("spec", "roles", place)
        yield from meant_findings(role, at)
        yield from size_findings(role.sizes, role.slices, per_slice=role.fleet_per_slice, at=at)
        if role.schedule is not None and role.has_schedule_tag:
            yield Finding(
                (*at, "scheduleTag"),
                "schedule gives the tag already",
                "remove scheduleTag or schedule",
            )
        cluster = world.facts("Cluster", role.owning_cluster)
        if cluster is None:
            continue
        owner = (Elsewhere.of("Cluster", role.owning_cluster),)
        if not role.has_contact and not cluster.email:
            yield Finding.missing(
                at,
                "contactEmailTag",
                f" and Cluster {role.owning_cluster} has no groupEmailAddress",
                "add contactEmailTag to the role, or groupEmailAddress to the cluster",
                elsewhere=owner,
            )
        if world.compatibility != "none" and not role.has_key_pair and not cluster.has_key_pair:
            yield Finding.missing(
                at,
                "clusterKeyName",
                f" and Cluster {role.owning_cluster} has no keyPair",
                "add clusterKeyName to the role, or keyPair to the cluster",
                elsewhere=owner,
            )


def _services_by_role(items: Items) -> dict[str, Any]:
    """Return what deployments ask of a map: the services of each role. A list that is absent has none in it."""
    roles = value_as_read(items, TABLE).get("DeploymentTarget")
    return {
        str(role.get("ServerRoleName")): role.get("Services", [])
        for role in (roles if isinstance(roles, list) else ())
        if isinstance(role, dict)
    }


KIND = Kind(
    name="DeploymentMap",
    summary="The server roles that environments are made of.",
    spec=DeploymentMapSpec,
    **one_item(TABLE, schema_version=1),
    facts=lambda _key, spec: {role.server_role_name: role_facts(role) for role in spec.roles},
    expand=_expand,
    derive=_derive,
    read_by_others=_services_by_role,
    rules=(_roles_make_sense,),
    unmanaged=frozenset({"Service"}),
    authored_fields={"roleDefaults": AuthoredField(ROLE_DEFAULTS, expand_role)},
)
