"""How records of the ledger tell what they are of: the kinds there are, their entity types, and which of them name an environment."""

from typing import Any, TypedDict

from controller.catalog import live_targets
from controller.engine.installation.installation import Master
from controller.errors import WrongUsage
from controller.kinds.language.kind import Kind
from controller.ledger.records import POWER
from controller.model.closest import closest
from controller.targets.table_items.definitions import STATE_TABLE


def kind_named(text: str, master: Master, behind: str = "") -> Kind[Any]:
    """Return a kind of documents by its name; ``behind`` is what followed it. Raises WrongUsage for one that does not exist."""
    kind = master.kinds.get(text)
    if kind is None:
        meant = closest(text, master.kinds)
        hint = f"did you mean {meant}{behind}?" if meant else f"kinds: {', '.join(master.kinds)}"
        raise WrongUsage(f"there is no kind {text!r}", fix=hint)
    return kind


def live_kinds(master: Master) -> set[str]:
    """Return the kinds of what is in accounts."""
    targets = live_targets(master.settings.extensions)
    return {POWER, *(kind for target in targets for kind in target.kinds)}


class EntityTypes(TypedDict, total=False):
    """How records of one kind are told: by their entity types, and where kinds share a table by their key."""

    tables: frozenset[str]
    hash_key: str


def entity_types(text: str, master: Master) -> EntityTypes:
    """Return how records of a kind are told. Raises WrongUsage for one that does not exist."""
    if text in live_kinds(master):
        return {"tables": frozenset({text})}
    kind, prefix = kind_named(text, master), master.settings.resource_prefix
    tables = frozenset(prefix + table.name for table in kind.tables)
    shared = any(table.hash_key.name == "Kind" for table in kind.tables)
    return {"tables": tables, "hash_key": text if shared else ""}


class OfEnvironments(TypedDict, total=False):
    """How records of environments are told: as ``RecordFilter`` has it."""

    of_environments: dict[str, bool]
    of_kinds: dict[str, bool]
    overrides: str


def of_environments(master: Master) -> OfEnvironments:
    """Return the kinds, and their entity types, whose keys name an environment, and whether more follows its name there."""
    prefix = master.settings.resource_prefix
    kinds = dict.fromkeys(("Environment", "LoadBalancerSetting"), False) | {"Upstream": True}
    of_items = {
        prefix + table.name: more
        for kind, more in kinds.items()
        for table in master.kinds[kind].tables
    }
    live = {kind: kind != POWER for kind in live_kinds(master)}
    return {
        "of_environments": of_items | live,
        "of_kinds": kinds | live,
        "overrides": STATE_TABLE.prefixed(prefix).name,
    }
