"""A credential reaches the server and nothing else: no URL, no argument, no message, no other host."""

import base64
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.errors import AccessDenied, SourceUnavailable
from controller.model.ref import DocumentPlace
from controller.sources.git import GitSource
from controller.sources.location import GitCredential, GitLocation, redact
from tests.support.git_https_server import GitServer, git_server
from tests.support.git_repository import Repository, recorded_git

SECRET = "s3cr3t/with+odd=signs"
BASIC = base64.b64encode(f"ada:{SECRET}".encode()).decode()

A_FILE = DocumentPlace("a.yaml")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository.at(tmp_path / "served" / "fleet")
    repository.commit({"a.yaml": "a: 1\n"}, author="Bob Bauer")
    return repository


@pytest.fixture
def server(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GitServer]:
    with git_server(tmp_path, repository.folder.parent, "ada", SECRET) as running:
        monkeypatch.setenv("GIT_SSL_CAINFO", str(running.certificate))
        yield running


def source_at(
    server: GitServer, tmp_path: Path, password: str | None, path: str = "/fleet"
) -> GitSource:
    location = GitLocation(f"{server.url}{path}/.git", "main")
    if password is None:
        return GitSource(location, tmp_path / "cache")
    return GitSource(location, tmp_path / "cache", lambda: GitCredential(password, "ada"))


def test_it_opens_the_repository(server: GitServer, repository: Repository, tmp_path: Path) -> None:
    source = source_at(server, tmp_path, SECRET)

    tree = source.fetch()

    assert tree.revision.id == repository.head
    assert dict(source.read(tree.files.values())) == {tree.files["a.yaml"]: b"a: 1\n"}
    assert source.authorship([A_FILE])[A_FILE].author == "Bob Bauer <bob@example.com>"
    assert set(server.authorizations) == {f"Basic {BASIC}"}


def test_no_command_line_file_or_log_holds_it(
    server: GitServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder, notes = recorded_git(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    # The environment's variables are taken away by a program whose arguments are seen as well.
    monkeypatch.setenv("GIT_TRACE_CURL", str(tmp_path / "trace"))
    source = source_at(server, tmp_path, SECRET)

    with caplog.at_level(logging.DEBUG):
        tree = source.fetch()
        list(source.read(tree.files.values()))
        source.authorship(map(DocumentPlace, tree.files))

    written = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    everything = notes.read_bytes() + b"".join(written) + caplog.text.encode()
    assert b"ls-remote" in everything
    assert SECRET.encode() not in everything
    assert BASIC.encode() not in everything
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("password", [None, "wr0ng-p4ssw0rd"])
def test_a_server_that_wants_another_is_access_denied(
    server: GitServer, tmp_path: Path, password: str | None
) -> None:
    with pytest.raises(AccessDenied, match="the server refused our credential") as refused:
        source_at(server, tmp_path, password).fetch()

    assert "wr0ng-p4ssw0rd" not in str(refused.value)
    assert "fix: give a token" in str(refused.value)


def test_it_does_not_follow_a_redirect(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="redirects are not followed"):
        source_at(server, tmp_path, SECRET, "/moved/fleet").fetch()

    assert len(server.authorizations) == 1


def test_a_server_with_an_unknown_certificate_never_sees_it(
    server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_SSL_CAINFO")
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")

    with pytest.raises(SourceUnavailable, match="no trusted connection"):
        source_at(server, tmp_path, SECRET).fetch()

    assert server.authorizations == []


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://git.example/org/repo", ["http.https://git.example/.extraHeader"]),
        ("https://git.example:8443/org/repo", ["http.https://git.example:8443/.extraHeader"]),
        ("ssh://git@git.example/org/repo", []),
        ("file:///srv/repo", []),
        ("git@git.example:org/repo", []),
    ],
)
def test_it_is_bound_to_the_host_it_is_for(url: str, sent: list[str]) -> None:
    assert list(GitCredential(SECRET, "ada").config_for(url)) == sent


@pytest.mark.parametrize(
    "text",
    [
        f"fatal: {SECRET}",
        f"fatal: {BASIC}",
        "fatal: https://ada:s3cr3t%2Fwith%2Bodd%3Dsigns@git.example/x",
        "fatal: 'https://someone:0th3r@git.example/x' and ssh://a:0th3r@h/",
        "fatal: https://:0th3r@git.example/x",
    ],
)
def test_a_message_is_cleaned_of_every_form_of_it(text: str) -> None:
    cleaned = redact(text, GitCredential(SECRET, "ada"))

    assert not any(secret in cleaned for secret in (SECRET, BASIC, "s3cr3t", "0th3r"))
    assert cleaned.startswith("fatal: ")


def test_it_does_not_show_itself() -> None:
    assert SECRET not in repr(GitCredential(SECRET, "ada"))
