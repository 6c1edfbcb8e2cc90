"""Small kinds for tests of what works with any kind: one table, two tables, a table two kinds share, a name that is no key."""

from typing import Any

from controller.kinds.language.kind import Kind, SharedField
from controller.kinds.language.spec import Spec
from controller.model.canonical import canonical_bytes, projection_digest
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.model.table import Items, KeyAttribute, TableDefinition
from controller.planning.fields import comparable, owned_name

SERVICES = TableDefinition("InfraConfigServices", KeyAttribute("ServiceName"))
ENVIRONMENTS = TableDefinition("ConfigEnvironments", KeyAttribute("EnvironmentName"))
OPERATIONS = TableDefinition("InfraOpsEnvironment", KeyAttribute("EnvironmentName"))
ACCOUNTS = TableDefinition("InfraConfigAccounts", KeyAttribute("AccountNumber", "N"))
CONFIG = TableDefinition("EnvctlConfig", KeyAttribute("Kind"), KeyAttribute("Name"))
UPSTREAMS = TableDefinition("InfraConfigLBUpstream", KeyAttribute("Key"))


def _kind(
    name: str,
    tables: tuple[TableDefinition, ...],
    attribute: str,
    shared: tuple[SharedField, ...] = (),
) -> Kind[Any]:
    def recover(items: Items) -> tuple[str, dict[str, Any]]:
        item = items[tables[0].name]
        return str(item[attribute]), item

    return Kind(
        name=name,
        summary="For tests.",
        spec=Spec,
        tables=tables,
        project=lambda key, spec: {table.name: {attribute: key, **spec} for table in tables},
        recover=recover,
        identify=lambda item: str(item.get(attribute)),
        facts=lambda _key, _spec: None,
        key=lambda key, _spec: key,
        shared=shared,
    )


MAINTENANCE = SharedField(OPERATIONS.name, ("Value", "EnvironmentInMaintenance"), default=False)
STATE = SharedField(UPSTREAMS.name, ("Hosts", "*", "State"), "down", ("DnsName", "Port"))
SERVICE = _kind("Service", (SERVICES,), "ServiceName")
ENVIRONMENT = _kind("Environment", (ENVIRONMENTS, OPERATIONS), "EnvironmentName", (MAINTENANCE,))
ACCOUNT = _kind("Account", (ACCOUNTS,), "AccountName")
SCHEDULE = _kind("Schedule", (CONFIG,), "Name")
CALENDAR = _kind("Calendar", (CONFIG,), "Name")
UPSTREAM = _kind("Upstream", (UPSTREAMS,), "Upstream", (STATE,))
TOY_KINDS = (SERVICE, ENVIRONMENT, ACCOUNT, SCHEDULE, CALENDAR, UPSTREAM)
BY_NAME = {kind.name: kind for kind in TOY_KINDS}


def projection(
    ref: ResourceRef,
    items: Items,
    *,
    extra: dict[str, Any] | None = None,
    owned: tuple[SharedField, ...] = (),
    depends_on: tuple[ResourceRef, ...] = (),
) -> Projection:
    """Return what loading would make of an object with these items."""
    names = tuple(owned_name(field) for field in owned)
    kept = {**(extra or {}), **({"owned": list(names)} if names else {})}
    attributes = canonical_bytes(comparable(items, BY_NAME[ref.kind].shared, names))
    extra_bytes = canonical_bytes(kept)
    return Projection(
        ref,
        attributes,
        extra_bytes,
        projection_digest(attributes, extra_bytes),
        names,
        depends_on,
    )


def service(name: str, port: int = 40000, *depends_on: ResourceRef, **value: Any) -> Projection:
    """Return a Service that asks for one item."""
    item = {
        "ServiceName": name,
        "OwningCluster": "Tango",
        "Value": {"SchemaVersion": 1, "BluePort": port, **value},
    }
    return projection(ResourceRef("Service", name), {SERVICES.name: item}, depends_on=depends_on)


def environment(name: str, description: str = "for tests", **operations: Any) -> Projection:
    """Return an Environment that asks for its two items."""
    return projection(
        ResourceRef("Environment", name),
        {
            ENVIRONMENTS.name: {"EnvironmentName": name, "Value": {"Description": description}},
            OPERATIONS.name: {
                "EnvironmentName": name,
                "Value": {"ScheduleAutomatically": False, **operations},
            },
        },
    )
