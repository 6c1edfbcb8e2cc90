"""What git says is read as far as a bound, however much it says, and what it takes is bounded too."""

import os
import sys
import time
from pathlib import Path

import pytest

from controller.sources.git_process import TOO_LONG, GitProcess, remote_error


def test_of_a_flood_of_words_the_end_is_searched_in_a_moment() -> None:
    began = time.process_time()

    assert remote_error("x", "repository " * 2_000_000) is None
    error = remote_error("x", "repository " * 2_000_000 + "\nfatal: repository x not found")

    assert "there is no repository" in str(error)
    assert time.process_time() - began < 1


def _program(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> GitProcess:
    # GitPython looks at its program when it is first imported.
    GitProcess(folder / "repository", {}).run("version")
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
