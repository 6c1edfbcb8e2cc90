"""LoadBalancerSetting: a virtual host of an environment."""

import re
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import Finding, Findings, Kind, NameFormat, Path, World
from controller.kinds.language.spec import RefTo, Says, ShortForm, Spec
from controller.kinds.parts.location import (
    SCHEMES,
    ErrorCode,
    IpRange,
    Lines,
    Location,
    proxied_host,
    proxied_upstream,
)
from controller.kinds.parts.routing import placement, type_facts, type_of
from controller.kinds.parts.texts import Text
from controller.model.ref import ResourceRef
from controller.model.table import Index, Items, KeyAttribute, TableDefinition

TABLE = TableDefinition(
    "InfraConfigLBSettings",
    KeyAttribute("EnvironmentName"),
    KeyAttribute("VHostName"),
    (Index("LoadBalancerGroup-index", KeyAttribute("LoadBalancerGroup")),),
)
COMMON_TYPE = "common"
_VARIABLE = re.compile(r"\$[A-Za-z0-9_]+")


class ListenOn(Spec):
    """A port the load balancers listen on. Short form: the number."""

    shorter: ClassVar[str] = "the number of a port"

    port: Annotated[int, Field(ge=1, le=65535), Says("a port from 1 to 65535")]


class LoadBalancerSettingSpec(Spec):
    """What a LoadBalancerSetting is. Its name is that of the virtual host (VHostName)."""

    environment_name: Annotated[Text, RefTo("Environment")]
    """Environment it belongs to; with its name its identity."""
    listen: list[
        Annotated[ListenOn, ShortForm({"type": "integer", "minimum": 1, "maximum": 65535})]
    ]
    """Ports the load balancers listen on."""
    server_name: Lines
    """Host names of requests it answers."""
    front_end: bool
    """Whether it is reached from outside."""
    locations: list[Location]
    """What happens to requests, by path."""
    set: Lines | None = None
    """Variables: "$name value"."""
    proxy_set_headers: Lines | None = None
    """Headers set on the way to the upstreams."""
    add_headers: Lines | None = None
    """Headers added to the answers."""
    site_in_maintenance: bool | None = None
    """Whether the maintenance page is shown."""
    custom_error_codes: list[ErrorCode] | None = None
    """Status codes with a page of their own."""
    restrict_to: list[IpRange] | None = None
    """Addresses that may ask; all may if there are none."""


class ProxyFacts(NamedTuple):
    """The target of one location."""

    place: int
    target: str
    variables: tuple[str, ...]


class LoadBalancerSettingFacts(NamedTuple):
    """What its own rules ask."""

    environment: str
    proxies: tuple[ProxyFacts, ...]


def _facts(_key: str, spec: LoadBalancerSettingSpec) -> LoadBalancerSettingFacts:
    return LoadBalancerSettingFacts(
        spec.environment_name,
        tuple(
            ProxyFacts(place, location.proxy_pass, location.variables())
            for place, location in enumerate(spec.locations)
            if location.proxy_pass is not None
        ),
    )


def _expand(spec: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(listen := spec.get("listen"), list):
        return spec
    return {**spec, "listen": [{"port": port} if type(port) is int else port for port in listen]}


def _project(key: str, spec: dict[str, Any]) -> Items:
    environment, _, host = key.partition("/")
    value = {"SchemaVersion": 1, "VHostName": host, **spec}
    return {TABLE.name: {"EnvironmentName": environment, "VHostName": host, "Value": value}}


def _recover(items: Items) -> tuple[str, dict[str, Any]]:
    item = items[TABLE.name]
    spec = {
        name: value
        for name, value in (item.get("Value") or {}).items()
        if name not in {"SchemaVersion", "VHostName"}
    }
    return str(item["VHostName"]), {**spec, "EnvironmentName": item["EnvironmentName"]}


def _derive(_ref: ResourceRef, facts: LoadBalancerSettingFacts, world: World) -> Items:
    place = placement(facts.environment, world)
    return {TABLE.name: dict(place)} if place else {}


def _has_load_balancers(
    _ref: ResourceRef, facts: LoadBalancerSettingFacts, world: World
) -> Findings:
    environment_type = type_facts(facts.environment, world)
    if environment_type is not None and not environment_type.has_load_balancers:
        name = type_of(facts.environment, world)
        yield Finding(
            ("spec", "environmentName"),
            f"EnvironmentType {name} of Environment {facts.environment} has no loadBalancers to serve a virtual host",
            f"add loadBalancers to EnvironmentType {name}",
        )


def _proxies_lead_somewhere(
    _ref: ResourceRef, facts: LoadBalancerSettingFacts, world: World
) -> Findings:
    for proxy in facts.proxies:
        at = ("spec", "locations", proxy.place, "proxyPass")
        host = proxied_host(proxy.target)
        if not host:
            yield Finding(
                at,
                f"{proxy.target!r} names no target; expected {' or '.join(SCHEMES)} and then a name",
                f"write for example http://{facts.environment}-Search",
            )
            continue
        upstream = proxied_upstream(proxy.target)
        if upstream is not None:
            yield from _same_type(facts.environment, upstream, at, world)
        elif _VARIABLE.fullmatch(host) and host not in proxy.variables:
            yield Finding(
                at,
                f"the variable {host} is not set in this location",
                f'add it to the location: set: ["{host} VALUE"]',
            )


def _same_type(environment: str, upstream: str, at: Path, world: World) -> Findings:
    """Find an upstream of another environment type; those of the type ``common`` serve all."""
    facts = world.facts("Upstream", upstream)
    if facts is None:
        return
    theirs, ours = type_of(facts.environment, world), type_of(environment, world)
    if theirs is None or ours is None or theirs == ours or theirs.lower() == COMMON_TYPE:
        return
    yield Finding(
        at,
        f"Upstream {upstream} belongs to EnvironmentType {theirs}, this virtual host to {ours};"
        " expected the same type, or one named common",
        f"name an upstream of an environment of type {ours}",
    )


KIND = Kind(
    name="LoadBalancerSetting",
    summary="A virtual host of an environment.",
    spec=LoadBalancerSettingSpec,
    tables=(TABLE,),
    project=_project,
    recover=_recover,
    identify=lambda item: f"{item['EnvironmentName']}/{item['VHostName']}",
    facts=_facts,
    key=lambda name, spec: f"{spec.environment_name}/{name}",
    expand=_expand,
    derive=_derive,
    rules=(_has_load_balancers, _proxies_lead_somewhere),
    names=NameFormat(
        r"^[A-Za-z0-9_.-]+$",
        64,
        "letters, digits, '_', '.' and '-', such as www.c50.acme.example",
        owned=True,
    ),
    yaml_places={
        ("VHostName",): ("metadata", "name"),
        ("Value", "VHostName"): ("metadata", "name"),
        ("AccountId",): ("spec", "environmentName"),
        ("LoadBalancerGroup",): ("spec", "environmentName"),
    },
)
