import json

import pytest

from controller.cli.main import fail, wants_json
from controller.errors import (
    ERROR_CLASSES,
    EnvctlError,
    InvalidDesiredState,
    PlanRefused,
    SourceUnavailable,
    exit_code_of,
)
from controller.model.ref import Origin, Problem
from tests.support.documents import checked


@pytest.mark.parametrize(
    ("arguments", "wanted", "because"),
    [
        (["plan", "--format", "json"], True, "two words"),
        (["plan", "--format=json"], True, "one word"),
        (["plan", "-o", "json"], True, "the short form"),
        (["plan", "-ojson"], True, "the short form in one word"),
        (["plan", "--format", "text"], False, "another format"),
        (["plan", "json"], False, "a word that only looks like it"),
        (["plan", "--format"], False, "nothing after it"),
        ([], False, "no arguments at all"),
    ],
)
def test_json_is_wanted_by_the_bare_arguments(
    arguments: list[str], wanted: bool, because: str
) -> None:
    assert wants_json(arguments) is wanted, because


def test_every_error_class_has_its_exit_code_and_its_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for cls in ERROR_CLASSES:
        if cls in (EnvctlError, InvalidDesiredState) or cls.__init__ is not EnvctlError.__init__:
            continue
        error = cls("where: what", fix="do this", facts={"name": "x"})

        code = fail(error, ["--format=json"])

        out, err = capsys.readouterr()
        assert code == exit_code_of(error)
        condition = ERROR_CLASSES[cls].condition
        assert checked(json.loads(out))["error"] == {
            "code": condition,
            "class": condition,
            "exitCode": code,
            "message": "where: what",
            "detail": "",
            "fix": "do this",
            "facts": {"name": "x"},
            "problems": [],
        }
        assert err == "envctl: where: what\n  fix: do this\n"


def test_text_goes_to_standard_error_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert fail(SourceUnavailable("x: gone"), []) == 5
    assert capsys.readouterr() == ("", "envctl: x: gone\n")


def test_problems_are_part_of_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem(Origin("a.yaml", 3, 7), "spec.x", "no such field", "did you mean y?")

    code = fail(InvalidDesiredState([problem]), ["--format=json"])

    shown = checked(json.loads(capsys.readouterr().out))["error"]
    assert code == 1
    assert shown["problems"] == [
        {
            "path": "a.yaml",
            "line": 3,
            "column": 7,
            "field": "spec.x",
            "level": "error",
            "message": "no such field",
            "fix": "did you mean y?",
        }
    ]


@pytest.mark.usefixtures("_in_a_folder_of_its_own")
def test_what_is_not_ours_is_our_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert fail(RuntimeError("first line\nsecond line"), ["--format=json"]) == 70
    out, err = capsys.readouterr()
    assert checked(json.loads(out))["error"]["class"] == "Bug"
    assert "RuntimeError: first line\n" in err
    assert "second line" not in err


@pytest.fixture
def _in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.mark.usefixtures("_in_a_folder_of_its_own")
def test_where_no_file_can_be_written_the_traceback_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")

    assert fail(RuntimeError("x"), []) == 70
    assert "RuntimeError: x" in capsys.readouterr().err


def test_a_refusal_is_not_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert fail(PlanRefused("refused"), []) == 3
    assert "bug" not in capsys.readouterr().err
