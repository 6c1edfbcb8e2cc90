"""Anchors come back as they were written; which of them are compared; what is none is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.ledger.chain import Anchored
from controller.model.ledger_record import Head
from controller.snapshots.anchors import (
    UnusableAnchor,
    anchor_of,
    list_anchors,
    read_anchor,
    write_anchor,
)
from controller.snapshots.folder import FolderStore

NOW = datetime(2026, 11, 24, 10, 30, 5, tzinfo=UTC)
HEADS = [Head("config", 3, "w", 0, 17, "ab12"), Head("stream/T", 1, "", 0, 0, "")]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "snapshots")


def test_an_anchor_comes_back_as_it_was_written(store: FolderStore) -> None:
    anchor = anchor_of("inst-1", HEADS, NOW)
    key = write_anchor(store, anchor)
    assert key == "anchors/2026-11-24/103005Z.json"
    assert read_anchor(store, key) == anchor
    assert anchor.heads == {"config": Anchored(17, "ab12", "2026-11-24T10:30:05.000Z")}


def test_of_long_ago_the_last_of_each_day_is_compared(store: FolderStore) -> None:
    for hours in (0, 1, 2, 40 * 24, 40 * 24 + 1, 41 * 24):
        write_anchor(store, anchor_of("inst-1", HEADS, NOW - timedelta(hours=hours)))
    for key in ("anchors/note.txt", "anchors/2026-13-45/000000Z.json", "other/x"):
        store.put(key, b"{}")
    found = [NOW - stored.at for stored in list_anchors(store, NOW)]
    assert found == [timedelta(hours=hours) for hours in (41 * 24, 40 * 24, 2, 1, 0)]


@pytest.mark.parametrize(
    "content",
    [
        b"no json",
        b"[]",
        b'{"formatVersion":1,"at":"soon","installation":"i","heads":{}}',
        b'{"formatVersion":2,"at":"2026-11-24T10:00:00.000Z","installation":"i","heads":{}}',
        b'{"formatVersion":1,"at":"2026-11-24T10:00:00.000Z","installation":"i","heads":{"config":["1","x"]}}',
        b'{"formatVersion":1,"at":"2026-11-24T10:00:00.000Z","installation":7,"heads":{}}',
    ],
)
def test_what_is_no_anchor_of_ours_is_told(store: FolderStore, content: bytes) -> None:
    store.put("anchors/2026-11-24/000000Z.json", content)
    with pytest.raises(UnusableAnchor, match="000000Z"):
        read_anchor(store, "anchors/2026-11-24/000000Z.json")
