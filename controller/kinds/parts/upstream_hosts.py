"""Hosts of an upstream: given one by one, or the two slices of its service."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from controller.kinds.language.spec import Says, Spec

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
    port: Annotated[int, Field(ge=1, le=41000), Says("a port from 1 to 41000")] | None = None
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
    weight: Annotated[int, Field(ge=1, le=100), Says("a whole number from 1 to 100")] = 1
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


def host_facts(host: Host) -> HostFacts:
    """Say what rules ask of a host."""
    return HostFacts(host.dns_name, host.port, host.state, slice_of(host.dns_name))


def slice_of(name: str) -> str | None:
    """Return the slice a host's name ends in, None if it ends in none."""
    return _BY_NAME.get(name.rpartition("-")[2])


def expand_hosts(spec: Mapping[str, Any]) -> list[Any] | None:
    """Return the hosts an authored spec means: its own, or both slices in Consul; states follow from the live slice.

    None where the spec says too little.
    """
    hosts, live = spec.get("hosts"), spec.get("liveSlice")
    if hosts is None:
        environment, service = spec.get("environmentName"), spec.get("serviceName")
        if not (isinstance(environment, str) and isinstance(service, str)):
            return None
        if not _CONSUL_NAME.fullmatch(f"{environment}-{service}-green"):
            return None
        hosts = [{"dnsName": f"{environment}-{service}-{name}"} for name in SLICES]
    if not isinstance(hosts, list):
        return None
    return [_with_state(host, live) for host in hosts] if live in SLICES else hosts


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
        hosts = [
            {name: value for name, value in host.items() if name != "state"}
            if slice_of(str(host.get("dnsName")))
            else host
            for host in hosts
        ]
    spec["hosts"] = hosts
    if not hosts:
        del spec["hosts"]
        return spec
    plain = [
        {"dnsName": f"{spec.get('environmentName')}-{spec.get('serviceName')}-{name}"}
        for name in SLICES
    ]
    written = {"failTimeout": "30s", "weight": 1}
    if [_without(host, written) for host in hosts] == plain:
        del spec["hosts"]
    return spec


def _without(host: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in host.items()
        if name != "port" and (name not in defaults or defaults[name] != value)
    }
