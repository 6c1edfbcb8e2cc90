"""A source whose settings list keys is read at commits that one of them signed, and at no other, however it looks signed."""

import subprocess
from pathlib import Path

import pytest

from controller.errors import ExitCode, UntrustedRevision, WrongUsage, exit_code_of
from controller.sources.git import GitSource
from controller.sources.location import GitLocation
from controller.sources.ssh_signature import MOST_BYTES, signer_of
from tests.support.git_repository import Repository
from tests.support.ssh_signing import SigningKey


@pytest.fixture
def ada(tmp_path: Path) -> SigningKey:
    return SigningKey.of("ada", tmp_path / "keys")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository.at(tmp_path / "origin")
    repository.commit({"a.yaml": "a: 1\n"})
    return repository


def source_of(repository: Repository, *keys: str) -> GitSource:
    cache = repository.folder.parent / "cache"
    return GitSource(GitLocation(repository.url, "main", ""), cache, signers=keys)


def rewritten(repository: Repository, old: bytes, new: bytes) -> None:
    """Put a commit in the place of the newest one, with other bytes."""
    found = subprocess.run(
        ["git", "cat-file", "commit", "HEAD"],
        cwd=repository.folder,
        check=True,
        capture_output=True,
    ).stdout
    assert old in found
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=repository.folder,
        input=found.replace(old, new, 1),
        check=True,
        capture_output=True,
    ).stdout.decode()
    repository.git("update-ref", "refs/heads/main", made.strip())


def test_what_a_listed_key_signed_is_read(
    tmp_path: Path, repository: Repository, ada: SigningKey
) -> None:
    ben = SigningKey.of("ben", tmp_path / "keys")
    signed = ada.commit(repository)

    tree = source_of(repository, ben.listed, ada.listed).fetch()

    assert tree.revision.id == signed
    assert list(tree.files) == ["a.yaml"]


def test_a_commit_on_top_that_nobody_signed_is_not_read(
    repository: Repository, ada: SigningKey
) -> None:
    ada.commit(repository)
    later = repository.commit({"a.yaml": "a: 2\n"})

    with pytest.raises(UntrustedRevision) as refused:
        source_of(repository, ada.listed).fetch()

    assert later[:7] in refused.value.message
    assert "source.git.signers" in refused.value.fix
    assert exit_code_of(refused.value) is ExitCode.REFUSED


def test_a_key_that_is_not_listed_signs_nothing_whatever_its_name(
    tmp_path: Path, repository: Repository, ada: SigningKey
) -> None:
    SigningKey.of("ada", tmp_path / "others").commit(repository)

    with pytest.raises(UntrustedRevision, match="none of the listed keys"):
        source_of(repository, ada.listed).fetch()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"signed\n", b"Envctl-Approve: maxDeletes@0123456789abcdef\n"),
        (b"\ngpgsig ", b"\nx-later no\ngpgsig "),
        (b"BEGIN SSH SIGNATURE", b"BEGIN PGP SIGNATURE"),
    ],
)
def test_a_commit_that_was_changed_after_it_was_signed_is_not_read(
    repository: Repository, ada: SigningKey, old: bytes, new: bytes
) -> None:
    ada.commit(repository)
    source = source_of(repository, ada.listed)
    assert source.fetch().files
    rewritten(repository, old, new)

    with pytest.raises(UntrustedRevision):
        source.fetch()


def test_two_signatures_are_none(repository: Repository, ada: SigningKey) -> None:
    ada.commit(repository)
    rewritten(repository, b"\ngpgsig ", b"\ngpgsig x\ngpgsig ")

    with pytest.raises(UntrustedRevision, match="is not signed by SSH"):
        source_of(repository, ada.listed).fetch()


def test_what_was_signed_for_something_else_counts_for_nothing(ada: SigningKey) -> None:
    data = b"tree 1\n"

    assert signer_of(data, ada.sign(data, "git"), [ada.listed], "git") == "ada"
    assert signer_of(data, ada.sign(data, "file"), [ada.listed], "git") == ""
    assert signer_of(b"tree 2\n", ada.sign(data, "git"), [ada.listed], "git") == ""


def test_a_signature_of_any_length_is_looked_at_to_a_bound(ada: SigningKey) -> None:
    signature = ada.sign(b"x", "git")

    assert signer_of(b"x", signature + b"\n" * MOST_BYTES, [ada.listed], "git") == ""
    assert signer_of(b"x", b"no signature", [ada.listed], "git") == ""


def test_without_ssh_keygen_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, ada: SigningKey
) -> None:
    signature = ada.sign(b"x", "git")
    monkeypatch.setenv("PATH", "")

    with pytest.raises(WrongUsage, match="ssh-keygen is not installed") as told:
        signer_of(b"x", signature, [ada.listed], "git")

    assert "install OpenSSH" in told.value.fix
