"""Commands answered by a daemon print what they print without one, and whoever types them needs a token, and no rights in AWS."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.engine.commit.interruption import Interruption
from tests.support.command_line import Ended, Fleet, envctl, use_settings
from tests.support.fleet_yaml import MAP_AND_SCHEDULE, account, environment, one_file
from tests.support.http_interface import ADA, BOB, InterfaceByHand, serving

ESTATE = one_file(
    account(environment_type="Staging"),
    MAP_AND_SCHEDULE,
    environment("c50", kind="Staging", more=", schedule: office-hours"),
)
COMMANDS = (
    "status",
    "plan",
    "plan --scope nowhere/eu-west-1 --strict",
    "explain Service/Search",
    "explain c50",
    "explain Service/Nobody",
    "explain Service/Search --at whenever",
    "schedule preview office-hours --from 2026-11-24",
    "schedule preview on --days 3",
    "schedule preview nothing",
    "schedule exceptions",
    "schedule exceptions --label none",
    "schedule report --days 1 --team Tango",
    "audit list",
    "audit list --since 2026-01-01 --limit 5",
    "audit list --entity Service/Search",
    "audit list --actor nobody",
    "audit show nothing",
    "audit blame Service/Search",
    "audit blame Service/Nobody",
    "audit state --at 1h",
    "audit state --at whenever",
    "audit state --at 1m --kind Service",
    "override list",
    "override c99 schedule=on --until +2h --reason night --yes",
    "override c50 schedule=sometimes --until +2h --reason night --yes",
    "override release nothing --yes",
)


@pytest.fixture
def served(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[httpx.Client]:
    """A daemon's interface, beside tables that are reached without it, too."""
    text = f"source: {{folder: {installed.folder}}}\nlive: {{parallelScopes: 1}}\n"
    use_settings(tmp_path, monkeypatch, text)
    installed.has({"estate.yaml": ESTATE})
    assert installed.apply("--scope", "config").code == 0
    monkeypatch.setenv("ENVCTL_TOKEN", ADA)
    interface = InterfaceByHand.of_commands()
    with serving(interface.app) as client:
        yield client
    assert interface.bugs == []


def told(ended: Ended) -> tuple[int, str, str]:
    """Return how a command ended, without moments and ages in what it said."""
    # Where a page goes on says until when was asked.
    moment = r"\d{4}-\d\d-\d\d[T ][0-9:.]+Z?|\d\d:\d\d:\d\d|\d+ ?s(econds)? ago|(?<=--page )\S+|(?<=\"next\": \")\w+"
    return (
        ended.code,
        re.sub(moment, "MOMENT", ended.out),
        re.sub(moment, "MOMENT", ended.err),
    )


@pytest.mark.parametrize("as_json", [False, True])
def test_every_answer_is_the_same(
    as_json: bool, served: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in COMMANDS:
        words = [*command.split(), *(("--format", "json") if as_json else ())]
        monkeypatch.delenv("ENVCTL_SERVER", raising=False)
        without = envctl(*words)
        monkeypatch.setenv("ENVCTL_SERVER", str(served.base_url))
        assert told(envctl(*words)) == told(without), command


@pytest.mark.slow
@pytest.mark.parametrize("over", ["AWS", "a server"])
def test_a_list_goes_on_where_it_ended(
    over: str, served: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    if over == "a server":
        monkeypatch.setenv("ENVCTL_SERVER", str(served.base_url))
    words = ["audit", "list", "--since", "2026-01-01", "--limit", "4", "--format", "json"]
    first = envctl(*words).json
    second = envctl(*words, "--page", first["next"]).json

    found = [record["auditId"] for page in (first, second) for record in page["records"]]
    assert len(first["records"]) == 4
    assert len(second["records"]) >= 1
    assert len(set(found)) == len(found)


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--format", "json")])
def test_a_watch_asks_it_again_and_again(
    options: tuple[str, ...], served: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def wait(_: Interruption, seconds: float) -> None:
        asked.append(seconds)
        if len(asked) == 2:
            raise KeyboardInterrupt

    monkeypatch.setenv("ENVCTL_SERVER", str(served.base_url))
    with monkeypatch.context() as patch:
        patch.setattr(Interruption, "wait", wait)
        ended = envctl("status", "--watch", *options)

    assert ended.code == 130
    assert asked == [5, 5]
    if options:
        assert [json.loads(line)["document"] for line in ended.out.splitlines()] == ["status"] * 2
    else:
        assert ended.out.count("\nScopes ") == 2


@pytest.mark.slow
def test_an_override_is_made_and_released_in_the_name_of_the_token(
    served: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVCTL_SERVER", str(served.base_url))
    monkeypatch.setenv("ENVCTL_USER", "somebody else")
    made = envctl("override", "c50", "schedule=on", "--until", "+2h", "--reason", "night", "--yes")
    listed = envctl("override", "list", "--format", "json").json["overrides"]
    released = envctl("override", "release", "c50", "--yes")

    assert (made.code, released.code) == (0, 0), (made, released)
    assert [override["actor"] for override in listed] == ["ada"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "command", "code", "said"),
    [
        ({"ENVCTL_TOKEN": BOB}, "override c50 --until +2h --reason r --yes", 6, "scope override"),
        ({"ENVCTL_TOKEN": "nobody's"}, "status", 6, "no token that is known here"),
        ({"ENVCTL_SERVER": "ftp://host"}, "status", 64, "no URL"),
        ({"ENVCTL_SERVER": "http://[::1"}, "status", 64, "no URL"),
        ({"ENVCTL_SERVER": "http://localhost:port"}, "status", 64, "no URL"),
        ({"ENVCTL_SERVER": "http://localhost:99999"}, "status", 64, "no URL"),
        ({"ENVCTL_SERVER": "http://envctl.example"}, "status", 64, "write https://"),
        ({"ENVCTL_SERVER": "http://127.0.0.1:1"}, "status", 5, "does not answer"),
        ({"ENVCTL_TOKEN": "a\nb"}, "status", 64, "no token"),
        ({}, "status --look", 64, "--look"),
        ({}, "plan --adopt", 64, "--adopt"),
        ({}, "plan --out plan.json", 64, "--out"),
        ({}, "plan --format markdown", 64, "--format"),
        ({}, "plan --source missing", 5, "ENVCTL_SERVER does not answer this"),
        ({}, "explain c50 --source here", 64, "--source"),
        ({}, "override release c50", 64, "add --yes"),
    ],
)
def test_what_a_server_cannot_do_is_told(
    variables: dict[str, str],
    command: str,
    code: int,
    said: str,
    served: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"ENVCTL_SERVER": str(served.base_url), **variables}.items():
        monkeypatch.setenv(name, value)
    ended = envctl(*command.split())

    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert ADA not in ended.err
