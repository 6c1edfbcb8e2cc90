"""Git as a source: which commit, what is asked of the server, and what is said when it cannot be read."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from controller.errors import EnvctlError, SourceUnavailable, WrongUsage
from controller.model.ref import DocumentPlace
from controller.sources.git import GitSource
from controller.sources.git_process import (
    SYMPTOMS,
    last_words,
    remote_error,
)
from controller.sources.location import GitLocation
from tests.support.git_repository import Repository, recorded_git


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository.at(tmp_path / "origin")
    repository.commit({"fleet/a.yaml": "a: 1\n", "docs/x.md": "x", "fleet/prod/b.yaml": "b: 1\n"})
    return repository


def source_of(repository: Repository, ref: str = "main", path: str = "fleet") -> GitSource:
    cache = repository.folder.parent / "cache"
    return GitSource(GitLocation(repository.url, ref, path), cache)


class Recorder:
    """Notes what git is asked to do."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._notes = recorded_git(folder)
        self.path = f"{self._folder}{os.pathsep}{os.environ['PATH']}"

    def commands(self) -> list[list[str]]:
        """The commands since the last question, each as its arguments."""
        lines = self._notes.read_text().splitlines()
        self._notes.write_text("")
        return [line.rstrip("\0").split("\0") for line in lines]


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder(tmp_path / "bin")
    monkeypatch.setenv("PATH", recorder.path)
    return recorder


def names(commands: list[list[str]]) -> list[str]:
    # ``git version`` is GitPython looking at its program when it is first imported.
    return [command[0] for command in commands if command[0] != "version"]


@pytest.mark.parametrize(
    ("ref", "label", "because"),
    [
        ("HEAD", "main", "the branch HEAD is"),
        ("main", "main", "a branch"),
        ("feature/x", "feature/x", "a branch with a slash"),
        ("refs/heads/main", "main", "written out"),
        ("v1", "v1", "a light tag"),
        ("v2", "v2", "an annotated tag is its commit"),
        ("refs/tags/v2", "v2", "the same written out"),
    ],
)
def test_a_branch_or_tag_is_its_commit(
    repository: Repository, ref: str, label: str, because: str
) -> None:
    repository.git("branch", "feature/x")
    repository.git("tag", "v1")
    repository.git("tag", "-a", "v2", "-m", "the second")
    source = source_of(repository, ref)

    tree = source.fetch()

    assert tree.revision.id == repository.head, because
    assert tree.revision.label == f"{label}@{repository.head[:7]}", because
    assert list(tree.files) == ["a.yaml", "prod/b.yaml"]
    assert not source.changed_since(tree.revision.id), because


def test_a_commit_id_stays_that_commit(repository: Repository) -> None:
    first = repository.head
    repository.commit({"fleet/a.yaml": "a: 2\n"})

    tree = source_of(repository, first).fetch()

    assert (tree.revision.id, tree.revision.label) == (first, first[:7])


def test_a_commit_that_no_branch_holds_can_still_be_asked_for(repository: Repository) -> None:
    lost = repository.commit({"fleet/a.yaml": "a: 2\n"})
    repository.git("reset", "--quiet", "--hard", "HEAD~1")

    assert source_of(repository, lost).fetch().revision.id == lost


