"""LoadBalancerSetting: a virtual host of an environment, with its locations as the load balancers' configuration takes them."""

import re
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from controller.kinds.environment import placement, type_facts, type_of, type_there
from controller.kinds.language.kind import (
    Elsewhere,
    Finding,
    Findings,
    Kind,
    NameFormat,
    Path,
    World,
)
from controller.kinds.language.read_by_others import item_as_read
from controller.kinds.language.spec import RefTo, Says, ShortForm, Spec
from controller.kinds.parts.texts import Text
from controller.model.ref import ResourceRef
from controller.model.table import Index, Items, KeyAttribute, TableDefinition, one_item

TABLE = TableDefinition(
    "InfraConfigLBSettings",
    KeyAttribute("EnvironmentName"),
    KeyAttribute("VHostName"),
    (Index("LoadBalancerGroup-index", KeyAttribute("LoadBalancerGroup")),),
)
_ITEM = one_item(TABLE, schema_version=1, derived=[("VHostName", ("metadata", "name"))])
COMMON_TYPE = "common"
_VARIABLE = re.compile(r"\$[A-Za-z0-9_]+")

Line = Annotated[str, Field(min_length=1, max_length=4096), Says("a line of text")]
Lines = list[Line]
ErrorCode = Annotated[
    str, Field(pattern=r"^([0-9]{3}|all)$"), Says('a quoted status code such as "404", or all')
]
IpRange = Annotated[
    str,
    Field(
        pattern=(
            r"^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}"
            r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(/(3[0-2]|[12]?[0-9]))?$"
        )
    ),
    Says("an IPv4 address or a range of them, such as 10.0.0.0/8"),
]
Interval = Annotated[str, Field(pattern=r"^[0-9]*[smh]$"), Says("a time such as 5s, 1m or 1h")]
Count = Annotated[int, Field(ge=0), Says("a whole number, 0 or more")]
Number = Annotated[int | float, Says("a number")]
ReturnCode = Annotated[
    Annotated[int, Field(ge=100, le=999)] | Annotated[str, Field(pattern=r"^[0-9]{3}$")],
    Says("a status code such as 301"),
]
SCHEMES = ("http://", "https://")


def proxied_host(proxy_pass: str) -> str | None:
    """Return the host of a proxy target, None if it does not begin with a scheme."""
    for scheme in SCHEMES:
        if proxy_pass.startswith(scheme):
            return proxy_pass.removeprefix(scheme).partition("/")[0]
    return None


def proxied_upstream(proxy_pass: str) -> str | None:
    """Return the name of the upstream a proxy target means, None if it means none.

    Domain rule: what follows the scheme is an upstream's name if it has neither a dot nor a ``$``.
    """
    host = proxied_host(proxy_pass)
    return host if host and "." not in host and "$" not in host else None


class HealthCheck(Spec):
    """How the load balancers find out whether a host is well."""

    interval: Interval | None = None
    fails: Count | None = None
    passes: Count | None = None
    uri: Annotated[Line | None, Field(serialization_alias="URI")] = None


class Rewrite(Spec):
    """One rewriting of the address."""

    condition: Line | None = None
    uri: Annotated[Line | None, Field(serialization_alias="URI")] = None
    state: Line | None = None


class Location(Spec):
    """What happens to requests whose path fits."""

    path: Line
    """Path of the requests, as nginx writes locations."""
    priority: Number | None = None
    """Order among the locations."""
    if_condition: Line | None = None
    """Condition around the location."""
    if_condition_priority: Number | None = None
    """Order among the conditions."""
    tokenise: bool | None = None
    proxy_set_headers: Lines | None = None
    """Headers set on the way to the upstream."""
    proxy_pass: Annotated[Line, RefTo("Upstream", read=proxied_upstream)] | None = None
    """Where requests go: http:// or https://, then an upstream's name, a host with a dot, or a variable."""
    health_check: HealthCheck | None = None
    proxy_http_version: (
        Annotated[str, Field(pattern=r"^[0-9](\.[0-9])?$"), Says('a quoted version such as "1.1"')]
        | None
    ) = None
    add_headers: Lines | None = None
    """Headers added to the answer."""
    return_code: ReturnCode | None = None
    return_uri: Annotated[Line | None, Field(serialization_alias="ReturnURI")] = None
    more_headers: Lines | None = None
    rewrite_condition: Line | None = None
    rewrite_uri: Annotated[Line | None, Field(serialization_alias="RewriteURI")] = None
    rewrite_state: Line | None = None
    rewrites: list[Rewrite] | None = None
    raw_nginx_config: Annotated[str, Field(min_length=1, max_length=65536)] | None = None
    """Text put into the configuration as it is."""
    set: Lines | None = None
    """Variables: "$name value"."""
    try_files: Line | None = None
    custom_error_codes: list[ErrorCode] | None = None
    cache_time: Line | None = None
    restrict_to: list[IpRange] | None = None
    """Addresses that may ask; all may if there are none."""

    def variables(self) -> tuple[str, ...]:
        """Return the variables the location sets: the first word of each entry."""
        return tuple(word for entry in self.set or () for word in entry.split(None, 1)[:1])


