"""Services of the older table, whose key has the owner too: each name once, the further owners told."""

from collections.abc import Iterator
from typing import Any, cast

from controller.aws.errors import TableMissing
from controller.aws.tables import ItemStore
from controller.engine.authoring.import_fleet import older_services
from controller.loading.authoring.found import FoundObject, LeftOut


class OlderTable:
    """Has the items given; None where there is no such table."""

    def __init__(self, items: list[dict[str, Any]] | None) -> None:
        self._items = items

    def scan(self, table: str, segments: int = 1) -> Iterator[dict[str, Any]]:
        assert table == "pre-ConfigServices"
        if self._items is None:
            raise TableMissing("no such table")
        yield from self._items


def read(*items: dict[str, Any], known: tuple[str, ...] = ()) -> list[FoundObject | LeftOut]:
    found, left = older_services(cast(ItemStore, OlderTable(list(items))), "pre-", known)
    return [*found, *left]


def item(name: str, owner: str, changed: str = "") -> dict[str, Any]:
    audit = {"Audit": {"LastChanged": changed}} if changed else {}
    return {"ServiceName": name, "OwningCluster": owner, "Value": {}, **audit}


def test_a_service_that_only_the_older_table_has() -> None:
    (found,) = read(item("Old", "Tango", "2018"), item("Search", "Tango"), known=("Search",))
    assert isinstance(found, FoundObject)
    assert found.items == {
        "InfraConfigServices": {"ServiceName": "Old", "OwningCluster": "Tango", "Value": {}}
    }
    assert found.remark is not None
    assert "older key (ServiceName, OwningCluster)" in found.remark.found


def test_of_several_owners_the_one_changed_last_is_meant_and_the_others_are_told() -> None:
    found, left = read(item("Old", "Tango", "2017"), item("Old", "Infra", "2018"))
    assert isinstance(found, FoundObject)
    assert found.items["InfraConfigServices"]["OwningCluster"] == "Infra"
    assert isinstance(left, LeftOut)
    assert str(left.ref) == "Service/Old (Tango)"
    assert left.reason == "ConfigServices holds Old for Tango too; the one changed last was written"


def test_where_there_is_no_older_table_there_is_nothing() -> None:
    assert older_services(cast(ItemStore, OlderTable(None)), "pre-", ()) == ([], [])
