"""A snapshot holds the tables as they were at one position of the ledger, even while writes go on, and it can prove it.

Covers: engine.snapshots.create, engine.snapshots.roll_forward, engine.snapshots.verify, engine.snapshots.contents,
engine.snapshots.places, engine.snapshots.selection.
"""

import gzip
import json
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.aws.items import to_wire
from controller.aws.tables import scan_lines
from controller.aws.transactions import PutWrite
from controller.engine.snapshots import roll_forward
from controller.engine.snapshots.contents import observed_in
from controller.engine.snapshots.create import SnapshotOrder, create_snapshot
from controller.engine.snapshots.places import find_snapshot, list_snapshots
from controller.engine.snapshots.verify import Verdict, verify_snapshot
from controller.errors import DamagedState, WrongUsage
from controller.snapshots.folder import FolderStore
from controller.snapshots.manifest import Manifest, read_manifest
from tests.support.command_line import Fleet, envctl, installation, service, use_settings
from tests.support.told import Told

ORDER = SnapshotOrder(requester="ada")
SERVICES = "InfraConfigServices"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "snapshots")


def taken(store: FolderStore, order: SnapshotOrder = ORDER) -> Manifest:
    return create_snapshot(installation(), store, order)


def verified(store: FolderStore, manifest: Manifest) -> Verdict:
    return verify_snapshot(installation(), store, manifest)


def lines(store: FolderStore, manifest: Manifest, table: str) -> list[Any]:
    path = store.folder / manifest.id / f"{table}.json.gz"
    return list(json.loads(gzip.decompress(path.read_bytes())))


def descriptions(store: FolderStore, manifest: Manifest) -> dict[str, str]:
    found = lines(store, manifest, SERVICES)
    return {item["ServiceName"]["S"]: item["Value"]["M"]["Description"]["S"] for item in found}


def test_each_table_is_one_array_that_anything_can_read(
    installed: Fleet, store: FolderStore
) -> None:
    assert installed.apply().code == 0

    manifest = taken(store)

    (search,) = lines(store, manifest, SERVICES)
    assert search["Value"]["M"]["BluePort"] == {"N": "40000"}
    assert len(lines(store, manifest, "InfraConfigClusters")) == 2
    assert lines(store, manifest, "ConfigEnvironments") == []
    assert manifest.items == 3
    assert read_manifest(store, manifest.id) == manifest
    (anchor,) = manifest.anchors
    assert (anchor.scope, anchor.sequence) == ("config", manifest.position)


def test_it_is_verified_against_the_ledger(installed: Fleet, store: FolderStore) -> None:
    assert installed.apply().code == 0
    manifest = taken(store)

    verdict = verified(store, manifest)

    assert (verdict.objects, verdict.differing) == (3, ())
    (listed,) = list_snapshots(store)
    assert (listed.id, listed.verified, listed.wrong) == (manifest.id, True, "")
    assert find_snapshot(store, "latest") == find_snapshot(store, manifest.id[:8]) == manifest


