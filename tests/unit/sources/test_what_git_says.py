"""What Git says when it fails becomes what to do; of what it says without end a part is read."""

import os
import sys
import time
from pathlib import Path

import pytest

from controller.sources.git_process import (
    SYMPTOMS,
    TOO_LONG,
    GitProcess,
    last_words,
    remote_error,
)


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


def test_of_a_flood_of_words_the_end_is_searched_in_a_moment() -> None:
    began = time.process_time()

    assert remote_error("x", "repository " * 2_000_000) is None
    error = remote_error("x", "repository " * 2_000_000 + "\nfatal: repository x not found")

    assert "there is no repository" in str(error)
    assert time.process_time() - began < 1


def _program(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> GitProcess:
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return GitProcess(folder / "repository", {})


def test_of_what_git_says_to_no_end_a_part_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = _program(tmp_path, monkeypatch, "exec yes")

    done = git.run("ls-remote", most_bytes=100_000)

    assert (done.status, len(done.output)) == (TOO_LONG, 100_000)
    assert done.errors == "said more than 100,000 bytes"


def test_of_errors_the_end_is_kept_without_half_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = _program(
        tmp_path,
        monkeypatch,
        "{ yes secret | head -n 10000 | tr -d '\\n'; echo ' fatal: no'; } >&2; exit 3",
    )

    done = git.run("fetch")

    assert (done.status, done.errors) == (3, "fatal: no\n")


def test_git_that_takes_too_much_memory_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = _program(tmp_path, monkeypatch, f"exec {sys.executable} -c 'b\"x\" * 300_000_000'")

    assert git.run("ls-remote", most_memory=128 * 2**20).status != 0
    assert git.run("ls-remote").status == 0
