"""Asked for, a snapshot has the copies in the accounts, too: proven, compared, and never put back.

Covers: engine.snapshots.account_tables, engine.snapshots.account_changes.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from controller.engine.snapshots.account_tables import ways_in
from controller.engine.snapshots.create import SnapshotOrder, create_snapshot
from controller.engine.snapshots.service import Snapshots
from controller.errors import DamagedState
from controller.model.observed import ScopeState
from controller.snapshots.folder import FolderStore
from controller.snapshots.manifest import Manifest
from controller.views.documents.snapshots import shown_json, snapshot_json
from controller.views.snapshots import shown_lines, verdict_lines
from tests.support.copied_tables import SEARCH, SERVICE, Copies
from tests.support.fleet_yaml import NUMBERS, account
from tests.support.live_accounts import SCOPE
from tests.support.reconcilers import asked

SERVICES = "InfraConfigServices"
FILE = f"accounts/{NUMBERS['staging-eu']}/eu-west-1/{SERVICES}.json.gz"


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Copies]:
    with mock_aws():
        made = Copies(tmp_path / "fleet")
        made.make_tables()
        made.estate.applied()
        yield made


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "kept")


def taken(copies: Copies, store: FolderStore) -> Manifest:
    estate = copies.estate
    ways = ways_in(estate.live(), estate.clock.now)
    order = SnapshotOrder(requester="ada", accounts=ways, megabytes_per_s=1000)
    return create_snapshot(estate.installation, store, order)


def snapshots(copies: Copies, store: FolderStore) -> Snapshots:
    return Snapshots(installation=copies.estate.installation, store=store)


def changed(copies: Copies, store: FolderStore, *which: Manifest | None) -> Any:
    """Return the account's own plan of what changed."""
    before, after = which
    assert before is not None
    estate = copies.estate
    run = snapshots(copies, store).changed_since(before, after, estate.clock.now, estate.live())
    (found,) = (scope for scope in run.plan.scopes if scope.scope == SCOPE)
    return found


def test_copies_are_taken_proven_counted_and_compared(copies: Copies, store: FolderStore) -> None:
    first = taken(copies, store)

    (found,) = first.accounts
    items = json.loads(gzip.decompress((store.folder / first.id / FILE).read_bytes()))
    assert [item["ServiceName"] for item in items] == [{"S": "Search"}]
    assert "Replica" in items[0]
    assert (found.scope, found.wrong) == (SCOPE, "")
    counted = {table.name: table.items for table in found.tables}
    assert counted[SERVICES] == 1
    verdict = snapshots(copies, store).verify(first)
    told = "\n".join(verdict_lines(verdict, "verified"))
    assert f"with {found.items} copies in {SCOPE}" in told
    assert snapshot_json(verdict)["accounts"][0]["tables"] == counted

    copies.put(SERVICES, {**copies.search(), "OwningCluster": "Mine"})
    own = {"ServiceName": "OnlyHere", "OwningCluster": "Mine"}
    copies.put(SERVICES, own)
    changes = changed(copies, store, first, None).changes
    assert {(one.ref.key.rpartition("/")[2], one.action) for one in changes} == {
        ("Search", "update"),
        ("OnlyHere", "create"),
    }
    (field,) = next(one for one in changes if one.ref == SEARCH).fields
    assert (field.before, field.after) == ("Tango", "Mine")
    second = taken(copies, store)
    assert changed(copies, store, first, second).changes == changes
    assert changed(copies, store, second, None).changes == ()


@pytest.mark.slow
def test_a_damaged_file_of_an_account_is_named(copies: Copies, store: FolderStore) -> None:
    manifest = taken(copies, store)
    path = store.folder / manifest.id / FILE
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(DamagedState, match=FILE):
        snapshots(copies, store).verify(manifest)
    path.unlink()
    (listed,) = snapshots(copies, store).listed()
    assert listed.wrong == f"{FILE} is missing"


@pytest.mark.slow
def test_one_account_that_cannot_be_read_is_told_and_stops_no_other(
    copies: Copies, store: FolderStore
) -> None:
    estate = copies.estate
    estate.has({"prod.yaml": account("prod-eu"), "test.yaml": account("test-eu", mode="off")})
    bare = taken(copies, store)
    estate.applied("config")
    estate.has(
        {"prod.yaml": account("prod-eu", externalId="secretsmanager://envctl/there-is-none")}
    )
    estate.applied("config")

    manifest = taken(copies, store)

    found = {one.scope: one for one in manifest.accounts}
    assert found.keys() == {SCOPE, "prod-eu/eu-west-1"}
    assert found[SCOPE].items
    broken = found["prod-eu/eu-west-1"]
    assert broken.wrong
    assert not broken.tables
    seen = snapshots(copies, store)
    told = "\n".join(verdict_lines(seen.verify(manifest), "verified"))
    assert f"not all of prod-eu/eu-west-1: {broken.wrong}" in told
    run = seen.changed_since(manifest, bare, estate.clock.now, estate.live())
    states = {scope.scope: (scope.state, scope.reason) for scope in run.plan.scopes}
    assert states["prod-eu/eu-west-1"] == (
        ScopeState.UNKNOWN,
        f"snapshot {bare.id} has no tables of it",
    )


@pytest.mark.slow
def test_a_restore_leaves_them_to_follow_the_tables(copies: Copies, store: FolderStore) -> None:
    manifest = taken(copies, store)
    estate = copies.estate
    copies.put(SERVICES, {**copies.search(), "OwningCluster": "Mine"})
    estate.has({"search.yaml": SERVICE % "second"})
    estate.applied("config")
    seen = snapshots(copies, store)
    restorer = seen.restorer(estate.live(), seen.source(manifest), None, None, "")

    prepared = restorer.prepare(asked("config"))

    assert prepared.copies_left == (SCOPE,)
    assert {change.ref.kind for change in prepared.planned.plan.changes} == {"Service"}
    done = restorer.carry_out(prepared, asked("config"))
    assert done.report is not None
    assert copies.search()["OwningCluster"] == "Mine"
    shown = shown_lines(manifest, estate.installation.tables.observe(), verified=False)
    assert any(line.startswith(SCOPE) for line in shown)
    assert shown_json(manifest, estate.installation.tables.observe())["accounts"]
