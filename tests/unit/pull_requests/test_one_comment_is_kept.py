"""However often a pipeline runs and whatever the code host does, there is one comment of ours, and it is of the newest commit."""

from pathlib import Path

import pytest

from pull_requests import github, gitlab
from pull_requests.reports import MARKER
from tests.support.code_host import COMMIT, CodeHostStandIn
from tests.unit.pull_requests.conftest import REPORT, write_reports


def say(host: CodeHostStandIn, folder: Path) -> int:
    reports = ["--reports", str(folder)]
    if host.github:
        return github.main([*reports, "--pull-request", "17", "--commit", COMMIT])
    return gitlab.main(reports)


def ours(host: CodeHostStandIn) -> str | int:
    return "github-actions[bot]" if host.github else 5


def bodies(host: CodeHostStandIn) -> list[str]:
    return [comment["body"] for comment in host.comments.values()]


def test_the_first_run_makes_it_and_the_next_changes_it(
    host: CodeHostStandIn, tmp_path: Path
) -> None:
    write_reports(tmp_path, 2)

    assert say(host, tmp_path) == 0
    (tmp_path / "report.md").write_text(f"{REPORT}second\n")
    assert say(host, tmp_path) == 0

    assert bodies(host) == [f"{REPORT}second\n"]


def test_two_of_ours_become_one_and_those_of_others_stay(
    host: CodeHostStandIn, tmp_path: Path
) -> None:
    write_reports(tmp_path, 2)
    for body, author in (
        (f"{MARKER} forged", "mallory" if host.github else 6),
        (f"{MARKER} old", ours(host)),
        ("another word of ours", ours(host)),
        (f"{MARKER} older", ours(host)),
    ):
        host.add(body, author)

    assert say(host, tmp_path) == 0

    assert bodies(host) == [f"{MARKER} forged", REPORT, "another word of ours"]


def test_it_is_found_behind_a_hundred_others(host: CodeHostStandIn, tmp_path: Path) -> None:
    write_reports(tmp_path, 2)
    for _ in range(250):
        host.add("a word", "ada")
    host.add(f"{MARKER} old", ours(host))

    assert say(host, tmp_path) == 0

    assert bodies(host)[-1] == REPORT
    assert len(host.comments) == 251


def test_one_that_is_deleted_meanwhile_is_made_again(host: CodeHostStandIn, tmp_path: Path) -> None:
    write_reports(tmp_path, 2)
    host.add(f"{MARKER} old", ours(host))
    host.vanishing = True

    assert say(host, tmp_path) == 0

    assert bodies(host) == [REPORT]


@pytest.mark.parametrize(
    ("answers", "paused"),
    [
        ([(429, {"Retry-After": "7"})], [7]),
        ([(500, {}), (502, {}), (503, {})], [1, 2, 4]),
        ([(403, {"Retry-After": "3600"})], [60]),
    ],
)
def test_a_busy_host_is_asked_again(
    host: CodeHostStandIn,
    tmp_path: Path,
    waits: list[float],
    answers: list[tuple[int, dict[str, str]]],
    paused: list[float],
) -> None:
    write_reports(tmp_path, 2)
    host.failing = [("POST", status, headers) for status, headers in answers]

    assert say(host, tmp_path) == 0

    assert waits == paused
    assert bodies(host) == [REPORT]


@pytest.mark.parametrize(("status", "times"), [(401, 1), (403, 1), (422, 1), (500, 5)])
def test_what_it_does_not_take_ends_with_5_and_without_the_token(
    host: CodeHostStandIn,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    status: int,
    times: int,
) -> None:
    write_reports(tmp_path, 2)
    host.failing = [("POST", status, {})] * times

    assert say(host, tmp_path) == 5

    said = capsys.readouterr()
    assert f": {status} try later" in said.err
    assert "canary" not in said.out + said.err
    assert all("canary-token" in token for token in host.tokens)


def test_a_refused_plan_stays_refused_where_nobody_could_be_told(
    host: CodeHostStandIn, tmp_path: Path
) -> None:
    write_reports(tmp_path, 3)
    host.failing = [("POST", 401, {})]

    assert say(host, tmp_path) == 3


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (1, 1), (2, 0), (3, 3), (6, 6)])
def test_a_pipeline_fails_for_what_is_wrong_or_refused(
    host: CodeHostStandIn, tmp_path: Path, code: int, ends: int
) -> None:
    write_reports(tmp_path, code)

    assert say(host, tmp_path) == ends


def test_of_a_commit_that_is_not_the_newest_any_more_no_comment_is_written(
    host: CodeHostStandIn, tmp_path: Path
) -> None:
    write_reports(tmp_path, 2)
    host.newest = "b" * 40

    assert say(host, tmp_path) == 0

    assert host.comments == {}


def test_no_answer_at_all_ends_with_5(
    host: CodeHostStandIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_reports(tmp_path, 2)
    for name in ("GITHUB_API_URL", "CI_API_V4_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert say(host, tmp_path) == 5

    assert "no answer" in capsys.readouterr().err


def test_a_token_is_never_sent_without_encryption(
    host: CodeHostStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_reports(tmp_path, 2)
    for name in ("GITHUB_API_URL", "CI_API_V4_URL"):
        monkeypatch.setenv(name, "http://code.example")

    assert say(host, tmp_path) == 5
