"""What snapshots and anchors rely on, wherever they are kept: written once, whole or not at all, read back as written."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from benchmarks.ministack import MINISTACK, ministack
from controller.aws.clients import Clients
from controller.aws.errors import NotFound, Place
from controller.errors import Conflict, Unreachable, WrongUsage
from controller.snapshots import bucket as bucket_store
from controller.snapshots.bucket import BucketStore
from controller.snapshots.folder import FolderStore
from controller.snapshots.store import LONGEST_KEY, SnapshotStore, read_all

LARGE = bytes(range(256)) * (80 << 10)
"""20 MiB: three parts of an upload."""


@pytest.fixture(
    scope="module", params=["folder", "moto", pytest.param("ministack", marks=pytest.mark.slow)]
)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An S3 client, None for the folder."""
    if request.param == "folder":
        yield None
    elif request.param == "moto":
        with mock_aws():
            yield Clients().client(Place("", "eu-west-1"), "s3")
    elif not MINISTACK.exists():
        pytest.skip("ministack is not installed: make servers")
    else:
        with ministack() as address, pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", address)
            yield Clients().client(Place("", "eu-west-1"), "s3")


@pytest.fixture
def store(client: Any, tmp_path: Path) -> SnapshotStore:
    if client is None:
        return FolderStore(tmp_path / "snapshots")
    name = f"b{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return BucketStore(client, name, "kept/here")


def keys(store: SnapshotStore, prefix: str = "") -> list[str]:
    return [found.key for found in store.list(prefix)]


def written(store: SnapshotStore, key: str, content: bytes) -> None:
    with store.writing(key) as output:
        for first in range(0, len(content), 3 << 20):
            output.write(content[first : first + (3 << 20)])


def interrupted(store: SnapshotStore, content: bytes) -> None:
    with store.writing("a") as output:
        output.write(content)
        raise KeyboardInterrupt


@pytest.mark.parametrize("content", [b"", b"{}", LARGE], ids=["empty", "small", "large"])
def test_what_was_written_is_read(store: SnapshotStore, content: bytes) -> None:
    written(store, "a/b.json", content)

    assert b"".join(store.read("a/b.json")) == content
    (found,) = store.list("a/")
    assert (found.key, found.size) == ("a/b.json", len(content))
    assert found.modified.tzinfo is not None


@pytest.mark.parametrize("content", [b"other", LARGE], ids=["small", "large"])
def test_nothing_is_written_over(store: SnapshotStore, content: bytes) -> None:
    store.put("a", b"first")

    with pytest.raises(Conflict):
        written(store, "a", content)
    with pytest.raises(Conflict):
        store.put("a", b"second")

    assert read_all(store, "a", 100) == b"first"
    assert keys(store) == ["a"]


def test_the_same_bytes_once_more_are_no_error(store: SnapshotStore) -> None:
    store.put("a", b"first")
    store.put("a", b"first")

    assert read_all(store, "a", 100) == b"first"


@pytest.mark.parametrize("content", [b"half", LARGE], ids=["small", "large"])
def test_what_is_not_finished_is_not_there(
    store: SnapshotStore, client: Any, content: bytes
) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(store, content)

    assert keys(store) == []
    if isinstance(store, BucketStore):
        assert "Uploads" not in client.list_multipart_uploads(Bucket=store.bucket)
    written(store, "a", content)
    assert b"".join(store.read("a")) == content


def test_objects_are_listed_by_key(store: SnapshotStore) -> None:
    names = ["a/1", "a/10", "a/2", "b/1"]
    for name in reversed(names):
        store.put(name, name.encode())

    assert keys(store) == names
    assert keys(store, "a/1") == ["a/1", "a/10"]
    assert keys(store, "none") == []


def test_what_is_deleted_is_gone_and_may_be_so_already(store: SnapshotStore) -> None:
    for name in ("a/1", "a/2"):
        store.put(name, b"x")

    store.delete(["a/1", "a/3", "a/2"])
    store.delete(["a/1"])

    assert keys(store) == []
    with pytest.raises(NotFound):
        list(store.read("a/1"))


def test_more_than_is_expected_is_not_read(store: SnapshotStore) -> None:
    store.put("a", b"12345")

    with pytest.raises(WrongUsage, match="longer than the 4 bytes"):
        read_all(store, "a", 4)


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "../a", "a/../b", ".hidden", "a//b", "ü", "a b", "a" * (LONGEST_KEY + 1)],
)
def test_no_key_leads_elsewhere(store: SnapshotStore, key: str) -> None:
    with pytest.raises(WrongUsage, match="no name of an object"):
        store.put(key, b"x")
    with pytest.raises(WrongUsage):
        list(store.read(key))
    with pytest.raises(WrongUsage):
        store.delete([key])


def test_a_lost_answer_to_the_last_request_is_no_conflict(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not isinstance(store, BucketStore):
        pytest.skip("a folder gives no answers that could be lost")
    complete = store.client.complete_multipart_upload

    def twice(**request: Any) -> Any:
        complete(**request)
        return complete(**request)

    monkeypatch.setattr(store.client, "complete_multipart_upload", twice)
    written(store, "a", LARGE)

    assert b"".join(store.read("a")) == LARGE
    assert len(LARGE) > bucket_store.PART_BYTES


def test_a_link_in_a_folder_is_none_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("no")
    store = FolderStore(tmp_path / "snapshots")
    store.put("a", b"x")
    (tmp_path / "snapshots/b").symlink_to(tmp_path / "secret")

    with pytest.raises(Unreachable, match="read"):
        list(store.read("b"))
    assert keys(store) == ["a"]
    assert (tmp_path / "snapshots/a").stat().st_mode & 0o077 == 0