class ListenOn(Spec):
    """A port the load balancers listen on. Short form: the number."""

    shorter: ClassVar[str] = "the number of a port"

    port: Annotated[int, Field(ge=1, le=65535), Says("a port from 1 to 65535")]
    ssl: Annotated[bool | None, Field(serialization_alias="SSL")] = None
    """Whether it speaks TLS. Items of the old product have it; its page did not offer it."""
    ip: Annotated[Line | None, Field(serialization_alias="IP")] = None
    """Address to listen on. Items of the old product have it; its page did not offer it."""


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
    ssl_certificate: Annotated[Line | None, Field(serialization_alias="SSLCertificate")] = None
    """Where the certificate lies. Items of the old product have it; its page did not offer it."""
    ssl_key: Annotated[
        Line | None,
        Field(serialization_alias="SSLKey", json_schema_extra={"x-sensitive": True}),
    ] = None
    """Where its key lies. Items of the old product have it; its page did not offer it."""


class ProxyFacts(NamedTuple):
    """The target of one location."""

    place: int
    target: str
    variables: tuple[str, ...]


class VirtualHostFacts(NamedTuple):
    """What its own rules ask."""

    environment: str
    proxies: tuple[ProxyFacts, ...]


def _facts(_key: str, spec: LoadBalancerSettingSpec) -> VirtualHostFacts:
    return VirtualHostFacts(
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
    items = _ITEM["project"](host, {"VHostName": host, **spec})
    items[TABLE.name]["EnvironmentName"] = environment
    return items


def _recover(items: Items) -> tuple[str, dict[str, Any]]:
    name, spec = _ITEM["recover"](items)
    return name, {**spec, "EnvironmentName": items[TABLE.name]["EnvironmentName"]}


def _derive(_ref: ResourceRef, facts: VirtualHostFacts, world: World) -> Items:
    place = placement(facts.environment, world)
    return {TABLE.name: dict(place)} if place else {}


def _has_load_balancers(_ref: ResourceRef, facts: VirtualHostFacts, world: World) -> Findings:
    environment_type = type_facts(facts.environment, world)
    if environment_type is not None and not environment_type.has_load_balancers:
        name = type_of(facts.environment, world)
        yield Finding(
            ("spec", "environmentName"),
            f"EnvironmentType {name} of Environment {facts.environment} has no loadBalancers to serve a virtual host",
            f"add loadBalancers to EnvironmentType {name}",
            elsewhere=type_there(facts.environment, world),
        )


def _proxies_lead_somewhere(_ref: ResourceRef, facts: VirtualHostFacts, world: World) -> Findings:
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
        elsewhere=(
            Elsewhere.of("Upstream", upstream, "environmentName"),
            Elsewhere.of("Environment", facts.environment, "environmentType"),
            Elsewhere.of("Environment", environment, "environmentType"),
        ),
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
    read_by_others=lambda items: item_as_read(items, TABLE),
    rules=(_has_load_balancers, _proxies_lead_somewhere),
    unmanaged=frozenset({"Upstream"}),
    names=NameFormat(
        r"^[A-Za-z0-9_.-]+$",
        64,
        "letters, digits, '_', '.' and '-', such as www.c50.acme.example",
        owned=True,
    ),
    yaml_places={
        **_ITEM["yaml_places"],
        ("AccountId",): ("spec", "environmentName"),
        ("LoadBalancerGroup",): ("spec", "environmentName"),
    },
)
