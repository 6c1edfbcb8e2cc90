"""What may be copied into the accounts, how a copy is called and marked, and what there is of copies and of their sources.

Copies are looked at first and then, never before, what they are copies of.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from controller.aws.errors import TableMissing, TablesNotReady
from controller.aws.items import Item
from controller.aws.tables import DynamoStore
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
from controller.ledger.ownership import is_ours_by_history
from controller.ledger.records import Redact
from controller.ledger.redaction import redactor
from controller.model.canonical import digest, projection_digest
from controller.model.live import LiveScope
from controller.model.observed import Mark, Observation, ObservedState, Ownership, ScopeState
from controller.model.ref import ResourceRef
from controller.model.table import TableDefinition
from controller.ports import LiveReads
from controller.targets.table_items.item_form import (
    AUDIT,
    MANAGED,
    dump_plain,
    load_plain,
    mark_id,
    mark_of,
)

REPLICA: Final = "Replica"
"""Kind of the objects, and the attribute that marks a copy: ``Replica{By, SourceDigest, At}``."""
NO_EXTRA: Final = b"{}"

SOURCES: Final = "sources"
"""Fact: ref of each copy whose source was read -> what was found of it (see ``found_source``)."""
MASTER: Final = "master"
"""Fact: whether the account is the master's own, whose tables are no copies."""

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


def what_is_copied(reads: LiveReads) -> Replicated:
    """Return what the settings say is copied. Raises WrongUsage."""
    options = reads.options
    return replicated(options.replicate, options.resource_prefix, reads.installation)


def observe_replicas(scope: LiveScope, reads: LiveReads) -> ObservedState:
    """Read the tables of an account.

    Raises TablesNotReady, with the commands that make what is missing, or for a table of another key; and as any read.
    """
    copied = what_is_copied(reads)
    objects: dict[ResourceRef, Observation] = {}
    missing: list[TableDefinition] = []
    for table, definition in copied.tables.items():
        try:
            for item in DynamoStore(reads.client("dynamodb")).scan(copied.prefix + table):
                original = mark_of(item.get(MANAGED))
                if original and original.by == reads.installation and REPLICA not in item:
                    # No copy but what copies are made of: the table is the master's own.
                    return ObservedState(scope.name, ScopeState.OK, {}, facts={MASTER: True})
                found = copy_found(copied, scope, table, item, reads.installation)
                objects[found.ref] = found
        except TableMissing:
            missing.append(definition.prefixed(copied.prefix))
    if missing:
        raise _not_ready(missing, scope)
    return ObservedState(scope.name, ScopeState.OK, objects)


def read_sources(
    asks: Iterable[str], observed: ObservedState, scope: LiveScope, reads: LiveReads
) -> ObservedState:
    """Read the sources of copies, later than the copies were: what is compared is never older than what it is compared with.

    ``asks`` are ``table`` and key in JSON, as ``ask`` writes them. Copies that lost their mark are told from what
    was made in the account, by the ledger.
    """
    if reads.master_account() == scope.account:
        return replace(observed, objects={}, facts={MASTER: True})
    copied = what_is_copied(reads)
    by_table: dict[str, list[Item]] = {}
    for question in asks:
        table, key = load_plain(question.encode())
        by_table.setdefault(table, []).append(key)
    sources: dict[str, Any] = dict(observed.facts.get(SOURCES, {}))
    objects = dict(observed.objects)
    client = reads.master("dynamodb")
    for table, keys in by_table.items():
        refs = {copied.ref(scope, table, key): key for key in keys}
        sources |= {str(ref): None for ref in refs}
        for item in DynamoStore(client).batch_get(copied.prefix + table, keys):
            ref = copied.ref(scope, table, item)
            sources[str(ref)] = found_source(copied, table, item, reads.installation)
        for ref in refs:
            known = objects.get(ref)
            if known is None or known.ownership is not Ownership.UNMANAGED:
                continue
            if is_ours_by_history(reads.history.of_item(ref.kind, ref.key, None)):
                objects[ref] = known._replace(ownership=Ownership.LOST_MARK)
    return replace(observed, objects=objects, facts={**observed.facts, SOURCES: sources})


def found_source(
    copied: Replicated, table: str, item: Mapping[str, Any], installation: str
) -> dict[str, Any]:
    """Return what is to be known of a source: its content, whose it is, when it was changed."""
    mark = mark_of(item.get(MANAGED))
    expected = mark_id(installation, copied.prefix + table, copied.key_of(table, item))
    audit = item.get(AUDIT)
    changed = audit.get("LastChanged") if isinstance(audit, Mapping) else None
    return {
        "content": copied.content(table, item).decode(),
        "ours": mark is not None and mark.by == installation and mark.id == expected,
        "changed": changed if isinstance(changed, str) else "",
    }


def ask(table: str, key: Mapping[str, Any]) -> str:
    """Write down which source is to be read."""
    return dump_plain([table, dict(key)]).decode()


def copy_found(
    copied: Replicated, scope: LiveScope, table: str, item: Item, installation: str
) -> Observation:
    """Return an item of an account's table as it is seen; whose it is says its mark. Raises TablesNotReady for one without the key."""
    try:
        ref = copied.ref(scope, table, item)
    except KeyError as error:
        raise _of_another_key(copied.tables[table].prefixed(copied.prefix), scope) from error
    content = copied.content(table, item)
    base = dump_plain(
        {"table": table, "key": copied.key_of(table, item), "state": state_digest(item)}
    )
    mark = _mark(item.get(REPLICA))
    ownership = Ownership.UNMANAGED
    if REPLICA in item:
        fits = mark is not None and mark.by == installation
        ownership = Ownership.OURS if fits else Ownership.FOREIGN
    return Observation(ref, content, content_digest(content), mark, ownership, base)


def _mark(found: object) -> Mark | None:
    match found:
        case {"By": str() as by, "SourceDigest": str() as source}:
            return Mark(by, "", "", "", 0, source, {})
    return None


def _of_another_key(table: TableDefinition, scope: LiveScope) -> TablesNotReady:
    key = " and ".join(attribute.name for attribute in table.key_attributes())
    return TablesNotReady(
        f"replicas: table {table.name} of account {scope.account} in {scope.region} has another key than {key}",
        fix="with rights in that account, make it anew with that key; or leave it out of live.replicate in the settings",
        facts={"part": "replicas"},
    )


def _not_ready(missing: Iterable[TableDefinition], scope: LiveScope) -> TablesNotReady:
    names, commands = [], ""
    for table in missing:
        keys = list(zip(table.key_attributes(), ("HASH", "RANGE"), strict=False))
        types = " ".join(f"AttributeName={key.name},AttributeType={key.type}" for key, _ in keys)
        schema = " ".join(f"AttributeName={key.name},KeyType={role}" for key, role in keys)
        names.append(table.name)
        commands += (
            f"\n    aws dynamodb create-table --region {scope.region} --table-name {table.name}"
            f" --attribute-definitions {types} --key-schema {schema} --billing-mode PAY_PER_REQUEST"
        )
    return TablesNotReady(
        f"replicas: account {scope.account} has no table {', '.join(names)} in {scope.region}",
        fix=f"with rights in that account, create what is missing:{commands}",
        facts={"part": "replicas"},
    )
