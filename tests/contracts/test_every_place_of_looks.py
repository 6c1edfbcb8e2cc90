"""What published looks rely on, wherever they are kept: a file is replaced only by whoever knows what is there."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ministack import MINISTACK, ministack
from controller.aws.blob_store import Bound
from controller.aws.clients import Clients
from controller.aws.errors import NotFound, Place
from controller.errors import Conflict, Unreachable, WrongUsage
from controller.snapshots.replaceable import BucketFiles, FolderFiles, ReplaceableFiles
from tests.support.buckets import buckets_in_process

KEY = "acme/eu-west-1.json.gz"
BOUND = Bound(100, "a look")


@pytest.fixture(
    scope="module", params=["folder", "moto", pytest.param("ministack", marks=pytest.mark.slow)]
)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An S3 client, None for the folder."""
    if request.param == "folder":
        yield None
    elif request.param == "moto":
        with buckets_in_process() as made:
            yield made
    elif not MINISTACK.exists():
        pytest.skip("ministack is not installed: make servers")
    else:
        with ministack() as address, pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", address)
            yield Clients().client(Place("", "eu-west-1"), "s3")


@pytest.fixture
def files(client: Any, tmp_path: Path) -> ReplaceableFiles:
    if client is None:
        return FolderFiles(tmp_path / "observed")
    name = f"b{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return BucketFiles(client, name, "observed")


def test_what_was_written_is_read_with_its_version(files: ReplaceableFiles) -> None:
    version = files.replace(KEY, b"one", None)

    assert files.read(KEY, BOUND) == (b"one", version)
    with pytest.raises(NotFound):
        files.read("acme/other.json.gz", BOUND)


def test_whoever_knows_what_is_there_replaces_it(files: ReplaceableFiles) -> None:
    first = files.replace(KEY, b"one", None)
    second = files.replace(KEY, b"two", first)

    assert first != second
    assert files.read(KEY, BOUND) == (b"two", second)


@pytest.mark.parametrize("known", ["nothing", "another"])
def test_nobody_else_does(files: ReplaceableFiles, known: str) -> None:
    first = files.replace(KEY, b"one", None)
    files.replace(KEY, b"two", first)

    with pytest.raises(Conflict):
        files.replace(KEY, b"three", None if known == "nothing" else first)

    assert files.read(KEY, BOUND).content == b"two"


def test_what_is_gone_is_not_replaced(files: ReplaceableFiles) -> None:
    with pytest.raises((Conflict, NotFound)):
        files.replace(KEY, b"one", '"0cc175b9c0f1b6a831c399e269772661"')


def test_no_more_is_read_than_the_bound(files: ReplaceableFiles) -> None:
    files.replace(KEY, b"x" * 101, None)

    with pytest.raises(WrongUsage, match="of a look"):
        files.read(KEY, BOUND)


def test_a_folder_is_its_owners_alone(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path / "observed")
    files.replace(KEY, b"one", None)
    path = tmp_path / "observed" / KEY

    assert path.stat().st_mode & 0o077 == 0
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(Unreachable, match="looks: read"):
        files.read(KEY, BOUND)
