"""Service: a deployable application, owned by exactly one cluster."""

from collections.abc import Iterable
from typing import Annotated, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import (
    Finding,
    Findings,
    Immutable,
    Kind,
    Leaving,
    NameFormat,
    Path,
    Unique,
    World,
)
from controller.kinds.language.read_by_others import value_as_read
from controller.kinds.language.spec import RefTo, Says, Spec
from controller.kinds.parts.texts import LongText, Text, Url
from controller.model.ref import ProblemCode, ResourceRef
from controller.model.table import Items, KeyAttribute, TableDefinition, one_item

TABLE = TableDefinition("InfraConfigServices", KeyAttribute("ServiceName"))

PORTS = range(40000, 41001)
"""Where ports of services are to lie. Only the page of the old product asked for it, so its tables have others."""
Port = Annotated[
    int,
    Field(ge=1, le=65535),
    Says(f"a port from {PORTS[0]} to {PORTS[-1]}; leave it out for none"),
]
ApplicationId = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,5}$"),
    Says('a quoted number of at most 5 digits, such as "01234"'),
]


LongUrl = Annotated[
    str, Field(min_length=1, max_length=2048), Says("an address of at most 2048 characters")
]


class Dependency(Spec):
    """Something the service needs: the name of a service, or free text."""

    name: Text


class Tag(Spec):
    """A free key and value."""

    key: Text
    value: Text


class ServiceSpec(Spec):
    """What a Service is."""

    owning_cluster: Annotated[Text, RefTo("Cluster")]
    """Cluster (team) that owns the service and is paged when it fails."""
    blue_port: Port | None = None
    """Port of the blue slice. Unique over all services and both slices, and kept for good once set."""
    green_port: Port | None = None
    """Port of the green slice. Unique over all services and both slices, and kept for good once set."""
    description: LongText | None = None
    """For people."""
    primary_contact: (
        Annotated[str, Field(min_length=1, max_length=50), Says("text of at most 50 characters")]
        | None
    ) = None
    """Whom to ask."""
    is_one: bool | None = None
    """Whether it was made by this company (1P)."""
    application_id: ApplicationId | None = None
    """Number in the list of applications."""
    dependencies: list[Dependency] | None = None
    """What it needs, for people."""
    tags: list[Tag] | None = None
    """Free keys and values."""
    documentation_url: Url | None = None
    """Where it is documented."""
    jira_url: Url | None = None
    """Where its issues are."""
    wiki_url: Url | None = None
    """Where its wiki is."""
    new_relic_url: Url | None = None
    """Where it is watched."""
    new_relic_insights_url: Url | None = None
    """Where its figures are."""
    elk_url: LongUrl | None = None
    """Where its logs are."""
    package_type: Text | None = None
    """For information; kept for older items."""


class ServiceFacts(NamedTuple):
    """What hosts of upstreams and other services ask: the port of each slice."""

    blue: int | None
    green: int | None


def _ports(facts: ServiceFacts) -> Iterable[tuple[Path, int]]:
    return [(("spec", f"{name}Port"), port) for name, port in facts._asdict().items() if port]


def _ports_are_in_their_range(_ref: ResourceRef, facts: ServiceFacts, _world: World) -> Findings:
    for path, port in _ports(facts):
        if port not in PORTS:
            yield Finding(
                path,
                f"port {port} is outside {PORTS[0]} to {PORTS[-1]}, where ports of services are to lie",
                "leave it where hosts of upstreams point at it already; else choose one inside",
                warning=True,
                code=ProblemCode.OLD_FORM,
            )


def _read_by_others(items: Items) -> dict[str, object]:
    value = value_as_read(items, TABLE)
    # Other programs take 0 for no port.
    ports = {name: value.get(name) or None for name in ("BluePort", "GreenPort")}
    return {"OwningCluster": items.get(TABLE.name, {}).get("OwningCluster"), **ports}


KIND = Kind(
    name="Service",
    summary="A deployable application, owned by exactly one cluster.",
    spec=ServiceSpec,
    # The old product wrote 0 where a slice has no port.
    **one_item(
        TABLE, schema_version=1, top=("OwningCluster",), zero_is_none=("BluePort", "GreenPort")
    ),
    facts=lambda _key, spec: ServiceFacts(spec.blue_port, spec.green_port),
    read_by_others=_read_by_others,
    rules=(_ports_are_in_their_range,),
    unique=(Unique("port", _ports),),
    immutable=tuple(
        Immutable(TABLE.name, ("Value", port), "hosts of upstreams point at it", unset=(None, 0))
        for port in ("BluePort", "GreenPort")
    ),
    leaving=Leaving.TOMBSTONE,
    unmanaged=frozenset({"Cluster"}),
    names=NameFormat(
        r"^[a-zA-Z]+[a-zA-Z0-9]*$",
        50,
        "letters and digits, beginning with a letter, such as Search",
        old=r"^[A-Za-z0-9_.-]+$",
    ),
)