def test_a_server_that_gives_out_no_ids_is_asked_for_all_branches(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repository.head
    repository.commit({"fleet/a.yaml": "a: 2\n"})
    # Version 0 of the protocol refuses ids that are no tips.
    repository.git("config", "protocol.version", "0")
    source = source_of(repository, first)
    remote = replace(source._cache._remote(None), settings={"protocol.version": "0"})
    monkeypatch.setattr(source._cache, "_remote", lambda _: remote)

    assert source.fetch().revision.id == first


def test_a_revision_says_who_when_and_why(repository: Repository) -> None:
    message = "Retire c07\n\nEnvctl-Approve: maxDeletes@3f9c1a"
    repository.commit({"fleet/a.yaml": "a: 2\n"}, message, author="Bö Bauer")

    revision = source_of(repository).fetch().revision

    assert revision.author == "Bö Bauer <bö@example.com>"
    assert revision.message.strip() == message
    assert revision.date == repository.git("log", "-1", "--format=%aI")


def test_an_unchanged_ref_costs_one_question_and_no_content(
    repository: Repository, recorder: Recorder
) -> None:
    source = source_of(repository)
    tree = source.fetch()
    recorder.commands()

    assert not source.changed_since(tree.revision.id)

    (command,) = recorder.commands()
    assert command[0] == "ls-remote"


def test_reading_an_unchanged_tree_again_fetches_nothing(
    repository: Repository, recorder: Recorder
) -> None:
    source_of(repository).fetch()
    recorder.commands()

    source_of(repository).fetch()

    assert names(recorder.commands()) == ["ls-remote", "cat-file", "log", "cat-file", "cat-file"]


def test_a_commit_id_in_the_cache_asks_the_server_nothing(
    repository: Repository, recorder: Recorder
) -> None:
    head = repository.head
    source = source_of(repository, head)
    source.fetch()
    recorder.commands()

    assert not source.changed_since(head)
    assert source.changed_since("0" * 40)
    assert recorder.commands() == []

    source.fetch()

    assert names(recorder.commands()) == ["cat-file", "log", "cat-file", "cat-file"]


def test_all_contents_come_through_one_process(repository: Repository, recorder: Recorder) -> None:
    repository.commit({f"fleet/{number}.yaml": f"n: {number}\n" for number in range(700)})
    source = source_of(repository)
    tree = source.fetch()
    recorder.commands()

    contents = dict(source.read(tree.files.values()))

    assert contents[tree.files["699.yaml"]] == b"n: 699\n"
    assert names(recorder.commands()) == ["cat-file"]


def test_reading_may_stop_half_way(repository: Repository) -> None:
    repository.commit({f"fleet/{number}.yaml": f"n: {number}\n" for number in range(700)})
    source = source_of(repository)
    ids = list(source.fetch().files.values())

    reading = source.read(ids)
    first = next(iter(reading))
    del reading

    assert first[0] == ids[0]


def test_nothing_is_checked_out_and_no_hook_runs(repository: Repository, tmp_path: Path) -> None:
    mark = tmp_path / "hook-ran"
    templates = tmp_path / "templates" / "hooks"
    templates.mkdir(parents=True)
    source = source_of(repository)
    source.fetch()
    hooks = source._cache.repository / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{mark}'\n")
        (hooks / name).chmod(0o755)
    repository.commit({"fleet/a.yaml": "a: 2\n"})

    source.fetch()

    assert not mark.exists()
    assert not (source._cache.repository / "index").exists()


def test_the_callers_own_git_variables_do_not_reach_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in (
        "GIT_WORK_TREE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_INDEX_FILE",
        "GIT_QUARANTINE_PATH",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_TRACE",
        "GIT_EXTERNAL_DIFF",
    ):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'protocol.file.allow'='never'")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    head = Path(repository.folder / ".git/refs/heads/main").read_text().strip()
    source = source_of(repository)

    tree = source.fetch()

    assert tree.revision.id == head
    places = set(map(DocumentPlace, tree.files))
    assert set(source.authorship(places)) == places
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("ref", "path", "error", "words"),
    [
        (
            "mian",
            "fleet",
            SourceUnavailable,
            "no branch or tag named 'mian'\n  fix: did you mean 'main'?",
        ),
        ("abcdef1", "fleet", SourceUnavailable, "write a commit id with all its 40 digits"),
        ("zzz", "fleet", SourceUnavailable, "fix: there are both, main"),
        ("refs/heads/x", "fleet", SourceUnavailable, "no branch or tag named"),
        ("both", "fleet", WrongUsage, "'both' is both a branch and a tag"),
        ("f" * 40, "fleet", SourceUnavailable, f"no commit {'f' * 40} in any branch or tag"),
        ("main", "flet", SourceUnavailable, "no folder 'flet' in commit"),
        ("main", "flet", SourceUnavailable, "fix: there are docs, fleet"),
        ("main", "fleet/x/y", SourceUnavailable, "fix: there are fleet/prod"),
        ("main", "fleet/a.yaml", SourceUnavailable, "fix: there are fleet/prod"),
        ("main", "docs", SourceUnavailable, "no .yaml or .yml file at main@"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(
    repository: Repository, ref: str, path: str, error: type[EnvctlError], words: str
) -> None:
    repository.git("branch", "both")
    repository.git("tag", "both")

    with pytest.raises(error) as refused:
        source_of(repository, ref, path).fetch()

    assert words in str(refused.value)
    assert "fix: " in str(refused.value)


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    repository = Repository.at(tmp_path / "origin")

    with pytest.raises(SourceUnavailable, match="no commit yet"):
        source_of(repository, "HEAD").fetch()


def test_a_repository_that_is_not_there(tmp_path: Path) -> None:
    source = GitSource(GitLocation(f"file://{tmp_path}/nowhere"), tmp_path / "cache")

    with pytest.raises(SourceUnavailable, match="there is no repository"):
        source.fetch()
    with pytest.raises(SourceUnavailable, match="there is no repository"):
        source.changed_since(None)


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    # Port 9 of this machine: nothing listens there.
    source = GitSource(GitLocation("https://127.0.0.1:9/org/repo"), tmp_path / "cache")

    with pytest.raises(SourceUnavailable, match="out of reach"):
        source.fetch()


def test_a_machine_without_git(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(WrongUsage, match="git is not installed"):
        source_of(repository).fetch()


def test_ssh_asks_nobody(repository: Repository, recorder: Recorder, tmp_path: Path) -> None:
    ssh = Path(recorder.path.split(os.pathsep)[0]) / "ssh"
    ssh.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" > '{tmp_path}/ssh-arguments'\n"
        "echo 'git@git.example: Permission denied (publickey).' >&2\nexit 255\n"
    )
    ssh.chmod(0o755)
    source = GitSource(GitLocation("git@git.example:org/repo.git"), tmp_path / "cache")

    with pytest.raises(EnvctlError, match="refused our ssh key"):
        source.fetch()

    arguments = (tmp_path / "ssh-arguments").read_text().splitlines()
    assert "BatchMode=yes" in arguments
    assert arguments[-2:] == ["git@git.example", "git-upload-pack 'org/repo.git'"]


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("fatal: could not read Username for 'https://h': terminal prompts disabled", "credential"),
        (
            "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://h/'",
            "credential",
        ),
        (
            "fatal: unable to access 'https://h/': The requested URL returned error: 403",
            "credential",
        ),
        (
            "remote: Repository not found.\nfatal: repository 'https://h/x/' not found",
            "no repository",
        ),
        ("ERROR: Repository not found.\nfatal: Could not read from remote", "no repository"),
        ("fatal: unable to access 'https://h/': Could not resolve host: h", "out of reach"),
        ("ssh: connect to host h port 22: Connection timed out", "out of reach"),
        (
            "fatal: unable to access 'https://h/': The requested URL returned error: 502",
            "out of reach",
        ),
        ("fatal: the remote end hung up unexpectedly", "out of reach"),
        (
            "fatal: unable to access 'https://h/': The requested URL returned error: 301",
            "redirects",
        ),
        ("fatal: unable to access 'https://h/': SSL certificate problem: self-signed", "trusted"),
        ("fatal: unable to access 'https://h/': server verification failed", "trusted"),
        ("fatal: unable to access 'https://h/': GnuTLS recv error (-110)", "out of reach"),
        ("Host key verification failed.\nfatal: Could not read", "ssh key is not known"),
        ("fatal: detected dubious ownership in repository at '/srv/x'", "another user"),
        ("fatal: transport 'ext' not allowed", "protocol"),
        ("fatal: mismatched algorithms: client sha1; server sha256", "SHA-256"),
        ("gave no answer within 60 s", "in time"),
        ("fatal: Out of memory, malloc failed (tried to allocate 24 bytes)", "more than is read"),
        (
            "error: object 1a: duplicateEntries: contains duplicate\nfatal: fsck error in packed object",
            "no sound one",
        ),
    ],
)
def test_what_git_says_becomes_what_to_do(said: str, what: str) -> None:
    error = remote_error("git+https://h/x", said)

    assert error is not None
    assert what in str(error)
    assert str(error).startswith("git+https://h/x: ")
    assert "fix: " in str(error)


def test_words_nobody_foresaw_are_not_guessed_at() -> None:
    assert remote_error("x", "fatal: something new") is None
    assert len(SYMPTOMS) == len({symptom.what for symptom in SYMPTOMS})


def test_what_git_says_is_short_and_printable() -> None:
    assert last_words("hint: x\nfatal: a\x1b[31mb\n") == "fatal: a?[31mb"
    assert last_words("") == "nothing"
    assert len(last_words("x" * 1000)) == 300