def test_writes_that_go_on_meanwhile_are_in_it_whole_or_not_at_all(
    installed: Fleet, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installed.apply().code == 0

    def slow_scan(client: Any, table: str, *how: Any) -> Iterator[Sequence[Any]]:
        pages = list(scan_lines(client, table, *how))
        if table == SERVICES:
            # After they were read, so that what was read is old.
            files = {
                "search.yaml": service("Search", 40000, description="new"),
                "new.yaml": service("New", 40001, description="made"),
            }
            assert installed.has(files).apply().code == 0
        yield from pages

    monkeypatch.setattr("controller.engine.snapshots.create.scan_lines", slow_scan)

    manifest = taken(store)

    assert descriptions(store, manifest) == {"Search": "new", "New": "made"}
    assert verified(store, manifest).differing == ()


def test_what_somebody_changes_past_the_ledger_is_told(
    installed: Fleet, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installed.apply().code == 0
    monkeypatch.setattr(roll_forward, "WAIT_S", 0)
    found = installation()
    found.master.client.update_item(
        TableName=SERVICES,
        Key={"ServiceName": {"S": "Search"}},
        UpdateExpression="SET Extra = :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )

    verdict = verified(store, taken(store))

    (differing,) = verdict.differing
    assert "Search" in differing.where


def described_by_hand(text: str) -> None:
    installation().master.client.update_item(
        TableName=SERVICES,
        Key={"ServiceName": {"S": "Search"}},
        UpdateExpression="SET #v.Description = :d",
        ExpressionAttributeNames={"#v": "Value"},
        ExpressionAttributeValues={":d": {"S": text}},
    )


def streams_read() -> None:
    assert envctl("audit", "follow", "--once").code == 0


@pytest.mark.parametrize("is_read_after", [False, True])
@pytest.mark.slow
def test_what_others_changed_and_is_on_record_does_not_differ(
    installed: Fleet, store: FolderStore, is_read_after: bool
) -> None:
    assert installed.apply().code == 0
    streams_read()
    described_by_hand("by hand")
    if not is_read_after:
        streams_read()
    # The moments of events are whole seconds.
    time.sleep(1.1)
    manifest = taken(store)
    assert len(verified(store, manifest).differing) == is_read_after
    described_by_hand("by hand, later")
    streams_read()
    files = {"search.yaml": service("Search", 40000, description="from the source")}
    assert installed.has(files).apply().code == 0
    described_by_hand("by hand, last")
    streams_read()

    assert verified(store, manifest).differing == ()


@pytest.mark.slow
@pytest.mark.tells("controller/engine/snapshots/verify.py", "audit verify")
def test_records_of_others_that_were_there_and_are_gone_are_told(
    installed: Fleet, store: FolderStore, told: Told
) -> None:
    assert installed.apply().code == 0
    streams_read()
    described_by_hand("by hand")
    streams_read()
    manifest = taken(store)
    found = installation()
    ledger = found.ledger.table
    (gone,) = [
        row for row in found.master.store.scan(ledger) if row["Scope"] == f"stream/{SERVICES}"
    ]
    key = {"AuditID": {"S": gone["AuditID"]}}
    found.master.client.delete_item(TableName=ledger, Key=key)

    with pytest.raises(
        DamagedState, match=f"#1 of scope stream/{SERVICES}, and the ledger ends at #0"
    ) as refused:
        verified(store, manifest)
    missing = told.types(str(refused.value), "audit verify")
    assert (missing.code, f"stream/{SERVICES}" in missing.out) == (7, True)


@pytest.mark.slow
@pytest.mark.tells("controller/engine/snapshots/places.py", "snapshot create")
@pytest.mark.tells("controller/engine/snapshots/places.py", "snapshot list")
@pytest.mark.tells("controller/engine/snapshots/roll_forward.py", "audit verify")
@pytest.mark.tells("controller/snapshots/manifest.py", "snapshot list")
@pytest.mark.tells("controller/snapshots/read.py", "snapshot list")
def test_of_what_cannot_be_used_it_is_told_what_can(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    kept = tmp_path / "kept"
    use_settings(tmp_path, monkeypatch, f"snapshots: {{folder: {kept}}}\n")
    assert installed.apply().code == 0
    none = envctl("restore", "latest", "--plan").err
    assert told.types(none, "snapshot list").out.startswith("no snapshots: ")
    assert told.types(none, "snapshot create").code == 0
    whole, damaged = (folder.name for folder in (next(kept.iterdir()), one_more(kept)))

    cut(kept / damaged / f"{SERVICES}.json.gz")
    refused = envctl("restore", damaged, "--plan").err
    assert refused.count(f"snapshot {damaged}: ") == 1
    assert f"{whole}  " in told.types(refused, "snapshot list").out
    (kept / damaged / "manifest.json").write_text("{}")
    for name in (damaged, "20200101T000000Z-abcdef"):
        refused = envctl("restore", name, "--plan").err
        assert f"{whole}  " in told.types(refused, "snapshot list").out
    assert envctl("restore", whole, "--plan").code == 0

    master = installation().master
    head = master.store.get(master.state_table, {"Id": "head#config"})
    assert head is not None
    later = {**head, "Sequence": head["Sequence"] + 1}

    def scanned(client: Any, table: str, *how: Any) -> Iterator[Sequence[Any]]:
        master.store.write(PutWrite(master.state_table, to_wire(later)))
        yield from scan_lines(client, table, *how)

    monkeypatch.setattr("controller.engine.snapshots.create.scan_lines", scanned)
    monkeypatch.setattr(roll_forward, "WAIT_S", 0)
    unread = envctl("snapshot", "create")
    assert unread.code == 5
    missing = told.types(unread.err, "audit verify")
    assert (missing.code, f"#{later['Sequence']}" in missing.out) == (7, True)


def one_more(kept: Path) -> Path:
    """Take one more; return its folder."""
    before = {*kept.iterdir()}
    assert envctl("snapshot", "create").code == 0
    (made,) = {*kept.iterdir()} - before
    return made


def test_a_night_takes_one_and_takes_away_what_is_no_longer_kept(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"snapshots: {{folder: {tmp_path / 'kept'}, keepDays: 0}}\n"
    use_settings(tmp_path, monkeypatch, text)
    first = envctl("snapshot", "create", "--format", "json").json["id"]

    night = envctl("snapshot", "nightly")

    assert night.code == 0, night.err
    assert f"removed {first}" in night.out
    (kept,) = list_snapshots(FolderStore(tmp_path / "kept"))
    assert kept.verified
    assert f"took and verified {kept.id}" in night.out


def snapshots_checked() -> tuple[str, str]:
    """Return what doctor says of snapshots."""
    checks = envctl("doctor", "--format", "json").json["checks"]
    (found,) = [check for check in checks if check["of"] == "snapshots"]
    return found["health"], found["what"]


@pytest.mark.slow
def test_status_and_doctor_say_how_old_and_large_the_newest_proven_one_is(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert envctl("status", "--format", "json").json["snapshot"] is None
    assert snapshots_checked() == ("ok", "none are taken: the settings name no place")
    kept = tmp_path / "kept"
    use_settings(tmp_path, monkeypatch, f"snapshots: {{folder: {kept}}}\n")
    assert "none was proven yet" in envctl("status").out
    assert snapshots_checked() == ("lacks", f"none in {kept} was proven")
    proven = envctl("snapshot", "create", "--format", "json").json
    # Newer, and not verified: nobody relies on it.
    taken(FolderStore(kept))

    told = envctl("status", "--format", "json").json["snapshot"]

    assert (told["id"], told["at"]) == (proven["id"], proven["createdAt"])
    assert (told["items"], told["storedBytes"]) == (proven["items"], proven["storedBytes"])
    assert f"{proven['id']} proven, " in envctl("status").out
    assert snapshots_checked()[0] == "ok"
    monkeypatch.setattr("controller.engine.queries.doctor.checks.LONGEST_WITHOUT", timedelta(0))
    health, what = snapshots_checked()
    assert (health, what.partition(":")[0]) == ("lacks", "the newest is old")
    (kept / proven["id"] / "manifest.json").write_text("{}")
    assert "none was proven yet" in envctl("status").out


def test_a_place_of_snapshots_that_does_not_answer_is_told_and_ends_no_status(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_settings(tmp_path, monkeypatch, "snapshots: {bucket: there-is-none-of-this-name}\n")

    ended = envctl("status")

    assert ended.code == 0, ended.err
    assert "cannot be told: " in ended.out
    assert snapshots_checked()[0] == "lacks"


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flip, "InfraConfigServices.json.gz"),
        (cut, "InfraConfigServices.json.gz"),
        (Path.unlink, "missing"),
    ],
)
def test_a_damaged_file_is_named(
    installed: Fleet, store: FolderStore, damage: Any, said: str
) -> None:
    assert installed.apply().code == 0
    manifest = taken(store)
    damage(store.folder / manifest.id / f"{SERVICES}.json.gz")

    with pytest.raises(DamagedState, match=said):
        verified(store, manifest)
    with pytest.raises(DamagedState, match=said):
        observed_in(store, manifest, installation().master.kinds)


def altered(store: FolderStore, manifest: Manifest, **values: object) -> None:
    path = store.folder / manifest.id / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"format": 2}, "format 2, this controller knows up to 1"),
        ({"account": "999999999999"}, "of account 999999999999, and this is account 123456789012"),
        ({"installation": "another"}, r"of another installation of this account \(another\)"),
    ],
)
def test_what_is_not_ours_to_read_is_refused(
    installed: Fleet, store: FolderStore, values: dict[str, object], said: str
) -> None:
    manifest = taken(store)
    altered(store, manifest, **values)

    with pytest.raises(WrongUsage, match=said):
        verified(store, read_manifest(store, manifest.id))


