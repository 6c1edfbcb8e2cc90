"""The local copy: shared by processes, thrown away when broken, whole after an interruption."""

import contextlib
import fcntl
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.errors import SourceUnavailable
from controller.sources import git_repository
from controller.sources.git import GitSource
from controller.sources.location import GitLocation
from tests.support.git_repository import Repository

READ_ALL = """
import sys
from pathlib import Path
from controller.sources.git import GitSource
from controller.sources.location import parse_git_location
source = GitSource(parse_git_location(sys.argv[1]), Path(sys.argv[2]))
for _ in range(3):
    tree = source.fetch()
    contents = dict(source.read(tree.files.values()))
    assert len(contents) == len(set(tree.files.values()))
print(tree.revision.id)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository.at(tmp_path / "origin")
    repository.commit({f"{number}.yaml": f"n: {number}\n" * 50 for number in range(50)})
    return repository


@pytest.fixture
def source(repository: Repository) -> GitSource:
    return GitSource(GitLocation(repository.url, "main"), repository.folder.parent / "cache")


def _no_head(copy: Path) -> None:
    (copy / "HEAD").unlink()


def _no_objects(copy: Path) -> None:
    for pack in (copy / "objects" / "pack").iterdir():
        pack.unlink()


def _truncated_pack(copy: Path) -> None:
    for pack in (copy / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o600)
        os.truncate(pack, pack.stat().st_size // 2)


def _noise_for_a_pack(copy: Path) -> None:
    for pack in (copy / "objects" / "pack").iterdir():
        pack.chmod(0o600)
        pack.write_bytes(b"noise")


def _bad_settings(copy: Path) -> None:
    (copy / "config").write_text("[core\n")


def _left_locks(copy: Path) -> None:
    for ref in (copy / "refs" / "envctl").iterdir():
        ref.with_name(f"{ref.name}.lock").touch()


def _a_file(copy: Path) -> None:
    copy.rename(copy.with_name("away"))
    copy.write_text("not a folder")


def _a_link(path: Path) -> None:
    away = path.with_name(f"{path.name}-away")
    path.rename(away)
    path.symlink_to(away)


def _a_folder_for_settings(copy: Path) -> None:
    (copy / "config").unlink()
    (copy / "config" / "x").mkdir(parents=True)


BREAKAGES = [
    _a_folder_for_settings,
    _no_head,
    _no_objects,
    _truncated_pack,
    _noise_for_a_pack,
    _bad_settings,
    _left_locks,
]


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_copy_is_fetched_again(
    repository: Repository, source: GitSource, breakage: Callable[[Path], None]
) -> None:
    source.fetch()
    repository.commit({"1.yaml": "n: one\n"})
    breakage(source._cache.repository)

    tree = source.fetch()

    assert tree.revision.id == repository.head
    assert dict(source.read([tree.files["1.yaml"]])) == {tree.files["1.yaml"]: b"n: one\n"}


@pytest.mark.parametrize("breakage", [_no_objects, _noise_for_a_pack, _no_head])
def test_a_copy_that_breaks_before_reading_is_fetched_again_and_said_so(
    source: GitSource, breakage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    tree = source.fetch()
    breakage(source._cache.repository)

    with caplog.at_level(logging.WARNING):
        contents = dict(source.read(tree.files.values()))

    assert len(contents) == 50
    assert "is broken and is fetched again" in caplog.text


def test_an_id_that_was_never_in_the_tree_breaks_nothing(source: GitSource) -> None:
    source.fetch()

    with pytest.raises(SourceUnavailable, match="cannot be read from"):
        list(source.read(["f" * 40]))

    assert source._cache.repository.is_dir()


def test_what_an_interrupted_fetch_leaves_is_no_obstacle(
    repository: Repository, source: GitSource
) -> None:
    source.fetch()
    copy = source._cache.repository
    (copy / "objects" / "pack" / "tmp_pack_x1").write_bytes(b"PACK half")
    copy.with_name(f"{copy.name}.new-{os.getpid()}").mkdir()
    head = repository.commit({"1.yaml": "n: one\n"})

    assert source.fetch().revision.id == head


def test_a_forced_push_is_followed(repository: Repository, source: GitSource) -> None:
    source.fetch()
    repository.git("commit", "--quiet", "--amend", "-m", "Another first commit")

    assert source.fetch().revision.id == repository.head


def test_two_processes_share_one_copy(repository: Repository, source: GitSource) -> None:
    cache = repository.folder.parent / "cache"
    command = [sys.executable, "-c", READ_ALL, f"git+{repository.url}@main", str(cache)]
    with contextlib.ExitStack() as running:
        children = [
            running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            for _ in range(3)
        ]
        outputs = [child.communicate(timeout=60)[0] for child in children]

    assert [child.returncode for child in children] == [0, 0, 0]
    assert {output.decode().strip() for output in outputs} == {repository.head}


def test_who_waits_too_long_for_another_process_says_so(
    source: GitSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_repository, "LOCK_TIMEOUT_S", 0.1)
    lock = Path(f"{source._cache.repository}.lock")
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(SourceUnavailable, match="another process has been fetching it"):
            source.fetch()


def test_the_copy_is_private(source: GitSource) -> None:
    source.fetch()

    assert source._cache.repository.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("which", ["cache", "git", "repository"])
@pytest.mark.parametrize(
    ("change", "said", "mends"),
    [
        (
            lambda path: path.chmod(0o777),
            "can be written to by others (mode 0777)",
            "chmod -R go-w ",
        ),
        (lambda path: path.chmod(0o770), "can be written to by others (mode 0770)", "rm -rf "),
        (lambda path: os.chown(path, 12345, -1), "belongs to another user", "rm -rf "),
        (_a_link, "is a link or a file, no folder", "rm "),
    ],
    ids=["by all", "by a group", "another user", "a link"],
)
def test_a_copy_that_others_could_have_written_is_refused(
    source: GitSource, which: str, change: Callable[[Path], None], said: str, mends: str
) -> None:
    if os.geteuid() != 0 and said.startswith("belongs"):
        pytest.skip("only root gives files away")
    source.fetch()
    copy = source._cache.repository
    path = {"cache": copy.parent.parent, "git": copy.parent, "repository": copy}[which]
    change(path)

    for asked in (source.fetch, lambda: source.changed_since(None)):
        with pytest.raises(SourceUnavailable) as refused:
            asked()
        assert str(refused.value).startswith(f"{path}: this cache folder {said}")
        assert f"fix: {mends}" in str(
            refused.value
        ) or f"; if nobody else wrote to it, {mends}" in str(refused.value)
        assert str(path) in str(refused.value).partition("fix: ")[2]


def test_settings_that_came_with_a_copy_are_not_obeyed(
    repository: Repository, source: GitSource, tmp_path: Path
) -> None:
    source.fetch()
    copy = source._cache.repository
    other = Repository.at(tmp_path / "other")
    other.commit({"1.yaml": "n: theirs\n"})
    ran = tmp_path / "ran"
    (copy / "objects" / "info").mkdir(exist_ok=True)
    (copy / "objects" / "info" / "alternates").write_text(f"{other.folder}/.git/objects\n")
    (copy / "commondir").write_text(f"{other.folder}/.git\n")
    (copy / "config").write_text(
        f'[core]\n\tbare = true\n\talternateRefsCommand = "touch {ran}; :"\n\tsshCommand = touch {ran}\n'
        f'[url "{other.url}"]\n\tinsteadOf = {repository.url}\n'
    )
    head = repository.commit({"1.yaml": "n: ours\n"})

    tree = source.fetch()

    assert tree.revision.id == head
    assert dict(source.read([tree.files["1.yaml"]])) == {tree.files["1.yaml"]: b"n: ours\n"}
    assert not ran.exists()
    assert "insteadOf" not in (copy / "config").read_text()


def test_no_setting_starts_a_program_for_refs_elsewhere(
    repository: Repository, source: GitSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, ran = tmp_path / "gitconfig", tmp_path / "ran"
    config.write_text(f'[core]\n\talternateRefsCommand = "touch {ran}; :"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    source.fetch()
    info = source._cache.repository / "objects" / "info"
    info.mkdir(exist_ok=True)
    monkeypatch.setattr(git_repository, "_LEADS_ELSEWHERE", ())
    (info / "alternates").write_text(f"{repository.folder}/.git/objects\n")
    repository.commit({"1.yaml": "n: one\n"})

    source.fetch()

    assert not ran.exists()


def test_a_copy_made_where_all_of_a_group_may_write_is_private(source: GitSource) -> None:
    before = os.umask(0o002)
    try:
        source.fetch()
    finally:
        os.umask(before)

    copy = source._cache.repository
    assert [path.stat().st_mode & 0o077 for path in (copy, copy.parent, copy.parent.parent)] == [
        0
    ] * 3
    assert source.fetch().files


def test_a_cache_folder_that_cannot_be_used_is_named(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    source = GitSource(GitLocation(repository.url, "main"), tmp_path / "taken")

    with pytest.raises(SourceUnavailable, match="cache folder"):
        source.fetch()


@pytest.mark.parametrize(
    ("step", "limit"), [("ls-remote", "LS_REMOTE_TIMEOUT_S"), ("fetch", "FETCH_TIMEOUT_S")]
)
def test_a_server_that_trickles_bytes_is_given_up_when_its_whole_time_is_over(
    source: GitSource,
    repository: Repository,
    step: str,
    limit: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    git = shutil.which("git")
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    trickle = "while :; do printf 0; printf 0 >&2; sleep 0.05; done"
    slow.write_text(f'#!/bin/sh\ncase " $* " in *" {step} "*) {trickle};; esac\nexec {git} "$@"\n')
    slow.chmod(0o755)
    source.fetch()
    repository.commit({"new.yaml": "a: 1\n"})
    monkeypatch.setattr(git_repository, limit, 1.0)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")

    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="did not answer in time"):
        source.fetch()
    # Each byte that comes begins no new wait.
    assert time.monotonic() - began < 20


def test_a_server_that_never_answers_is_given_up(
    source: GitSource, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nsleep 30 & wait\n")
    slow.chmod(0o755)
    source.fetch()
    monkeypatch.setattr(git_repository, "LS_REMOTE_TIMEOUT_S", 0.2)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")

    with pytest.raises(SourceUnavailable, match="did not answer in time"):
        source.fetch()
