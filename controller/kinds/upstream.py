"""Upstream: the hosts of a service in an environment, as load balancers see them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from controller.kinds.environment import placement, type_facts, type_of, type_there
from controller.kinds.language.kind import (
    Elsewhere,
    Finding,
    Findings,
    Kind,
    Leaving,
    NameFormat,
    SharedField,
    World,
)
from controller.kinds.language.read_by_others import item_as_read
from controller.kinds.language.spec import CONTROLLER_ONLY, RefTo, Says, Spec
from controller.kinds.parts.texts import Text
from controller.model.ref import ProblemCode, ResourceRef
from controller.model.table import Index, Items, KeyAttribute, TableDefinition

KEY = KeyAttribute("Key")
TABLE = TableDefinition(
    "InfraConfigLBUpstream",
    KEY,
    indexes=(
        Index("AccountId-index", KeyAttribute("AccountId"), KEY),
        Index("Environment-Key-index", KeyAttribute("Environment"), KEY),
        Index("LoadBalancerGroup-index", KeyAttribute("LoadBalancerGroup"), KEY),
    ),
)
DERIVED = frozenset({"Key", "AccountId", "LoadBalancerGroup", "SchemaVersion", "Upstream"})


SLICES = ("blue", "green")
_BY_NAME = {name: name for name in SLICES}
"""So that equal slices are one text."""

_CONSUL_NAME = re.compile(r"[^.\s]{1,63}")

DnsName = Annotated[
    str,
    Field(
        pattern=(
            r"^([^.\s]*-[^.\s]*"
            r"|([a-zA-Z0-9]+(-[a-zA-Z0-9]*){0,2}-)?[a-zA-Z0-9]+\.[^\s]+)$"
        ),
        max_length=63,
    ),
    Says(
        "a Consul service such as c50-Search-blue, or a DNS name with a dot whose first label has at most three"
        " hyphens, none at its ends; at most 63 characters"
    ),
]


class Host(Spec):
    """One host of an upstream."""

    dns_name: DnsName
    """Consul service, which has a hyphen and no dot, or DNS name."""
    port: Annotated[int, Field(ge=1, le=65535), Says("a port from 1 to 65535")] | None = None
    """Blue or green port of the service. Default for a name ending in -blue or -green: that port."""
    fail_timeout: Annotated[
        str,
        Field(pattern=r"^[0-9]{1,3}(ms|s|m|h)?$", max_length=4),
        Says("a time of at most 4 characters, such as 30s"),
    ] = "30s"
    """How long a host that failed is left alone."""
    max_fails: Annotated[int, Field(ge=0, le=100), Says("a whole number from 0 to 100")] | None = (
        None
    )
    """Failures after which a host is left alone."""
    weight: Annotated[int, Field(ge=0, le=100), Says("a whole number from 1 to 100")] = 1
    """Share of the requests."""
    state: Literal["up", "down"] | None = None
    """Whether it gets requests. Left to the pipelines where neither this nor liveSlice says."""


class HostFacts(NamedTuple):
    """What rules ask of a host."""

    name: str
    port: int | None
    state: str | None
    slice: str | None
    """The slice the name says."""
    weight: int = 1


def slice_of(name: str) -> str | None:
    """Return the slice a host's name ends in, None if it ends in none."""
    return _BY_NAME.get(name.rpartition("-")[2])


def _with_state(host: Any, live: Any) -> Any:
    if not isinstance(host, dict) or not isinstance(host.get("dnsName"), str):
        return host
    own = slice_of(host["dnsName"])
    if own is None or host.get("state") is not None:
        return host
    return {**host, "state": "up" if own == live else "down"}


def undo_hosts(spec: dict[str, Any]) -> dict[str, Any]:
    """Drop what the expansion would write again from a recovered spec (YAML names)."""
    hosts = spec.get("hosts")
    if not isinstance(hosts, list):
        return spec
    if spec.get("liveSlice") in SLICES:
        for host in hosts:
            if slice_of(str(host.get("dnsName"))):
                host.pop("state", None)
    prefix = f"{spec.get('environmentName')}-{spec.get('serviceName')}"
    given: dict[str, Any] = {"failTimeout": "30s", "weight": 1}
    plain = [{**given, "dnsName": f"{prefix}-{name}", "port": None} for name in SLICES]
    if [{**given, **host, "port": None} for host in hosts] == plain:
        del spec["hosts"]
    return spec


