"""Changes are told as the old product told them: to the topic, with the attributes and the body its listeners know."""

import json
from typing import Any

import pytest

from controller import catalog
from controller.engine.notifications.change_messages import CONFIGURATION, OPERATIONS, message_of
from controller.ledger.records import EntityKey
from controller.ledger.summaries import NOBODY, RecordSummary
from controller.model.change_message import Topic


def line(table: str, *key: str, **more: Any) -> RecordSummary:
    given = {
        "audit_id": "a",
        "iso_timestamp": "2026-11-24T10:00:00.250Z",
        "transaction_id": "run-1",
        "changed_by": "ada",
        "entity_version": 1,
        "change_type": "Updated",
        "cause": "edited",
        "phase": "done",
        "origin": "",
        "scope": "config",
        "sequence": 1,
        "actor": NOBODY,
        **more,
    }
    return RecordSummary(entity=EntityKey(table, *key), **given)


@pytest.mark.parametrize(
    ("made", "url", "method", "attributes"),
    [
        (
            line("test-InfraConfigServices", "Search"),
            "/config/services/Search",
            "PUT",
            {"Action": "update", "ID": "Search"},
        ),
        (
            line("test-InfraConfigAccounts", "12345", change_type="Created"),
            "/config/accounts",
            "POST",
            {"Action": "create", "ID": "12345"},
        ),
        (
            line("test-InfraConfigLBSettings", "c50", "www.acme/x", change_type="Deleted"),
            "/config/lb-settings/c50/www.acme%2Fx",
            "DELETE",
            {"Action": "delete", "ID": "c50/www.acme/x"},
        ),
    ],
)
def test_a_change_of_configuration(
    made: RecordSummary, url: str, method: str, attributes: dict[str, str]
) -> None:
    message = message_of(made, "test-")

    assert message is not None
    assert message.topic is Topic.CONFIGURATION
    assert json.loads(message.body) == {"Endpoint": {"Url": url, "Method": method}}
    assert message.attributes == {**attributes, "Timestamp": "1795514400250"}


@pytest.mark.parametrize(
    ("made", "url", "environment", "name"),
    [
        (line("InfraOpsEnvironment", "c50"), "/environments/c50", "c50", "c50"),
        (
            line("Group", "staging-eu/eu-west-1/c50-ta-Web", phase="succeeded"),
            "/asgs/c50-ta-Web",
            "c50",
            "c50-ta-Web",
        ),
        (
            line("ScalingSchedules", "staging-eu/eu-west-1/c50-ta-Web", phase="succeeded"),
            "/asgs/c50-ta-Web/scaling-schedule",
            "c50",
            "c50-ta-Web",
        ),
    ],
)
def test_a_change_of_operations_names_its_environment(
    made: RecordSummary, url: str, environment: str, name: str
) -> None:
    message = message_of(made, "")

    assert message is not None
    assert message.topic is Topic.OPERATIONS
    assert json.loads(message.body)["Endpoint"]["Url"] == url
    assert (message.attributes["Environment"], message.attributes["ID"]) == (environment, name)


@pytest.mark.parametrize(
    "made",
    [
        line("InfraConfigServices", "Search", phase="intended"),
        line("InfraConfigServices", "Search", phase="failed"),
        line("InfraConfigServices", "Search", change_type="Baseline", phase="baseline"),
        line("InfraConfigServices", ""),
        line("EnvctlConfig", "Schedule", "office-hours"),
        line("EnvctlState", "override#1"),
        line("Power", "staging-eu/eu-west-1/c50"),
        line("other-InfraConfigServices", "Search"),
    ],
)
def test_nobody_hears_of_what_was_not_done_or_the_old_product_did_not_have(
    made: RecordSummary,
) -> None:
    assert message_of(made, "test-") is None


def test_no_attribute_is_empty_whatever_a_record_says() -> None:
    message = message_of(line("InfraConfigServices", "Search", iso_timestamp="soon"), "")

    assert message is not None
    assert all(message.attributes.values())


def test_every_table_of_the_old_product_is_told() -> None:
    tables = {table.name for kind in catalog.kinds().values() for table in kind.tables}

    assert tables - {"EnvctlConfig"} == CONFIGURATION.keys() | (OPERATIONS.keys() & tables)
