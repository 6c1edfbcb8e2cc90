import hashlib
import os
import socket
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import SourceUnavailable
from controller.sources import folder as folder_module
from controller.sources.folder import FolderSource, content_id


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "fleet" / "clusters").mkdir(parents=True)
    (tmp_path / "fleet" / "clusters" / "tango.yaml").write_text("kind: Cluster\n")
    (tmp_path / "fleet" / "c50.yaml").write_text("kind: Environment\n")
    return tmp_path / "fleet"


def source_of(root: Path) -> FolderSource:
    return FolderSource(root)


@given(st.binary(max_size=2000))
def test_a_content_id_is_gits_blob_id(content: bytes) -> None:
    assert content_id(content) == hashlib.sha1(b"blob %d\x00" % len(content) + content).hexdigest()


def test_git_itself_gives_the_same_id(root: Path) -> None:
    path = root / "c50.yaml"
    by_git = subprocess.run(
        ["git", "hash-object", "--no-filters", path], capture_output=True, check=True
    )

    assert source_of(root).fetch().files["c50.yaml"] == by_git.stdout.decode().strip()


def test_a_file_with_an_old_signature_is_not_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "_RACY_NS", -1)
    source = source_of(root)
    first = source.fetch()
    read: list[str] = []
    monkeypatch.setattr(source, "_content", read.append)

    assert source.fetch() == first
    assert not source.changed_since(first.revision.id)
    assert read == []


def test_a_file_written_twice_within_a_tick_is_seen(root: Path) -> None:
    source = source_of(root)
    first = source.fetch()
    status = (root / "c50.yaml").stat()
    (root / "c50.yaml").write_text("kind: Environmenu\n")
    os.utime(root / "c50.yaml", ns=(status.st_atime_ns, status.st_mtime_ns))

    assert source.changed_since(first.revision.id)


def test_a_file_changed_after_the_tree_was_read_is_not_given_out_as_it(root: Path) -> None:
    source = source_of(root)
    tree = source.fetch()
    (root / "c50.yaml").write_text("something else\n")

    with pytest.raises(SourceUnavailable, match=r"c50\.yaml: changed while it was being read"):
        list(source.read([tree.files["c50.yaml"]]))


def test_a_file_exchanged_for_a_link_is_not_followed(root: Path) -> None:
    source = source_of(root)
    tree = source.fetch()
    (root.parent / "elsewhere.yaml").write_text("kind: Environment\n")
    (root / "c50.yaml").unlink()
    (root / "c50.yaml").symlink_to("../elsewhere.yaml")

    with pytest.raises(SourceUnavailable, match=r"c50\.yaml: cannot be read"):
        list(source.read([tree.files["c50.yaml"]]))


@pytest.mark.parametrize("read_by", ["read", "changed_since"])
def test_a_folder_exchanged_for_a_link_is_not_followed(root: Path, read_by: str) -> None:
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "tango.yaml").write_text("kind: Cluster\n")
    (root / "clusters" / "inner").mkdir()
    (elsewhere / "inner").mkdir()
    for folder in (root / "clusters", elsewhere):
        (folder / "inner" / "deep.yaml").write_text("kind: Cluster # deep\n")
    source = source_of(root)
    tree = source.fetch()
    (root / "clusters").rename(root.parent / "away")
    (root / "clusters").symlink_to(elsewhere)

    if read_by == "read":
        for path in ("clusters/tango.yaml", "clusters/inner/deep.yaml"):
            with pytest.raises(SourceUnavailable, match=f"{path}: cannot be read"):
                list(source.read([tree.files[path]]))
    else:
        assert [problem.origin.path for problem in source.fetch().problems] == ["clusters"]


def test_a_folder_exchanged_for_a_link_during_the_walk_is_not_followed(root: Path) -> None:
    walked = folder_module.walk(root)
    found = next(entry for entry in walked if entry.kind == "folder")
    (root / "clusters").rename(root.parent / "away")
    (root / "clusters").symlink_to(root.parent / "away")

    assert found.path == b"clusters"
    with pytest.raises(SourceUnavailable, match="clusters: changed while it was being listed"):
        list(walked)


def test_a_file_that_cannot_be_read_makes_the_source_unavailable(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def refusing(path: str | bytes, *rest: int, dir_fd: int | None = None) -> int:
        if path == b"c50.yaml":
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)

    with pytest.raises(SourceUnavailable, match="what is unknown is not taken for absent"):
        source_of(root).fetch()


def test_a_folder_that_cannot_be_listed_makes_the_source_unavailable(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def refusing(path: str | bytes, *rest: int, dir_fd: int | None = None) -> int:
        if path == b"clusters":
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)

    with pytest.raises(SourceUnavailable, match="clusters: cannot be read: Permission denied"):
        source_of(root).fetch()


@pytest.mark.parametrize(
    ("name", "why"), [("nowhere", "there is no such folder"), ("c50.yaml", "is not a folder")]
)
def test_a_root_that_is_no_folder(root: Path, name: str, why: str) -> None:
    with pytest.raises(SourceUnavailable, match=f"{name}: {why}\n  fix: "):
        source_of(root / name).fetch()


def test_pipes_and_sockets_are_neither_opened_nor_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        monkey = os.open(root, os.O_RDONLY)
        try:
            # A socket's path has to be short, whatever the folder of the test.
            listener.bind(f"/proc/self/fd/{monkey}/plain.sock")
        finally:
            os.close(monkey)
        tree = source_of(root).fetch()

    assert [problem.origin.path for problem in tree.problems] == ["pipe.yaml"]
    assert len(tree.files) == 2


def test_the_root_itself_may_be_a_link(root: Path) -> None:
    link = root.parent / "current"
    link.symlink_to("fleet")

    assert source_of(link).fetch().files == source_of(root).fetch().files


def test_a_new_problem_is_another_revision(root: Path) -> None:
    source = source_of(root)
    first = source.fetch().revision
    (root / "link.yaml").symlink_to("c50.yaml")

    assert source.changed_since(first.id)
