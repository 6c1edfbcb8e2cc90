"""Trees are read by id: each once, hidden ones not at all, and what no sound tree has is refused even if it got in."""

import subprocess
from pathlib import Path

import pytest

from controller.sources import git_objects
from controller.sources.git_objects import BrokenCache, list_folders, list_tree
from controller.sources.git_process import GitProcess
from controller.sources.selection import Found, select
from tests.support import hostile_repositories as hostile
from tests.support.hostile_repositories import CLUSTER, HostileRepository, file


@pytest.fixture
def made(tmp_path: Path) -> HostileRepository:
    return HostileRepository(tmp_path / "made")


def listed(made: HostileRepository, tree: str = "main:") -> list[Found]:
    entries = list_tree(GitProcess(made.folder, {}), tree)
    assert entries is not None
    return entries


def test_a_name_twice_is_refused_wherever_it_came_from(made: HostileRepository) -> None:
    hostile.a_name_twice(made)

    found = select(listed(made))

    assert found.files == {}
    assert "is in its folder more than once" in found.problems[0].message


@pytest.mark.parametrize("name", ["/etc/x.yaml", "../x.yaml", "..", "."])
def test_a_name_that_no_file_can_have_is_refused(made: HostileRepository, name: str) -> None:
    blob = made.blob(CLUSTER)
    made.commit(made.tree([file(name, blob), file("a.yaml", blob)]))

    entries = listed(made)

    assert [(entry.path, entry.kind) for entry in entries] == [
        (name.encode(), "misnamed"),
        (b"a.yaml", "file"),
    ]


def test_a_tree_that_ends_too_early_is_refused(made: HostileRepository) -> None:
    made.commit(made.add("tree", b"100644 a.yaml\0" + b"1" * 7))

    assert [entry.kind for entry in listed(made)] == ["misnamed"]


def test_the_same_tree_is_read_once_and_counts_each_time(
    made: HostileRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    tree = git_objects._tree

    def noted(
        git: GitProcess, child: "subprocess.Popen[bytes]", name: str
    ) -> list[git_objects._Named] | None:
        read.append(name)
        return tree(git, child, name)

    monkeypatch.setattr(git_objects, "_tree", noted)
    inner = made.tree([file("a.yaml", made.blob(CLUSTER))])
    made.commit(made.tree(("40000", b"%d" % number, inner) for number in range(5)))

    assert len(listed(made)) == 10
    assert read == ["main:", inner]


def test_hidden_folders_are_not_read(made: HostileRepository) -> None:
    absent = "1" * 40
    made.commit(made.tree([("40000", b".github", absent), file("a.yaml", made.blob(CLUSTER))]))

    assert [entry.path for entry in listed(made)] == [b".github", b"a.yaml"]


@pytest.mark.parametrize(("limit", "where"), [(70, "x"), (60, ".")])
def test_a_folder_with_too_long_a_list_is_not_read(
    made: HostileRepository, monkeypatch: pytest.MonkeyPatch, limit: int, where: str
) -> None:
    monkeypatch.setattr(git_objects, "_MAX_TREE_BYTES", limit)
    blob = made.blob(CLUSTER)
    crowded = made.tree(file(f"{number}.yaml", blob) for number in range(3))
    made.commit(made.tree([file("a.yaml", blob), ("40000", b"x", crowded)]))

    found = select(listed(made))

    assert [(told.origin.path, "lists more than" in told.message) for told in found.problems] == [
        (where, True)
    ]


@pytest.mark.parametrize("missing", ["tree", "blob"])
def test_an_object_that_is_not_there_makes_the_copy_a_broken_one(
    made: HostileRepository, missing: str
) -> None:
    absent = "1" * 40
    entry = ("40000", b"x", absent) if missing == "tree" else file("x.yaml", absent)
    made.commit(made.tree([entry]))

    with pytest.raises(BrokenCache, match=f"object {absent} cannot be read"):
        listed(made)


@pytest.mark.parametrize("name", ["nowhere", "a tree", "a.yaml"])
def test_what_is_no_folder_is_none(made: HostileRepository, name: str) -> None:
    made.commit(made.tree([file("a.yaml", made.blob(CLUSTER))]))
    git = GitProcess(made.folder, {})

    assert list_tree(git, f"main:{name}") is None
    assert list_folders(git, f"main:{name}") == []
