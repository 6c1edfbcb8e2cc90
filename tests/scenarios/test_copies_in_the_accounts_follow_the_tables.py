"""The common tables are copied into each account, and what was made in an account is never touched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from controller.aws.clients import RetryLimits
from controller.aws.items import to_wire
from controller.engine.queries.audit import Asked, page_of
from controller.model.plan import NoteCategory, Status
from tests.support.copied_tables import SEARCH, SERVICE, Copies
from tests.support.fleet_yaml import NUMBERS, account, environment
from tests.support.live_accounts import SCOPE, live_changes, live_scopes
from tests.support.reconcilers import asked
from tests.support.request_faults import request_faults


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Copies]:
    with mock_aws():
        yield Copies(tmp_path / "fleet")


def test_an_account_without_tables_waits_and_is_told_how_to_make_them(copies: Copies) -> None:
    copies.estate.applied()
    (scope,) = live_scopes(copies.estate.planned())

    assert scope.state == "waiting"
    assert (
        "aws dynamodb create-table --region eu-west-1 --table-name ConfigEnvironments"
        in scope.reason
    )
    assert "AttributeName=EnvironmentName,KeyType=HASH" in scope.reason


def test_a_table_of_another_key_waits_for_its_owner_and_ends_nothing_else(copies: Copies) -> None:
    copies.make_tables()
    table = {"TableName": "InfraConfigServices"}
    client = copies.estate.client("dynamodb")
    client.delete_table(**table)
    client.create_table(
        **table,
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    copies.put("InfraConfigServices", {"Id": "a"})
    copies.estate.applied()

    (scope,) = live_scopes(copies.estate.planned())

    assert scope.state == "waiting"
    assert "in eu-west-1 has another key than ServiceName" in scope.reason


def test_copies_are_made_marked_and_then_in_order(copies: Copies) -> None:
    copies.make_tables()
    copies.estate.applied()

    found = copies.search()
    assert found["Value"]["Description"] == "first"
    assert found["OwningCluster"] == "Tango"
    assert found["Replica"].keys() == {"By", "SourceDigest", "At"}
    assert "Managed" not in found
    assert copies.item("InfraOpsEnvironment", EnvironmentName="c50") is not None
    assert live_changes(copies.estate.planned()) == []
    phases = [one.phase for one in copies.estate.records() if one.entity_key == SEARCH.key]
    assert phases == ["intended", "succeeded"]
    for name in (str(SEARCH), "Replica/InfraConfigServices/Search"):
        asked = Asked(entity=name, now=copies.estate.clock.now)
        question = asked.question(copies.estate.installation)
        page = page_of(copies.estate.installation, question, limit=9, token=None)
        assert [one.phase for one in page.records] == ["succeeded", "intended"]


@pytest.mark.slow
def test_a_change_in_the_master_follows_and_a_delete_too(copies: Copies) -> None:
    copies.make_tables()
    copies.estate.has({"c51.yaml": environment("c51", more=", lifecycle: retired")})
    copies.estate.applied()
    copies.estate.has({"search.yaml": SERVICE % "second", "c51.yaml": None})
    copies.estate.applied("config")

    changes = live_changes(copies.estate.planned())

    assert {
        (one.ref.key.removeprefix(f"{SCOPE}/"), one.action, str(one.cause)) for one in changes
    } == {
        ("InfraConfigServices/Search", "update", "replicated"),
        ("ConfigEnvironments/c51", "delete", "pruned"),
        ("InfraOpsEnvironment/c51", "delete", "pruned"),
    }
    copies.estate.applied()
    assert copies.search()["Value"]["Description"] == "second"
    assert copies.item("ConfigEnvironments", EnvironmentName="c51") is None
    assert live_changes(copies.estate.planned()) == []


@pytest.mark.slow
def test_copies_whose_answer_was_lost_are_found_made_and_are_ours_to_delete(
    copies: Copies,
) -> None:
    copies.make_tables()
    copies.estate.has({"c51.yaml": environment("c51", more=", lifecycle: retired")})
    copies.estate.applied("config")
    # An answer that is lost is lost at once, without a minute of further tries.
    copies.estate.installation.master.aws._clients.retries.limits = RetryLimits(max_tries=1)
    with request_faults() as faults:
        # The first announces them.
        faults.at("TransactWriteItems", 2, lose_answer=True)
        report = copies.estate.applied(SCOPE)

    assert {outcome.status for outcome in report.outcomes} == {Status.UNKNOWN}
    assert report.exit_code == 5
    assert {record.phase for record in copies.estate.records()} == {"intended"}

    assert copies.estate.applied(SCOPE).exit_code == 0
    ended = copies.estate.records()[len(report.outcomes) :]
    assert {record.phase for record in ended} == {"succeeded"}
    copies.estate.has({"c51.yaml": None})
    copies.estate.applied()
    assert copies.item("ConfigEnvironments", EnvironmentName="c51") is None


@pytest.mark.slow
def test_a_copy_edited_behind_our_back_is_healed(copies: Copies) -> None:
    copies.make_tables()
    copies.estate.applied()
    copies.put("InfraConfigServices", {**copies.search(), "OwningCluster": "Mine"})
    copies.put("InfraConfigClusters", {"ClusterName": "Tango", "Value": {"ShortName": "xx"}})

    changes = live_changes(copies.estate.planned())

    assert [(one.ref.key, str(one.cause)) for one in changes] == [
        (f"{SCOPE}/InfraConfigClusters/Tango", "drifted"),
        (SEARCH.key, "drifted"),
    ]
    copies.estate.applied()
    assert copies.search()["OwningCluster"] == "Tango"
    assert copies.item("InfraConfigClusters", ClusterName="Tango")["Replica"]
    assert live_changes(copies.estate.planned()) == []


@pytest.mark.slow
def test_what_was_made_in_the_account_is_left_even_under_the_same_key(copies: Copies) -> None:
    copies.make_tables()
    mine = {"ServiceName": "Search", "OwningCluster": "Mine"}
    own = {"ServiceName": "OnlyHere", "OwningCluster": "Mine"}
    copies.put("InfraConfigServices", mine)
    copies.put("InfraConfigServices", own)

    copies.estate.applied(adopt=True)

    assert copies.search() == mine
    assert copies.item("InfraConfigServices", ServiceName="OnlyHere") == own
    (scope,) = live_scopes(copies.estate.planned())
    assert [(note.ref, note.category) for note in scope.notes] == [(SEARCH, "unmanaged")]


@pytest.mark.slow
def test_one_account_without_tables_stops_no_other(copies: Copies) -> None:
    copies.estate.has(
        {"prod.yaml": account("prod-eu"), "pr1.yaml": environment("pr1", kind="prod-eu")}
    )
    copies.make_tables("prod-eu")

    copies.estate.applied()

    assert copies.search("prod-eu")["Value"]["Description"] == "first"
    assert copies.estate.statuses()[SCOPE].state == "waiting"


@pytest.mark.slow
def test_an_object_deleted_and_made_again_is_copied_though_its_version_began_anew(
    copies: Copies,
) -> None:
    copies.make_tables()
    for text in ("first", "second", "third"):
        copies.estate.has({"search.yaml": SERVICE % text})
        copies.estate.applied()
    assert copies.search()["Audit"]["Version"] == 3
    master = copies.estate.installation.master
    master.client.delete_item(
        TableName="InfraConfigServices", Key=to_wire({"ServiceName": "Search"})
    )
    copies.estate.has({"search.yaml": SERVICE % "again"})

    copies.estate.applied()
    copies.estate.applied()

    assert copies.search()["Value"]["Description"] == "again"
    assert copies.search()["Audit"]["Version"] == 1
    assert live_changes(copies.estate.planned()) == []


@pytest.mark.slow
def test_a_slow_worker_puts_nothing_older_over_what_a_faster_one_wrote(copies: Copies) -> None:
    copies.make_tables()
    copies.estate.applied()
    copies.estate.has({"search.yaml": SERVICE % "second"})
    copies.estate.applied("config")
    accounts = copies.estate.live("slow")
    slow = copies.estate.planned(SCOPE, live=accounts)
    assert [one.ref for one in live_changes(slow)] == [SEARCH]
    copies.estate.has({"search.yaml": SERVICE % "third"})
    copies.estate.applied()
    assert copies.search()["Value"]["Description"] == "third"

    report = copies.estate.reconciler(accounts).apply(slow, asked(worker="slow")).report

    assert report is not None

    assert [one.status for one in report.outcomes] == ["skipped"]
    assert report.exit_code == 4
    assert copies.search()["Value"]["Description"] == "third"
    assert live_changes(copies.estate.planned()) == []


@pytest.mark.slow
def test_secrets_are_in_the_copies_and_nowhere_else(copies: Copies) -> None:
    copies.make_tables()
    secret = ", licenseKeys: {newRelicKey: s3cret}"
    copies.estate.has({"staging.yaml": account(of_type=secret)})

    whole = copies.estate.planned()
    copies.estate.applied()

    found = copies.item("ConfigEnvironmentTypes", EnvironmentType="staging-eu")
    assert found["Value"]["LicenseKeys"] == {"NewRelicKey": "s3cret"}
    assert "s3cret" not in str(live_changes(whole))
    assert "s3cret" not in str(copies.estate.records())


@pytest.mark.slow
def test_how_far_an_account_is_behind_is_told(copies: Copies) -> None:
    copies.make_tables()
    copies.estate.applied()
    copies.estate.has({"search.yaml": SERVICE % "second"})
    changed = copies.estate.clock.now
    copies.estate.applied("config")
    copies.estate.clock.sleep(90)

    (scope,) = live_scopes(copies.estate.planned())

    assert [note.text for note in scope.notes if note.category is NoteCategory.LAG] == [
        f"1 copy has not followed the master yet (the oldest change is of {changed:%Y-%m-%d %H:%M} UTC)"
    ]


@pytest.mark.slow
def test_where_copies_are_only_observed_the_same_is_said_every_time(copies: Copies) -> None:
    copies.make_tables()
    copies.estate.applied()
    copies.estate.has({"search.yaml": SERVICE % "second"})
    changed = copies.estate.clock.now
    copies.estate.settings_text = "targets: {replicas: observe}"
    copies.estate.applied("config")
    copies.estate.applied()

    first = copies.estate.planned()
    copies.estate.clock.sleep(3600)
    later = copies.estate.planned()

    assert later.plan == first.plan
    seen = copies.estate.statuses()[SCOPE].seen
    assert seen is not None
    assert (seen.copies_behind, seen.behind_since, seen.at) == (1, changed, changed)


def test_the_accounts_number_is_no_copy_of_the_masters_tables(copies: Copies) -> None:
    """An account may be the master itself; its tables are what copies are made of."""
    copies.estate.has(
        {"staging.yaml": account("staging-eu").replace(NUMBERS["staging-eu"], "123456789012")}
    )

    report = copies.estate.applied()

    assert report.exit_code == 0
    assert live_changes(copies.estate.planned()) == []
