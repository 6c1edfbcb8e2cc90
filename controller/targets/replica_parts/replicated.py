"""What may be copied into the accounts: which tables, what of an item, and how a copy is called and marked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.aws.items import Item
from controller.errors import WrongUsage
from controller.kinds import (
    account,
    cluster,
    deployment_map,
    environment,
    environment_type,
    load_balancer_setting,
    notification_settings,
    permission,
    service,
    upstream,
)
from controller.kinds.language.kind import Kind
from controller.ledger.records import Redact
from controller.ledger.redaction import redactor
from controller.model.canonical import digest, projection_digest
from controller.model.live import LiveScope
from controller.model.ref import ResourceRef
from controller.model.table import TableDefinition
from controller.targets.table_items.item_form import AUDIT, MANAGED, dump_plain

REPLICA: Final = "Replica"
"""Kind of the objects, and the attribute that marks a copy: ``Replica{By, SourceDigest, At}``."""
NO_EXTRA: Final = b"{}"

_KINDS: Final[Mapping[str, Kind[Any]]] = {
    module.KIND.name: module.KIND
    for module in (
        account,
        cluster,
        deployment_map,
        environment,
        environment_type,
        load_balancer_setting,
        notification_settings,
        permission,
        service,
        upstream,
    )
}


@dataclass(frozen=True, slots=True)
class Replicated:
    """The tables that are copied, by logical name, with what hides their sensitive values."""

    tables: Mapping[str, TableDefinition]
    prefix: str
    redact: Redact

    def key_of(self, table: str, item: Mapping[str, Any]) -> Item:
        """Return an item's key. Raises KeyError for an item that has none."""
        return self.tables[table].key_of(item)

    def ref(self, scope: LiveScope, table: str, item: Mapping[str, Any]) -> ResourceRef:
        """Return what the copy of an item (or key) is called: ``<scope>/<table>/<key>``."""
        key = ",".join(str(part) for part in self.key_of(table, item).values())
        return ResourceRef(REPLICA, f"{scope.name}/{table}/{key}")

    def content(self, table: str, item: Mapping[str, Any]) -> bytes:
        """Return what is compared of an item, as canonical JSON: all that is neither mark nor audit, secrets as digests."""
        plain = {
            name: value for name, value in item.items() if name not in (AUDIT, MANAGED, REPLICA)
        }
        return dump_plain({table: self.redact(table, plain)})


def replicated(names: Iterable[str], prefix: str, installation: str) -> Replicated:
    """Return the tables of the kinds and tables the settings name. Raises WrongUsage for what is neither."""
    by_table = {table.name: table for kind in _KINDS.values() for table in kind.tables}
    tables: dict[str, TableDefinition] = {}
    for name in names:
        if name in _KINDS:
            tables |= {table.name: table for table in _KINDS[name].tables}
        elif name in by_table:
            tables[name] = by_table[name]
        else:
            known = ", ".join([*_KINDS, *sorted(by_table)])
            raise WrongUsage(
                f"live.replicate: {name!r} is no kind or table that can be copied",
                fix=f"choose from {known}",
            )
    return Replicated(dict(sorted(tables.items())), prefix, redactor(_KINDS.values(), installation))


def content_digest(content: bytes) -> str:
    """Return the digest of what is compared; a copy keeps it as ``SourceDigest``."""
    return projection_digest(content, NO_EXTRA)


def state_digest(item: Mapping[str, Any]) -> str:
    """Return the digest of a whole item, mark and all: what a write is conditional on, without its secrets."""
    return digest(dump_plain(dict(item)))
