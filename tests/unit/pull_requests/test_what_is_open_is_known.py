"""What is open is listed, fetched and planned again; requests of forks, and what no request is called, are in none of it."""

import json
from pathlib import Path

import pytest

from pull_requests import open_requests
from tests.support.code_host import COMMIT, CodeHostStandIn, code_host
from tests.support.git_repository import Repository


@pytest.fixture(autouse=True)
def _branch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAN_BASE_BRANCH", "main")


def run(host: CodeHostStandIn, what: str, *options: object) -> int:
    name = "github" if host.github else "gitlab"
    return open_requests.main([name, what, *map(str, options)])


def listed(host: CodeHostStandIn, capsys: pytest.CaptureFixture[str]) -> list[int]:
    assert run(host, "list") == 0
    return [one["number"] for one in json.loads(capsys.readouterr().out)]


def test_of_the_repository_itself_alone(
    host: CodeHostStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    host.opens(17, "dependabot[bot]")
    host.opens(18, "mallory", fork=True)
    host.opens(19, "`id`\n::set-output")
    host.opens(20, commit="main; rm")
    if host.github:
        host.open.append({**host.open[0], "head": {"sha": COMMIT, "repo": None}})
    host.opens(21)

    assert run(host, "list") == 0

    first, second = json.loads(capsys.readouterr().out)
    assert first == {"number": 17, "commit": COMMIT, "author": "dependabot[bot]"}
    assert second["number"] == 21
    assert all("canary-token" in token for token in host.tokens)


def test_so_many_and_no_more(host: CodeHostStandIn, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1, 251):
        host.opens(number, fork=number <= 120)

    assert listed(host, capsys) == list(range(121, 121 + open_requests.MOST))


def test_what_they_propose_is_fetched_and_one_that_is_gone_is_left_out(
    host: CodeHostStandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Repository.at(tmp_path / "server")
    server.commit({"a.yaml": "a"})
    form = "refs/pull/{}/head" if host.github else "refs/merge-requests/{}/head"
    for number in (17, 18):
        server.git("update-ref", form.format(number), "HEAD")
    server.git("clone", "--quiet", server.url, str(tmp_path / "clone"))
    for number in (17, 18, 19):
        host.opens(number)

    assert run(host, "beside", "--checkout", tmp_path / "clone", "--pull-request", 17) == 0

    said = capsys.readouterr()
    assert said.out.splitlines() == [form.format(18)]
    assert f"{form.format(19)}: not fetched" in said.err
    assert "canary" not in said.out + said.err
    fetched = Repository(tmp_path / "clone").git("rev-parse", form.format(18))
    assert fetched == server.head


def test_a_busy_host_is_asked_again_and_a_broken_one_is_told(
    host: CodeHostStandIn, waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    host.opens(17)
    host.failing = [("GET", 503, {}), ("GET", 429, {"Retry-After": "9"})]
    assert listed(host, capsys) == [17]
    assert waits == [1, 9]

    host.failing = [("GET", 401, {})]
    assert run(host, "list") == 5
    said = capsys.readouterr()
    assert said.out == ""
    assert "401 try later" in said.err


@pytest.mark.parametrize("host", [False], ids=["gitlab"], indirect=True)
def test_each_is_planned_again_whatever_becomes_of_another(
    host: CodeHostStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (17, 18):
        host.opens(number)
    host.opens(19, fork=True)

    assert run(host, "again") == 0
    host.failing = [("POST", 403, {})]
    assert run(host, "again") == 5

    assert host.started == [17, 18, 18]
    assert "17: POST /projects/3/merge_requests/17/pipelines: 403 try later" in (
        capsys.readouterr().err
    )


def test_the_token_does_not_follow_to_another_server(
    host: CodeHostStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    with code_host(github=host.github) as other:
        other.opens(17)
        host.elsewhere = other.url

        assert listed(host, capsys) == [17]

        assert other.tokens == {""}
