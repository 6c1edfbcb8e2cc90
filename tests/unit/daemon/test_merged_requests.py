"""Merged requests are answered in one comment each, whatever else is on the host, and whatever it answers."""

from collections.abc import Iterator

import pytest

from controller.daemon.merged_requests import MARKER, MergedRequests
from controller.daemon_settings import CodeHostSettings
from controller.errors import AccessDenied, EnvctlError, Unreachable
from tests.support.code_host import CodeHostStandIn, code_host

BASE, FIRST, SECOND, THIRD = (digit * 40 for digit in "1234")
TOKEN = "t0k3n-of-the-code-host"


@pytest.fixture(params=[True, False], ids=["github", "gitlab"])
def host(request: pytest.FixtureRequest) -> Iterator[CodeHostStandIn]:
    with code_host(github=request.param) as made:
        made.line = [BASE]
        yield made


def sink(host: CodeHostStandIn, api: str = "") -> MergedRequests:
    kind = "github" if host.github else "gitlab"
    given = {"kind": kind, "repository": "acme/fleet", "api": api or host.url, "token": "env://T"}
    return MergedRequests(CodeHostSettings.model_validate(given), lambda: TOKEN)


def bodies(host: CodeHostStandIn) -> list[str]:
    return [comment["body"] for comment in host.comments.values()]


def posts(host: CodeHostStandIn) -> list[str]:
    return [asked for asked in host.asked if not asked.startswith("GET ")]


def test_the_request_of_a_commit_is_found_by_the_host_and_answered_in_one_place(
    host: CodeHostStandIn,
) -> None:
    host.merge(FIRST, 17)

    assert sink(host).answer("", FIRST, "applied in part") == 1
    assert sink(host).answer("", FIRST, "applied") == 1
    assert sink(host).answer("", FIRST, "applied") == 1

    assert bodies(host) == [f"{MARKER}\napplied"]
    assert len(posts(host)) == 2, "made, changed, and then left as it is"
    assert any("/17/" in asked for asked in posts(host))


def test_all_that_came_since_it_was_told_last_are_answered(host: CodeHostStandIn) -> None:
    for number, commit in enumerate((FIRST, SECOND, THIRD), 17):
        host.merge(commit, number)

    assert sink(host).answer(FIRST, THIRD, "applied") == 2
    told = " ".join(host.asked)
    assert "/18/" in told
    assert "/19/" in told
    assert "/17/" not in told


def test_where_the_last_told_is_not_there_any_more_it_is_the_newest_alone(
    host: CodeHostStandIn,
) -> None:
    host.merge(FIRST, 17)
    host.merge(SECOND, 18)

    assert sink(host).answer("9" * 40, SECOND, "applied") == 1


@pytest.mark.parametrize(
    "more",
    [
        {"merged_at": None, "state": "open"},
        {"merge_commit_sha": "8" * 40},
        {"number": "17/../../../acme/other/issues/1", "iid": "17/../x"},
        {"number": True, "iid": None},
    ],
)
def test_a_request_that_did_not_bring_it_is_not_answered(
    host: CodeHostStandIn, more: dict[str, object]
) -> None:
    host.merge(FIRST, 17)
    host.brought[FIRST][0].update(more)

    assert sink(host).answer("", FIRST, "applied") == 0
    assert posts(host) == []


def test_what_no_host_knows_is_not_asked_for(host: CodeHostStandIn) -> None:
    assert sink(host).answer("", "working tree", "applied") == 0
    assert sink(host).answer("../..", "/../x", "applied") == 0
    assert host.asked == []


def test_a_comment_of_somebody_else_is_left_however_it_begins(host: CodeHostStandIn) -> None:
    host.merge(FIRST, 17)
    host.add(f"{MARKER}\nall is well", "mallory" if host.github else 66)

    sink(host).answer("", FIRST, "not applied")

    assert bodies(host) == [f"{MARKER}\nall is well", f"{MARKER}\nnot applied"]


def test_a_comment_that_somebody_takes_away_meanwhile_is_made_again(
    host: CodeHostStandIn,
) -> None:
    host.merge(FIRST, 17)
    sink(host).answer("", FIRST, "one")
    host.vanishing = True

    sink(host).answer("", FIRST, "two")

    assert bodies(host) == [f"{MARKER}\ntwo"]


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccessDenied), (403, AccessDenied), (404, Unreachable), (500, Unreachable)],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_the_host_refuses_is_told_without_the_token(
    host: CodeHostStandIn, status: int, error: type[EnvctlError], method: str
) -> None:
    host.merge(FIRST, 17)
    host.failing.append((method, status, {}))

    with pytest.raises(error) as told:
        sink(host).answer("", FIRST, "applied")

    assert TOKEN not in str(told.value)
    assert str(status) in told.value.message
    assert sink(host).answer("", FIRST, "applied") == 1, "the next try says it"
    assert bodies(host) == [f"{MARKER}\napplied"]


def test_no_redirect_is_followed(host: CodeHostStandIn) -> None:
    with code_host(github=host.github) as elsewhere:
        host.failing.append(("GET", 302, {"Location": f"{elsewhere.url}/x"}))

        with pytest.raises(Unreachable, match="redirects are not followed"):
            sink(host).answer("", FIRST, "applied")

        assert elsewhere.asked == []


def test_an_answer_of_another_form_is_no_bug(host: CodeHostStandIn) -> None:
    host.merge(FIRST, 17)
    host.comments[1] = {"id": 1, "body": 7, "user": "x", "author": "x"}

    with pytest.raises(Unreachable, match="none of the form"):
        sink(host).answer("", FIRST, "applied")


def test_a_host_that_is_not_there_is_told(host: CodeHostStandIn) -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        sink(host, "http://127.0.0.1:1").answer("", FIRST, "applied")
