"""Service: a deployable application, owned by exactly one cluster."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import Finding, Immutable, Items, Kind, Leaving, Path, Unique, World
from controller.kinds.language.spec import RefTo, Spec
from controller.model.ref import ResourceRef
from controller.model.table import KeyAttribute, TableDefinition

TABLE = TableDefinition("InfraConfigServices", KeyAttribute("ServiceName"))

Port = Annotated[int, Field(ge=40000, le=41000)]


class Dependency(Spec):
    """Something the service needs: the name of a service, or free text."""

    name: str


class Tag(Spec):
    """A free key and value."""

    key: str
    value: str


class ServiceSpec(Spec):
    """What a Service is."""

    owning_cluster: Annotated[str, RefTo("Cluster")]
    """Cluster (team) that owns the service and is paged when it fails."""
    blue_port: Port | None = None
    """Port of the blue slice. Unique over all services and both slices, and kept for good once set."""
    green_port: Port | None = None
    """Port of the green slice. Unique over all services and both slices, and kept for good once set."""


class ServiceFacts(NamedTuple):
    """What hosts of upstreams and other services ask."""

    blue_port: int | None
    green_port: int | None


def _project(key: str, spec: dict[str, Any]) -> Items:
    owner = spec.pop("OwningCluster")
    return {TABLE.name: {"ServiceName": key, "OwningCluster": owner, "Value": {"SchemaVersion": 1, **spec}}}


def _recover(items: Items) -> tuple[str, dict[str, Any]]:
    item = items[TABLE.name]
    value = {name: v for name, v in item.get("Value", {}).items() if name != "SchemaVersion"}
    return item["ServiceName"], {"OwningCluster": item.get("OwningCluster"), **value}


def _ports(facts: ServiceFacts) -> Iterable[tuple[Path, str | int]]:
    if facts.blue_port:
        yield ("spec", "bluePort"), facts.blue_port
    if facts.green_port:
        yield ("spec", "greenPort"), facts.green_port


KIND = Kind(
    name="Service",
    summary="A deployable application, owned by exactly one cluster.",
    spec=ServiceSpec,
    tables=(TABLE,),
    project=_project,
    recover=_recover,
    identify=lambda item: str(item["ServiceName"]),
    facts=lambda _key, spec: ServiceFacts(spec.blue_port, spec.green_port),
    key=lambda name, _spec: name,
    unique=(Unique("port", _ports),),
    immutable=(
        Immutable(TABLE.name, ("Value", "BluePort"), "hosts of upstreams point at it", unset=(None, 0)),
        Immutable(TABLE.name, ("Value", "GreenPort"), "hosts of upstreams point at it", unset=(None, 0)),
    ),
    leaving=Leaving.TOMBSTONE,
)
