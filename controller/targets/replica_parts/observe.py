"""Looking at copies in an account, and then, never before, at what they are copies of."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from controller.aws.errors import TableMissing, TablesNotReady, aws_errors
from controller.aws.items import Item
from controller.aws.tables import DynamoStore
from controller.ledger.ownership import is_ours_by_history
from controller.model.live import LiveScope
from controller.model.observed import Mark, Observation, ObservedState, Ownership, ScopeState
from controller.model.ref import ResourceRef
from controller.model.table import TableDefinition
from controller.ports import LiveReads
from controller.targets.replica_parts.replicated import (
    REPLICA,
    Replicated,
    content_digest,
    replicated,
    state_digest,
)
from controller.targets.table_items.item_form import (
    AUDIT,
    MANAGED,
    dump_plain,
    load_plain,
    mark_id,
    mark_of,
)

SOURCES: Final = "sources"
"""Fact: ref of each copy whose source was read -> what was found of it (see ``found_source``)."""
MASTER: Final = "master"
"""Fact: whether the account is the master's own, whose tables are no copies."""


def what_is_copied(reads: LiveReads) -> Replicated:
    """Return what the settings say is copied. Raises WrongUsage."""
    options = reads.options
    return replicated(options.replicate, options.resource_prefix, reads.installation)


def observe_replicas(scope: LiveScope, reads: LiveReads) -> ObservedState:
    """Read the tables of an account. Raises TablesNotReady, with the commands that make what is missing, and as any read."""
    copied = what_is_copied(reads)
    objects: dict[ResourceRef, Observation] = {}
    missing: list[TableDefinition] = []
    for table, definition in copied.tables.items():
        try:
            for item in DynamoStore(reads.client("dynamodb")).scan(copied.prefix + table):
                if _is_original(item, reads.installation):
                    return ObservedState(scope.name, ScopeState.OK, {}, facts={MASTER: True})
                found = _observation(copied, scope, table, item, reads.installation)
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
    with aws_errors("replicas: ask AWS who the master is"):
        master = str(reads.master("sts").get_caller_identity()["Account"])
    if master == scope.account:
        return replace(observed, objects={}, facts={MASTER: True})
    copied = what_is_copied(reads)
    by_table: dict[str, list[Item]] = {}
    for question in asks:
        table, key = read_ask(question)
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
                objects[ref] = replace(known, ownership=Ownership.LOST_MARK)
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


def read_ask(text: str) -> tuple[str, Item]:
    """Read back what ``ask`` wrote."""
    table, key = load_plain(text.encode())
    return table, key


def _observation(
    copied: Replicated, scope: LiveScope, table: str, item: Item, installation: str
) -> Observation:
    ref = copied.ref(scope, table, item)
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


def _is_original(item: Item, installation: str) -> bool:
    """Tell whether an item is no copy but what copies are made of: then its table is the master's own."""
    mark = mark_of(item.get(MANAGED))
    return mark is not None and mark.by == installation and REPLICA not in item


def _mark(found: object) -> Mark | None:
    if not isinstance(found, Mapping):
        return None
    by, source = found.get("By"), found.get("SourceDigest")
    if not (isinstance(by, str) and isinstance(source, str)):
        return None
    return Mark(by, "", "", "", 0, source, {})


def _not_ready(missing: Iterable[TableDefinition], scope: LiveScope) -> TablesNotReady:
    tables = list(missing)
    names = ", ".join(table.name for table in tables)
    commands = "\n".join(f"    {_command(table, scope)}" for table in tables)
    return TablesNotReady(
        f"replicas: account {scope.account} has no table {names} in {scope.region}",
        fix=f"with rights in that account, create what is missing:\n{commands}",
        facts={"part": "replicas"},
    )


def _command(table: TableDefinition, scope: LiveScope) -> str:
    keys = table.key_attributes()
    attributes = " ".join(f"AttributeName={key.name},AttributeType={key.type}" for key in keys)
    roles = ("HASH", "RANGE")
    schema = " ".join(
        f"AttributeName={key.name},KeyType={role}" for key, role in zip(keys, roles, strict=False)
    )
    return (
        f"aws dynamodb create-table --region {scope.region} --table-name {table.name}"
        f" --attribute-definitions {attributes} --key-schema {schema} --billing-mode PAY_PER_REQUEST"
    )