def test_what_was_broken_off_is_no_snapshot(installed: Fleet, store: FolderStore) -> None:
    manifest = taken(store)
    (store.folder / manifest.id / "manifest.json").unlink()

    (listed,) = list_snapshots(store)

    assert listed.manifest is None
    assert listed.wrong == "its creation did not come to its end"
    with pytest.raises(WrongUsage, match="there is no snapshot 'latest'"):
        find_snapshot(store, "latest")


def test_sets_numbers_and_bytes_come_back_exactly(installed: Fleet, store: FolderStore) -> None:
    client = installation().master.client
    exact: dict[str, Any] = {
        "ServiceName": {"S": "Odd"},
        "Numbers": {"NS": ["1", "0.1234567890123456789012345678"]},
        "Bytes": {"B": b"\x00\xff"},
        "Like": {"M": {"$set": {"L": [{"S": "no set"}]}}},
    }
    client.put_item(TableName=SERVICES, Item=exact)

    (line,) = lines(store, taken(store), SERVICES)

    assert line == {**exact, "Numbers": {"NS": line["Numbers"]["NS"]}, "Bytes": {"B": "AP8="}}
    assert set(line["Numbers"]["NS"]) == set(exact["Numbers"]["NS"])


def test_the_ledger_is_in_it_on_demand(installed: Fleet, store: FolderStore) -> None:
    assert installed.apply().code == 0

    manifest = taken(store, SnapshotOrder(requester="ada", with_ledger=True))

    assert len(lines(store, manifest, "InfraChangeAudit")) == 3
    assert verified(store, manifest).differing == ()
