"""Environment: one running copy of a deployment map, with its schedule; and what virtual hosts and upstreams take from it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import (
    Elsewhere,
    Finding,
    Findings,
    Immutable,
    Kind,
    Leaving,
    NameFormat,
    SharedField,
    Unique,
    World,
    old_product_needs,
)
from controller.kinds.language.read_by_others import value_as_read
from controller.kinds.language.spec import CONTROLLER_ONLY, RefTo, Spec
from controller.kinds.parts.naming_pattern import matches
from controller.kinds.parts.role_facts import (
    RoleOverride,
    RoleOverrideFacts,
    override_facts,
    role_there,
    size_findings,
    subnet_findings,
    topic_findings,
)
from controller.kinds.parts.server_role import RoleName, expand_role
from controller.kinds.parts.texts import LongText, Text
from controller.kinds.schedule import (
    SHORT_TEXT,
    ScheduleChoice,
    ScheduleChoiceFacts,
    choice_findings,
    choice_of,
    derived_expression,
    expand_schedule,
    flags,
)
from controller.model.ref import ProblemCode, ResourceRef
from controller.model.table import Items, KeyAttribute, TableDefinition, one_item
from controller.scheduling.old_forms import old_meaning

CONFIG = TableDefinition("ConfigEnvironments", KeyAttribute("EnvironmentName"))
OPERATIONAL = TableDefinition("InfraOpsEnvironment", KeyAttribute("EnvironmentName"))
CONFIG_ITEM = one_item(CONFIG, schema_version=1)
OPERATIONAL_ITEM = one_item(OPERATIONAL)
SHARED = ("EnvironmentInMaintenance", "DeploymentsLocked")


AlertSettings = Literal["EnvironmentOwner", "ServiceOwner", "ContactEmailTag", "Custom"]


class EnvironmentSpec(Spec):
    """What an Environment is."""

    environment_type: Annotated[Text, RefTo("EnvironmentType")]
    """Its type: account, region and network. Kept for good."""
    owning_cluster: Annotated[Text, RefTo("Cluster")]
    """Cluster (team) that owns it."""
    deployment_map: Annotated[Text, RefTo("DeploymentMap")]
    """The server roles it is made of."""
    alert_settings: AlertSettings | None = None
    """Who is told when a health check fails that does not say itself. ``Custom`` needs notificationSettingsId."""
    notification_settings_id: Annotated[Text, RefTo("NotificationSettings")] | None = None
    """Who is told with alertSettings Custom."""
    description: LongText | None = None
    """For people."""
    schedule: Annotated[ScheduleChoice, SHORT_TEXT] = Field(
        default_factory=lambda: ScheduleChoice(mode="off")
    )
    """When its instances run. A new environment without one is off."""
    maintenance: Annotated[bool | None, Field(serialization_alias=SHARED[0])] = None
    """Whether it is in maintenance, for information. Left to other programs where the YAML does not say."""
    deployments_locked: bool | None = None
    """Whether deployments and changes of its groups are locked. Left to other programs where the YAML does not say."""
    lifecycle: Annotated[Literal["active", "retired"] | None, CONTROLLER_ONLY] = None
    """``retired`` ends its groups, upstreams and virtual hosts, in the run after the one that applies it; only then may its file go."""
    roles: Annotated[dict[RoleName, RoleOverride] | None, CONTROLLER_ONLY] = None
    """What differs from its map, by role."""


class EnvironmentFacts(NamedTuple):
    """What virtual hosts, upstreams and its own rules ask."""

    name: str
    environment_type: str
    deployment_map: str
    alert_settings: str | None
    has_notification_settings: bool
    schedule: ScheduleChoiceFacts
    retired: bool
    roles: tuple[tuple[str, RoleOverrideFacts], ...]
    says_when: bool = True
    """Whether it, or Defaults, give a schedule."""


def _facts(key: str, spec: EnvironmentSpec) -> EnvironmentFacts:
    return EnvironmentFacts(
        key,
        spec.environment_type,
        spec.deployment_map,
        spec.alert_settings,
        spec.notification_settings_id is not None,
        ScheduleChoiceFacts(spec.schedule.mode, spec.schedule.use, spec.schedule.expression),
        spec.lifecycle == "retired",
        tuple((name, override_facts(role)) for name, role in (spec.roles or {}).items()),
        "schedule" in spec.model_fields_set,
    )


def _expand(spec: dict[str, Any]) -> dict[str, Any]:
    expanded = dict(spec)
    if "schedule" in spec:
        expanded["schedule"] = expand_schedule(spec["schedule"])
    if isinstance(roles := spec.get("roles"), dict):
        expanded["roles"] = {name: expand_role(role) for name, role in roles.items()}
    return expanded


def _project(key: str, spec: dict[str, Any]) -> Items:
    config = dict(spec)
    operational = flags(config.pop("Schedule"))
    operational |= {shared: config.pop(shared) for shared in SHARED if shared in config}
    return CONFIG_ITEM["project"](key, config) | OPERATIONAL_ITEM["project"](key, operational)


def _recover(items: Items) -> tuple[str, dict[str, Any]]:
    key, spec = CONFIG_ITEM["recover"](items)
    operational = items.get(OPERATIONAL.name, {}).get("Value") or {}
    spec["Schedule"] = choice_of(operational)
    return key, spec | {shared: operational[shared] for shared in SHARED if shared in operational}


def _derive(_ref: ResourceRef, facts: EnvironmentFacts, world: World) -> Items:
    if facts.schedule.use is None:
        return {}
    text = derived_expression(facts.schedule.use, world)
    return {OPERATIONAL.name: {"Value": {"DefaultSchedule": text}}} if text else {}


def _schedule_as_written(items: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    """Return in its short form the choice that the items mean, whatever others left of them, with the Schedule it names."""
    value = items.get(OPERATIONAL.name, {}).get("Value")
    choice = choice_of(value if isinstance(value, Mapping) else {})
    if choice["Mode"] != "automatic":
        return str(choice["Mode"])
    return str(extra.get("schedule.use") or choice.get("Expression", "automatic"))


def _name_fits(ref: ResourceRef, facts: EnvironmentFacts, world: World) -> Findings:
    if world.compatibility != "none" and not (ref.key.isascii() and ref.key.isalnum()):
        yield Finding(
            ("metadata", "name"),
            f"{ref.key!r} has other characters than letters and digits; with compatibility environment-manager"
            " deployments to it would be refused",
            "use letters and digits alone",
        )
    environment_type = world.facts("EnvironmentType", facts.environment_type)
    if environment_type is None or environment_type.naming_pattern is None:
        return
    if not matches(environment_type.naming_pattern, ref.key):
        yield Finding(
            ("metadata", "name"),
            f"{ref.key!r} does not match the naming pattern {environment_type.naming_pattern!r} of EnvironmentType"
            f" {facts.environment_type}",
            "choose a name that matches, or change namingPattern of the type",
            code=ProblemCode.NAMING_PATTERN,
            elsewhere=(Elsewhere.of("EnvironmentType", facts.environment_type, "namingPattern"),),
        )


def _schedule_is_meant(_ref: ResourceRef, facts: EnvironmentFacts, _world: World) -> Findings:
    if not facts.says_when and not facts.retired:
        yield Finding(
            ("spec", "schedule"),
            "there is no schedule, so no instance ever runs but by an override",
            "write schedule: NAME of a Schedule, on or noschedule; or schedule: off where that is meant",
            warning=True,
        )
    yield from choice_findings(facts.schedule, ("spec", "schedule"))


def _alerts_reach_somebody(_ref: ResourceRef, facts: EnvironmentFacts, world: World) -> Findings:
    if facts.alert_settings == "Custom" and not facts.has_notification_settings:
        yield Finding(
            ("spec", "alertSettings"),
            "alertSettings Custom needs notificationSettingsId, which is missing",
            "add notificationSettingsId: NAME of a NotificationSettings, or choose another alertSettings",
        )
    fix = "add alertSettings: EnvironmentOwner, ServiceOwner, ContactEmailTag or Custom"
    fields = [("alertSettings", facts.alert_settings is not None, fix)]
    yield from old_product_needs(world, "each environment has it", fields)


def _roles_have_a_place(_ref: ResourceRef, facts: EnvironmentFacts, world: World) -> Findings:
    roles = world.facts("DeploymentMap", facts.deployment_map)
    environment_type = world.facts("EnvironmentType", facts.environment_type)
    if roles is None:
        return
    overrides = dict(facts.roles)
    for name in overrides:
        if name not in roles:
            known = ", ".join(roles) or "none"
            yield Finding(
                ("spec", "roles", name),
                f"DeploymentMap {facts.deployment_map} has no role {name!r}; its roles are {known}",
                "name one of them, or add the role to the map",
                elsewhere=(Elsewhere.of("DeploymentMap", facts.deployment_map, "roles"),),
            )
    for place, (name, role) in enumerate(roles.items()):
        override = overrides.get(name)
        effective = role
        if override is not None:
            if not override.enabled:
                continue
            effective = override.over(role)
            for found in size_findings(
                effective.sizes,
                effective.slices,
                per_slice=effective.fleet_per_slice,
                at=("spec", "roles", name),
            ):
                there = role_there((facts.deployment_map, place), *map(str, found.path[3:]))
                yield found._replace(elsewhere=(there,))
        if environment_type is not None and not facts.retired:
            at = ("spec", "deploymentMap") if override is None else ("spec", "roles", name)
            of_map = (facts.deployment_map, place)
            yield from subnet_findings(
                name, effective, facts.environment_type, environment_type.subnets, at, of_map
            )
            account = effective.topics and world.facts("Account", environment_type.account)
            if account:
                for found in topic_findings(name, effective.topics, account.number, at):
                    there = Elsewhere.of("Account", environment_type.account, "accountNumber")
                    yield found._replace(elsewhere=(role_there(of_map, "notifications"), there))


def placement(environment: str, world: World) -> dict[str, Any]:
    """Return AccountId and LoadBalancerGroup for something of an environment; empty where its type is not known.

    Domain rule: the group of load balancers is called like the environment type.
    """
    name = type_of(environment, world)
    kind = None if name is None else world.facts("EnvironmentType", name)
    account = kind and world.facts("Account", kind.account)
    return {"AccountId": account.number, "LoadBalancerGroup": name} if account else {}


def type_of(environment: str, world: World) -> str | None:
    """Return the name of an environment's type, None if there is no such environment."""
    facts: EnvironmentFacts | None = world.facts("Environment", environment)
    return None if facts is None else facts.environment_type


