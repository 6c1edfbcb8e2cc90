"""Services that only the older table has: key (ServiceName, OwningCluster), before owners could change."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from controller.aws.errors import TableMissing
from controller.aws.tables import ItemStore
from controller.loading.authoring.found import FoundObject, LeftOut, Oddity
from controller.model.ref import ResourceRef
from controller.targets.table_items.item_form import AUDIT, MANAGED

OLDER_TABLE: Final = "ConfigServices"
TABLE: Final = "InfraConfigServices"

Item = dict[str, Any]


def older_services(
    store: ItemStore, prefix: str, known: Iterable[str]
) -> tuple[list[FoundObject], list[LeftOut]]:
    """Return what the older table alone has, each service once, and further owners of one. Raises as any read.

    ``known`` are the names of services in the table of today, which wins. There is nothing where there is no older table.
    """
    names = set(known)
    found: dict[str, list[Item]] = {}
    try:
        for item in store.scan(prefix + OLDER_TABLE):
            name = str(item.get("ServiceName"))
            if name not in names:
                found.setdefault(name, []).append(item)
    except TableMissing:
        return [], []
    objects: list[FoundObject] = []
    left: list[LeftOut] = []
    for name, items in sorted(found.items()):
        newest, *others = sorted(items, key=_last_changed, reverse=True)
        objects.append(_object(name, newest))
        for item in others:
            owner = item.get("OwningCluster")
            ref = ResourceRef("Service", f"{name} ({owner})")
            reason = f"{OLDER_TABLE} holds {name} for {owner} too; the one changed last was written"
            left.append(LeftOut(ref, reason, "compare the two", {OLDER_TABLE: _plain(item)}))
    return objects, left


def _object(name: str, item: Item) -> FoundObject:
    ref = ResourceRef("Service", name)
    items = {TABLE: _plain(item)}
    remark = Oddity(
        ref,
        f"only in {OLDER_TABLE}, with the older key (ServiceName, OwningCluster)",
        f"the service; applying it makes its item in {TABLE}",
        f"have what reads {OLDER_TABLE} read {TABLE}",
    )
    return FoundObject(ref, items, items, remark=remark)


def _plain(item: Item) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in (AUDIT, MANAGED)}


def _last_changed(item: Item) -> str:
    audit = item.get(AUDIT)
    return str(audit.get("LastChanged", "")) if isinstance(audit, Mapping) else ""
