"""From an empty folder: init and new make what validates, and write over nothing."""

from pathlib import Path
from typing import Final

import pytest

from tests.support.command_line import Fleet, envctl, fleet
from tests.support.hints import told_in

__all__ = ["fleet"]

GIVEN: Final = (
    *("--account-number", "012345670123", "--email", "platform@acme.example"),
    *("--vpc", "vpc-0f1e2d3c", "--subnet-a", "subnet-0aaa", "--subnet-b", "subnet-0bbb"),
    *("--image", "web", "--schedule", "office-hours"),
)


def test_what_init_makes_validates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = envctl("init", tmp_path / "fleet of ours", *GIVEN)
    assert ended.code == 0, ended.err

    settings = tmp_path / "fleet of ours" / "envctl.yaml"
    assert f"export ENVCTL_CONFIG='{settings}'" in ended.out
    monkeypatch.setenv("ENVCTL_CONFIG", str(settings))
    validated = envctl("validate")
    assert (validated.code, validated.err) == (0, "")
    assert validated.out.startswith("no problems: 6 objects in 5 files")
    check = (settings.parent / ".github/workflows/envctl.yaml").read_text(encoding="utf-8")
    monkeypatch.chdir(settings.parent)
    (words,) = told_in(check)
    assert words == ("--config", "envctl.yaml", "validate")
    assert envctl(*words).code == 0
    for path in settings.parent.rglob("*.yaml"):
        first, *_ = path.read_text().splitlines()
        if first.startswith("# yaml-language-server"):
            assert (path.parent / first.partition("$schema=")[2]).exists(), path


def test_what_only_the_author_knows_is_asked_for_at_once(tmp_path: Path) -> None:
    ended = envctl("init", tmp_path, "--vpc", "vpc-1")

    assert ended.code == 64
    for option in ("account-number", "email", "subnet-a", "subnet-b", "image", "schedule"):
        assert f"--{option} TEXT" in ended.err
    assert "--vpc" not in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_answer_writes_nothing(tmp_path: Path) -> None:
    ended = envctl("init", tmp_path, *GIVEN, "--schedule", "offce-hours")

    assert ended.code == 1
    assert "no Schedule named 'offce-hours'" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "envctl.yaml").write_text("region: eu-west-2\n")

    ended = envctl("init", tmp_path, *GIVEN)

    assert (ended.code, len(list(tmp_path.iterdir()))) == (64, 1)
    assert (tmp_path / "envctl.yaml").read_text() == "region: eu-west-2\n"


def test_new_begins_in_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fleet: Fleet
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()

    ended = envctl("new", "Account", "eu", "--source", "empty", "--out", "empty/accounts/eu.yaml")

    assert ended.code == 0, ended.err
    first, *_ = (tmp_path / "empty/accounts/eu.yaml").read_text().splitlines()
    assert first.endswith("$schema=../schemas/account.schema.json")
    assert (tmp_path / "empty/schemas/account.schema.json").exists()
    again = envctl("new", "Account", "eu", "--source", "empty", "--out", "empty/accounts/eu.yaml")
    assert (again.code, again.err.count("exists")) == (64, 1)