class UpstreamSpec(Spec):
    """What an Upstream is. Its name begins with that of its environment: c50-Search."""

    environment_name: Annotated[
        Text, RefTo("Environment"), Field(serialization_alias="Environment")
    ]
    """Environment whose instances it names."""
    service_name: Annotated[Text, RefTo("Service"), Field(serialization_alias="Service")]
    """Service that runs on its hosts."""
    live_slice: Annotated[Literal["blue", "green", "external"] | None, CONTROLLER_ONLY] = None
    """Which slice gets requests: ``blue`` or ``green`` gives each host its state, ``external`` (default) leaves the
    states to the pipelines."""
    hosts: list[Host] | None = None
    """Its hosts. Default: both slices of the service in Consul, with the service's ports. None at all: ``[]``."""
    load_balancing_method: Text = "least_conn"
    """How requests are shared out."""
    persistence_method: (
        Annotated[str, Field(min_length=1, max_length=100), Says("text of at most 100 characters")]
        | None
    ) = None
    """How requests of one visitor find the same host."""
    slow_start: (
        Annotated[str, Field(pattern=r"^[0-9]{1,2}[sm]$"), Says("a time such as 30s or 2m")] | None
    ) = None
    """How long a host that came up takes to get its full share."""
    upstream_keepalives: Annotated[
        int,
        Field(ge=1, le=500, serialization_alias="UpStreamKeepalives"),
        Says("a whole number from 1 to 500"),
    ] = 32
    """Connections each worker keeps open."""
    zone_size: Annotated[
        str,
        Field(min_length=1, max_length=10),
        Says("a size of at most 10 characters, such as 128k"),
    ] = "128k"
    """Memory the workers share."""
    mark_for_delete: bool | None = None
    """Whether it is about to be deleted. Set by the controller and other programs."""
    mark_for_delete_timestamp: (
        Annotated[int, Field(ge=0), Says("a time in milliseconds since 1970")] | None
    ) = None
    """When it is to be deleted, in milliseconds since 1970."""


class UpstreamFacts(NamedTuple):
    """What virtual hosts and its own rules ask."""

    environment: str
    service: str
    live_slice: str | None
    hosts: tuple[HostFacts, ...]
    are_named: bool
    """False where the hosts that it means have names that are too long."""


def _facts(_key: str, spec: UpstreamSpec) -> UpstreamFacts:
    return UpstreamFacts(
        spec.environment_name,
        spec.service_name,
        spec.live_slice if spec.live_slice in SLICES else None,
        tuple(
            [
                HostFacts(
                    host.dns_name, host.port, host.state, slice_of(host.dns_name), host.weight
                )
                for host in spec.hosts or ()
            ]
        ),
        spec.hosts is not None,
    )


def _expand(spec: dict[str, Any]) -> dict[str, Any]:
    """Write the hosts out that a spec means: its own, or both slices in Consul; states follow from the live slice.

    A spec that says too little is returned as it is.
    """
    hosts, live = spec.get("hosts"), spec.get("liveSlice")
    if hosts is None:
        environment, service = spec.get("environmentName"), spec.get("serviceName")
        if not (isinstance(environment, str) and isinstance(service, str)):
            return spec
        if not _CONSUL_NAME.fullmatch(f"{environment}-{service}-green"):
            return spec
        hosts = [{"dnsName": f"{environment}-{service}-{name}"} for name in SLICES]
    if isinstance(hosts, list) and live in SLICES:
        hosts = [_with_state(host, live) for host in hosts]
    return {**spec, "hosts": hosts}


def _project(key: str, spec: dict[str, Any]) -> Items:
    # Load balancers' configurator stops for all upstreams of a balancer where the key is absent; null counts.
    if "Hosts" in spec:
        spec = {**spec, "Hosts": [{"MaxFails": None, **host} for host in spec["Hosts"]]}
    item = {
        "Key": f"/{spec['Environment']}_{key}/config",
        "Upstream": key,
        "SchemaVersion": 1,
        **spec,
    }
    return {TABLE.name: item}


def _recover(items: Items) -> tuple[str, dict[str, Any]]:
    item = items[TABLE.name]
    spec = {name: value for name, value in item.items() if name not in DERIVED}
    if isinstance(hosts := spec.get("Hosts"), list):
        spec["Hosts"] = [
            {name: value for name, value in host.items() if (name, value) != ("MaxFails", None)}
            if isinstance(host, dict)
            else host
            for host in hosts
        ]
    return _identify(item), spec


def _identify(item: Mapping[str, Any]) -> str:
    name = item.get("Upstream")
    # "/<environment>_<upstream>/config"; an upstream's name has no underscore
    return str(name or item["Key"].removesuffix("/config").rpartition("_")[2])


def _derive(_ref: ResourceRef, facts: UpstreamFacts, world: World) -> Items:
    item: dict[str, Any] = dict(placement(facts.environment, world))
    service = world.facts("Service", facts.service)
    if service is not None:
        derived = {
            place: {"Port": port}
            for place, host in enumerate(facts.hosts)
            if host.port is None and host.slice and (port := getattr(service, host.slice))
        }
        if derived:
            item["Hosts"] = derived
    return {TABLE.name: item} if item else {}


def _name_fits(ref: ResourceRef, facts: UpstreamFacts, _world: World) -> Findings:
    start = f"{facts.environment}-"
    if not ref.key.startswith(start) or ref.key == start:
        yield Finding(
            ("metadata", "name"),
            f"{ref.key!r} does not begin with {start!r}, the name of its environment and a hyphen",
            f"name it {start}{facts.service}",
            # Only the page of the old product refused others, so its tables have them.
            warning=True,
            code=ProblemCode.OLD_NAME,
        )