def type_there(environment: str, world: World) -> tuple[Elsewhere, ...]:
    """Return where an environment names its type, and that type's spec, for what is wrong because of it."""
    named = Elsewhere.of("Environment", environment, "environmentType")
    return named, Elsewhere.of("EnvironmentType", str(type_of(environment, world)))


def type_facts(environment: str, world: World) -> Any:
    """Return the facts of an environment's type, None if either does not exist."""
    name = type_of(environment, world)
    return None if name is None else world.facts("EnvironmentType", name)


def _read_by_others(items: Items) -> dict[str, Any]:
    """Return what schedulers, deployments and pages act on: what it is made of, its schedule's meaning, and its locks."""
    config, value = value_as_read(items, CONFIG), items.get(OPERATIONAL.name, {}).get("Value")
    operational = value if isinstance(value, Mapping) else {}
    made_of = ("EnvironmentType", "OwningCluster", "DeploymentMap", "AlertSettings")
    return {
        **{name: config.get(name) for name in made_of},
        "Schedule": _meaning(choice_of(operational)),
        **{name: operational.get(name) is True for name in SHARED},
    }


def _meaning(choice: Mapping[str, Any]) -> list[str]:
    """Return what schedulers make of a choice: its mode, or entries, zone and text as they mean the same in any spelling."""
    text = choice.get("Expression")
    if choice["Mode"] != "automatic":
        return [choice["Mode"]]
    schedule, obeyed = old_meaning(text if isinstance(text, str) else "")
    if schedule is None:
        # Nobody is switched by what is refused; what is obeyed by accident is like nothing else.
        return [str(text)] if obeyed else ["noschedule"]
    if schedule.fixed is not None:
        return [schedule.fixed.value]
    return [*(entry.text.lower() for entry in schedule.entries), schedule.zone]


