"""Plain JSON for the old product's programs, and a snapshot copied to a second place."""

import gzip
import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from controller.engine.snapshots.copies import copy_snapshot, plain_json, write_old_names
from controller.model.table import KeyAttribute, TableDefinition
from controller.snapshots.folder import FolderStore
from controller.snapshots.manifest import Manifest, dump_manifest, read_manifest
from controller.snapshots.write import ArrayWriter

TABLE = TableDefinition("InfraConfigServices", KeyAttribute("ServiceName"))
ID = "20261128T020000Z-3f9a1c"


def snapshot(store: FolderStore, *lines: bytes) -> Manifest:
    with store.writing(f"{ID}/{TABLE.name}.json.gz") as output:
        writer = ArrayWriter(output)
        writer.add(lines)
        writer.finish()
    manifest = Manifest(
        format=1,
        id=ID,
        installation="i",
        account="123456789012",
        region="eu-west-1",
        prefix="t-",
        controller_version="0",
        created_at=datetime(2026, 11, 28, 2, tzinfo=UTC),
        created_by="ada",
        revision="",
        position=0,
        anchors=(),
        tables=(writer.described(TABLE),),
    )
    store.put(f"{ID}/manifest.json", dump_manifest(manifest))
    store.put(f"{ID}/verified.json", b"{}")
    return manifest


def test_numbers_keep_their_digits_and_sets_are_sorted_lists() -> None:
    item = {
        "Long": Decimal("0.1234567890123456789012345678"),
        "Big": 12345678901234567890123456789,
        "Small": 7,
        "Flag": True,
        "Set": frozenset({"b", "a"}),
        "Bytes": b"\x00\xff",
        "List": [{"a": None}],
    }

    assert plain_json(item) == (
        b'{"Long":0.1234567890123456789012345678,"Big":12345678901234567890123456789,"Small":7,'
        b'"Flag":true,"Set":["a","b"],"Bytes":"AP8=","List":[{"a":null}]}'
    )


def test_each_table_is_written_under_its_old_name_once_a_day(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    manifest = snapshot(store, *(b'{"ServiceName":{"S":"S%d"}}' % number for number in range(401)))

    written = write_old_names(store, manifest)

    assert written == ("20261128_environmentmanager_t-InfraConfigServices.json",)
    items = json.loads((tmp_path / written[0]).read_text())
    assert [item["ServiceName"] for item in items] == [f"S{number}" for number in range(401)]
    assert write_old_names(store, manifest) == ()


def test_an_empty_table_is_an_empty_array(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)

    (name,) = write_old_names(store, snapshot(store))

    assert json.loads((tmp_path / name).read_text()) == []


def test_a_copy_is_the_same_and_its_manifest_is_last(tmp_path: Path) -> None:
    store, copies = FolderStore(tmp_path / "a"), FolderStore(tmp_path / "b")
    manifest = snapshot(store, b'{"ServiceName":{"S":"Search"}}')

    copy_snapshot(store, copies, manifest)

    assert read_manifest(copies, ID) == manifest
    file = (tmp_path / "b" / ID / "InfraConfigServices.json.gz").read_bytes()
    assert hashlib.sha256(file).hexdigest() == manifest.tables[0].sha256
    assert b"Search" in gzip.decompress(file)