def _has_hosts(_ref: ResourceRef, facts: UpstreamFacts, _world: World) -> Findings:
    if not facts.are_named:
        yield Finding(
            ("spec",),
            f"{facts.environment}-{facts.service}-green, the longer of its hosts' names in Consul, is no name of at"
            " most 63 characters without dots and spaces",
            "add hosts",
        )


def _ports_are_the_services(_ref: ResourceRef, facts: UpstreamFacts, world: World) -> Findings:
    service = world.facts("Service", facts.service)
    if service is None:
        return
    for place, host in enumerate(facts.hosts):
        if host.port is None:
            if host.slice is not None and not getattr(service, host.slice):
                yield Finding(
                    ("spec", "hosts", place),
                    f"host {host.name} needs the {host.slice} port of Service {facts.service}, which has none",
                    f"add {host.slice}Port to the service, or give the upstream hosts of its own",
                    elsewhere=(Elsewhere.of("Service", facts.service),),
                )
        elif service.blue and service.green and host.port not in service:
            yield Finding(
                ("spec", "hosts", place, "port"),
                f"Host port {host.port} does not match blue or green port of {facts.service}",
                f"write {service.blue} (blue) or {service.green} (green)",
                elsewhere=(Elsewhere.of("Service", facts.service, "bluePort"),),
            )


def _states_follow_live_slice(_ref: ResourceRef, facts: UpstreamFacts, _world: World) -> Findings:
    stateless = [host for host in facts.hosts if host.state is None]
    if facts.live_slice is None:
        if 0 < len(stateless) < len(facts.hosts):
            yield Finding(
                ("spec", "hosts"),
                f"host {stateless[0].name} has no state, others have; expected a state at each host or at none",
                "add the missing states, or remove them all to leave them to the pipelines",
            )
        return
    for place, host in enumerate(facts.hosts):
        at = ("spec", "hosts", place)
        if host.state is None:
            yield Finding(
                at,
                f"liveSlice {facts.live_slice} gives no state to host {host.name}, whose name ends in no slice",
                "write its state: up or down, or a name that ends in -blue or -green",
            )
        elif host.slice is not None and (host.state == "up") != (host.slice == facts.live_slice):
            yield Finding(
                (*at, "state"),
                f"host {host.name} is {host.state}, which contradicts liveSlice {facts.live_slice}",
                "remove the state, or correct liveSlice",
            )


def _weights_are_some(_ref: ResourceRef, facts: UpstreamFacts, _world: World) -> Findings:
    for place, host in enumerate(facts.hosts):
        if host.weight == 0:
            yield Finding(
                ("spec", "hosts", place, "weight"),
                f"host {host.name} has weight 0, which the page of the old product refused",
                "write a whole number from 1 to 100; state: down keeps requests from it",
                warning=True,
                code=ProblemCode.OLD_FORM,
            )


def _consul_is_there(_ref: ResourceRef, facts: UpstreamFacts, world: World) -> Findings:
    environment_type = type_facts(facts.environment, world)
    if environment_type is None or environment_type.has_consul:
        return
    in_consul = next((host.name for host in facts.hosts if "." not in host.name), None)
    if in_consul is not None:
        name = type_of(facts.environment, world)
        yield Finding(
            ("spec", "environmentName"),
            f"host {in_consul} is a Consul service, but EnvironmentType {name} has no consul",
            f"add consul to EnvironmentType {name}, or give hosts by DNS names",
            elsewhere=type_there(facts.environment, world),
        )


KIND = Kind(
    name="Upstream",
    summary="The hosts of a service in an environment, as load balancers see them.",
    spec=UpstreamSpec,
    tables=(TABLE,),
    project=_project,
    recover=_recover,
    identify=_identify,
    facts=_facts,
    expand=_expand,
    derive=_derive,
    read_by_others=lambda items: item_as_read(items, TABLE),
    rules=(
        _name_fits,
        _has_hosts,
        _ports_are_the_services,
        _states_follow_live_slice,
        _consul_is_there,
        _weights_are_some,
    ),
    shared=(
        SharedField(
            TABLE.name, ("Hosts", "*", "State"), default="down", identity=("DnsName", "Port")
        ),
        SharedField(TABLE.name, ("MarkForDelete",), default=False),
        SharedField(TABLE.name, ("MarkForDeleteTimestamp",), default=0),
    ),
    leaving=Leaving.MARK_THEN_DELETE,
    unmanaged=frozenset({"Service"}),
    names=NameFormat(r"^[a-zA-Z0-9-]+$", 100, "letters, digits and '-', such as c50-Search"),
    undo_derived=undo_hosts,
    yaml_places={
        ("Upstream",): ("metadata", "name"),
        ("Key",): ("metadata", "name"),
        ("AccountId",): ("spec", "environmentName"),
        ("LoadBalancerGroup",): ("spec", "environmentName"),
    },
)