KIND = Kind(
    name="Environment",
    summary="One running copy of a deployment map, with its schedule.",
    spec=EnvironmentSpec,
    tables=(CONFIG, OPERATIONAL),
    project=_project,
    recover=_recover,
    identify=CONFIG_ITEM["identify"],
    facts=_facts,
    expand=_expand,
    derive=_derive,
    read_by_others=_read_by_others,
    rules=(_name_fits, _alerts_reach_somebody, _schedule_is_meant, _roles_have_a_place),
    unique=(
        Unique("environment name", lambda facts: [(("metadata", "name"), facts.name.lower())]),
    ),
    immutable=(
        Immutable(
            CONFIG.name,
            ("Value", "EnvironmentType"),
            "its groups and routes live in the account and network of that type",
        ),
    ),
    shared=tuple(SharedField(OPERATIONAL.name, ("Value", name), default=False) for name in SHARED),
    leaving=Leaving.RETIRE_FIRST,
    unmanaged=frozenset({"Cluster", "NotificationSettings"}),
    names=NameFormat(
        r"^[a-zA-Z][0-9a-zA-Z._]*$",
        255,
        "letters, digits, '.' and '_' but no '-', beginning with a letter, such as c50",
    ),
    collapse_fields={"schedule": _schedule_as_written},
    yaml_places={
        **CONFIG_ITEM["yaml_places"],
        ("Value", "ScheduleAutomatically"): ("spec", "schedule", "mode"),
        ("Value", "ManualScheduleUp"): ("spec", "schedule", "mode"),
        ("Value", "DefaultSchedule"): ("spec", "schedule"),
    },
)
