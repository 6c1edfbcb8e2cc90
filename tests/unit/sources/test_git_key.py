"""A private key by reference reaches ssh and nothing else: no file, no argument, no message, no server of another protocol."""

import subprocess
from pathlib import Path

import pytest

from controller.sources.git import GitSource
from controller.sources.git_process import _only_key
from controller.sources.location import GitCredential, GitLocation
from tests.support.git_repository import Repository

KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LWxpbmUtb25l\nc2VjcmV0LWxpbmUtdHdv\n-----END PRIVATE KEY-----"


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What an ``ssh`` was given, which then serves the repository from this machine: its arguments, and the key in them."""
    folder, notes = tmp_path / "bin", tmp_path / "heard"
    folder.mkdir()
    notes.mkdir()
    program = folder / "ssh"
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {notes}/arguments\n'
        'while [ $# -gt 1 ]; do if [ "$1" = -i ]; then cat "$2"'
        f' > {notes}/key; stat -L -c %a "$2" > {notes}/mode; fi; shift; done\n'
        'exec sh -c "$1"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return notes


def test_ssh_uses_it_and_no_other(tmp_path: Path, heard: Path) -> None:
    repository = Repository.at(tmp_path / "fleet")
    repository.commit({"a.yaml": "a: 1\n"})
    keys = iter([KEY, KEY.replace("one", "One")])
    location = GitLocation(f"ssh://git@git.example{repository.folder}", "main")
    source = GitSource(location, tmp_path / "cache", lambda: GitCredential(next(keys)))

    assert source.changed_since(None)
    first = (heard / "key").read_text()
    assert source.changed_since(None)

    assert first == f"{KEY}\n"
    assert (heard / "key").read_text() == f"{KEY}\n".replace("one", "One"), (
        "it was changed meanwhile"
    )
    assert (heard / "mode").read_text() == "600\n"
    arguments = (heard / "arguments").read_text()
    assert "IdentitiesOnly=yes" in arguments
    assert "secret" not in arguments
    written = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert b"c2VjcmV0" not in b"".join(written)


def test_openssh_takes_it_for_a_key_of_its_user(tmp_path: Path) -> None:
    made = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", made], check=True)

    with _only_key(made.read_text()) as variables:
        path = variables["GIT_SSH_COMMAND"].split(" -i ")[1]
        shown = subprocess.run(["ssh-keygen", "-y", "-f", path], check=True, capture_output=True)

    assert shown.stdout.split()[:2] == (tmp_path / "key.pub").read_bytes().split()[:2]
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("ssh://git@git.example/org/repo", True),
        ("git@git.example:org/repo", True),
        ("https://git.example/org/repo", False),
        ("file:///srv/repo", False),
    ],
)
def test_it_is_for_ssh_alone(url: str, given: bool) -> None:
    assert GitCredential(KEY).key_for(url) == (KEY if given else "")
