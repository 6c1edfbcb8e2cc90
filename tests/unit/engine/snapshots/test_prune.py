"""What is no longer kept goes from each place that has it, with what was written beside it; never the last good one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.engine.snapshots.copies import copy_snapshot, write_old_names
from controller.engine.snapshots.prune import outdated_in, remove_from
from controller.model.table import KeyAttribute, TableDefinition
from controller.place_settings import SnapshotSettings
from controller.snapshots.folder import FolderStore
from controller.snapshots.manifest import Manifest, dump_manifest
from controller.snapshots.write import ArrayWriter

TABLE = TableDefinition("InfraConfigServices", KeyAttribute("ServiceName"))
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAILY = SnapshotSettings(keep_days=0, daily=1)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "kept")


def taken(store: FolderStore, at: datetime, *, verified: bool = True) -> Manifest:
    id_ = f"{at:%Y%m%dT%H%M%SZ}-000abc"
    with store.writing(f"{id_}/{TABLE.name}.json.gz") as output:
        writer = ArrayWriter(output)
        writer.add([b'{"ServiceName":{"S":"Search"}}'])
        writer.finish()
    manifest = Manifest(
        format=1,
        id=id_,
        installation="i",
        account="123456789012",
        region="eu-west-1",
        prefix="t-",
        controller_version="0",
        created_at=at,
        created_by="ada",
        revision="",
        position=0,
        anchors=(),
        tables=(writer.described(TABLE),),
    )
    store.put(f"{id_}/manifest.json", dump_manifest(manifest))
    if verified:
        store.put(f"{id_}/verified.json", b"{}")
    write_old_names(store, manifest)
    return manifest


def keys(store: FolderStore) -> set[str]:
    return {file.key.partition("/")[0] for file in store.list("")}


def pruned(store: FolderStore, settings: SnapshotSettings = DAILY) -> list[str]:
    gone: list[str] = []
    remove_from(store, outdated_in(store, settings, NOW), gone.append)
    return gone


def plain(day: str) -> str:
    return f"{day}_environmentmanager_t-InfraConfigServices.json"


def test_files_under_old_names_go_with_the_last_snapshot_of_their_day(store: FolderStore) -> None:
    days_ago = NOW - timedelta(days=3)
    old = [taken(store, days_ago - timedelta(hours=hours)) for hours in (2, 1)]
    new = taken(store, NOW)
    one_of_them = SnapshotSettings(keep_days=0, daily=2)

    assert pruned(store, one_of_them) == [old[0].id]
    assert keys(store) == {old[1].id, new.id, plain("20261125"), plain("20261128")}
    assert pruned(store) == [old[1].id]
    assert keys(store) == {new.id, plain("20261128")}


def test_files_of_others_under_such_names_stay(store: FolderStore) -> None:
    theirs = plain("20261120")
    store.put(theirs, b"[]")
    store.put(plain("20261101"), b"[]")
    old = taken(store, datetime(2026, 11, 20, 2, tzinfo=UTC))
    new = taken(store, NOW)

    assert pruned(store) == [old.id]
    assert keys(store) == {new.id, theirs, plain("20261101"), plain("20261128")}


@pytest.mark.parametrize("text", [b"{", b"7", b'["20261125_environmentmanager_/../x", 3, "new"]'])
def test_a_list_that_somebody_damaged_takes_nothing_else_away(
    store: FolderStore, text: bytes
) -> None:
    old = taken(store, NOW - timedelta(days=3))
    new = taken(store, NOW)
    (store.folder / old.id / "old-names.json").write_bytes(text)
    store.put("new", b"")

    assert pruned(store) == [old.id]
    assert keys(store) == {new.id, "new", plain("20261125"), plain("20261128")}


def test_what_a_kill_left_of_it_goes_with_the_next(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = taken(store, NOW - timedelta(days=3))
    new = taken(store, NOW)
    real = FolderStore.delete

    def killed(self: FolderStore, gone: list[str]) -> None:
        real(self, gone[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(FolderStore, "delete", killed)
    with pytest.raises(KeyboardInterrupt):
        pruned(store)
    monkeypatch.setattr(FolderStore, "delete", real)
    later = datetime.now(UTC) + timedelta(days=2)
    (torn,) = outdated_in(store, DAILY, later)
    assert torn.id == old.id

    remove_from(store, [torn], lambda _: None)

    assert keys(store) == {new.id, plain("20261128")}


def test_copies_go_with_their_snapshots_and_outlive_them_where_those_are_lost(
    store: FolderStore, tmp_path: Path
) -> None:
    copies = FolderStore(tmp_path / "copies")
    old, new = (taken(store, at) for at in (NOW - timedelta(days=3), NOW))
    for manifest in (old, new):
        copy_snapshot(store, copies, manifest)

    assert pruned(store) == pruned(copies) == [old.id]
    assert keys(copies) == {new.id}
    for file in list(store.list("")):
        store.delete([file.key])
    assert pruned(copies) == []
    assert keys(copies) == {new.id}


def test_the_last_good_one_stays_with_its_files_however_old(store: FolderStore) -> None:
    good = taken(store, NOW - timedelta(days=300))
    taken(store, NOW - timedelta(days=2), verified=False)

    assert good.id not in pruned(store, SnapshotSettings(keep_days=0))
    assert {good.id, plain(f"{good.created_at:%Y%m%d}")} <= keys(store)
