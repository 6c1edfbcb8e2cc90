"""What is shown again and again: how it is drawn, and what ends it."""

from dataclasses import replace
from functools import partial

import pytest

from controller.cli.process import process_context, say
from controller.cli.terminal import watching
from controller.cli.terminal.watching import Shown, watch
from controller.errors import AccessDenied, EnvctlError, Unreachable

LOST = Unreachable("tables: AWS does not answer", fix="nothing, it is tried again")
DENIED = AccessDenied("tables: denied", fix="give the right")


class Ended(Exception):
    """Stands for a Ctrl-C, which a test had better not send itself."""


def watched(answers: list[str | EnvctlError], *, as_json: bool = False) -> list[float]:
    """Watch these answers; return for how long it was slept before what ended it."""
    left, slept = iter(answers), list[float]()

    def read() -> Shown:
        answer = next(left)
        if isinstance(answer, EnvctlError):
            raise answer
        return Shown(f'{{\n  "at": "{answer}"\n}}\n'.encode, partial(say, answer))

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == len(answers):
            raise Ended

    with pytest.raises(Ended):
        watch(read, 7, replace(process_context(), sleep=sleep), as_json=as_json)
    return slept


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "redraws", lambda: True)


def test_where_it_goes_elsewhere_one_follows_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert watched(["one", "two"]) == [7, 7]
    assert capsys.readouterr().out == "one\n\ntwo\n"


def test_on_a_terminal_each_is_drawn_from_the_top(
    capsys: pytest.CaptureFixture[str], terminal: None
) -> None:
    watched(["one", "two"])

    assert capsys.readouterr().out == "\x1b[H\x1b[2Jone\n\x1b[H\x1b[2Jtwo\n"


def test_as_json_each_document_is_one_line_everywhere(
    capsys: pytest.CaptureFixture[str], terminal: None
) -> None:
    watched(["one", "two"], as_json=True)

    assert capsys.readouterr().out == '{"at": "one"}\n{"at": "two"}\n'


def test_what_cannot_be_read_for_now_is_noted_and_read_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert watched(["one", LOST, "two"]) == [7, 7, 7]

    said = capsys.readouterr()
    assert said.out == "one\n\ntwo\n"
    assert "AWS does not answer" in said.err


@pytest.mark.parametrize(
    ("answers", "error"), [([LOST], Unreachable), (["one", DENIED], AccessDenied)]
)
def test_what_never_could_be_read_or_is_denied_ends_it(
    answers: list[str | EnvctlError], error: type[EnvctlError]
) -> None:
    with pytest.raises(error):
        watched([*answers, "never"])
