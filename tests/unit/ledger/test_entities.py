"""From what people call an object to the items the ledger has records of."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.ledger.entities import entities_of, item_named
from controller.ledger.records import EntityKey, entity_of_item

ACCOUNT = {"AccountNumber": 12345670123, "AccountName": "staging-eu"}
UPSTREAM = {"Key": "/c50_c50-Search/config", "Upstream": "c50-Search", "Environment": "c50"}
HELD: dict[str, list[dict[str, Any]]] = {
    "t-InfraConfigAccounts": [{"AccountNumber": 1, "AccountName": "other"}, ACCOUNT],
    "t-InfraConfigLBUpstream": [UPSTREAM],
}


@pytest.mark.parametrize(
    ("kind", "key", "expected"),
    [
        ("Service", "Search", ["t-InfraConfigServices/Search"]),
        ("Environment", "c50", ["t-ConfigEnvironments/c50", "t-InfraOpsEnvironment/c50"]),
        ("Schedule", "office-hours", ["t-EnvctlConfig/Schedule/office-hours"]),
        (
            "LoadBalancerSetting",
            "c50/www.acme.example",
            ["t-InfraConfigLBSettings/c50/www.acme.example"],
        ),
        ("Account", "staging-eu", ["t-InfraConfigAccounts/12345670123"]),
        ("Account", "gone", []),
        ("Upstream", "c50-Search", ["t-InfraConfigLBUpstream//c50_c50-Search/config"]),
    ],
)
def test_the_items_of_an_object(kind: str, key: str, expected: list[str]) -> None:
    found = entities_of(kinds()[kind], key, "t-", lambda table: HELD.get(table, []))
    assert [str(one) for one in found] == expected
    tables = kinds()[kind].tables
    assert [item_named(text, tables, "t-") for text in expected] == [*found]
    assert item_named(f"{kind}/{key}", tables, "t-") is None


@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_kind_has_items_by_name_or_by_search(name: str) -> None:
    for one in entities_of(kinds()[name], "a/b", "", lambda _table: []):
        assert one.table in {table.name for table in kinds()[name].tables}


def test_a_number_is_named_by_its_digits() -> None:
    table = kinds()["Account"].tables[0]
    assert entity_of_item(table, ACCOUNT) == EntityKey("InfraConfigAccounts", "12345670123")
