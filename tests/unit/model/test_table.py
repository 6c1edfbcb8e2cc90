"""Table definitions."""

import pytest

from controller.model.table import Index, KeyAttribute, TableDefinition

VHOSTS = TableDefinition(
    "InfraConfigLBSettings",
    KeyAttribute("EnvironmentName"),
    KeyAttribute("VHostName"),
    (Index("LoadBalancerGroup-index", KeyAttribute("LoadBalancerGroup")),),
)


def test_the_key_of_an_item_is_its_key_attributes_alone() -> None:
    item = {"EnvironmentName": "c50", "VHostName": "www", "Value": {}}
    assert VHOSTS.key_of(item) == {"EnvironmentName": "c50", "VHostName": "www"}
    with pytest.raises(KeyError):
        VHOSTS.key_of({"EnvironmentName": "c50"})


def test_key_attributes_of_table_and_indexes_are_named_once_in_order() -> None:
    twice = TableDefinition(
        "T",
        KeyAttribute("Key"),
        indexes=(
            Index("a", KeyAttribute("Environment"), KeyAttribute("Key")),
            Index("b", KeyAttribute("AccountId"), KeyAttribute("Key")),
        ),
    )
    assert [attribute.name for attribute in twice.attributes()] == [
        "AccountId",
        "Environment",
        "Key",
    ]


def test_one_attribute_cannot_have_two_types() -> None:
    wrong = TableDefinition("T", KeyAttribute("K"), indexes=(Index("i", KeyAttribute("K", "N")),))
    with pytest.raises(ValueError, match="both text and number"):
        list(wrong.attributes())


def test_the_prefix_is_put_before_the_name_as_it_is() -> None:
    assert VHOSTS.prefixed("test-").name == "test-InfraConfigLBSettings"
    assert VHOSTS.prefixed("") == VHOSTS
