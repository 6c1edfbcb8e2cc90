"""A first day from an empty folder to the evening's question, as a new user types it; the numbers are those of what once hurt there.

Covers: engine.queries.listed_names.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.sandbox.seed import seed
from tests.support.command_line import Ended, commands_with, envctl
from tests.support.embedded_aws import AwsForTests
from tests.support.git_repository import Repository

pytestmark = pytest.mark.slow

ANSWERS = (
    *("--account-number", "012345670123", "--email", "platform@acme.example"),
    *("--vpc", "vpc-0f1e2d3c", "--subnet-a", "subnet-0aaa", "--subnet-b", "subnet-0bbb"),
    *("--image", "web-1.4.2", "--schedule", "office-hours"),
)
MISTAKES = {
    # 8: the cause comes first, and alone.
    "teams/teams.yaml": [("shortName", "\tshortName", r"^teams/teams.yaml:\d+:3: a tab cannot")],
    "environments/c50.yaml": [
        # 25: an expression, and a word, where a name belongs.
        ("schedule: on", 'schedule: "0 8 * * 1-5"', r"fix: write schedule: {expression:"),
        ("schedule: on", "schedule: yes", r"'yes' is no schedule"),
        ("schedule: on", "schedule: {mode: on, use: office-hours}", r"office-hours is not followed"),
    ],
    "schedules/schedules.yaml": [
        ("Europe/London", "CET", r"an old name for the clock of"),
        ("Europe/London", "GMT+1", r"fix: .*Etc/GMT-1"),
    ],
    "accounts/staging.yaml": [
        ("eu-west-1", "eu-wst-1", r"did you mean .?eu-west-1"),
        ('"012345670123"', "012345670123", r'fix: quote it .*"012345670123"'),
        ("PrivateApp", "Private", r"see maps/web.yaml:\d+:\d+: DeploymentMap/web: spec.roles\[0\]"),
    ],
    "maps/web.yaml": [("t3.medium", "m5.huge", r"m5.huge")],
}  # fmt: skip
"""File -> edits, text and text instead, and how each is told."""


@pytest.fixture
def folder(tmp_path: Path, aws: AwsForTests) -> Iterator[Path]:
    """An empty repository, and an AWS without tables."""
    around = {**aws.environment, "GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c@example.com"}
    with commands_with(around, tmp_path):
        yield Repository.at(tmp_path / "repository").folder


def done(*words: object, code: int = 0) -> str:
    """Type a command that ends so; return all it said."""
    ended = envctl(*words)
    assert ended.code == code, f"{words}: {ended.out}{ended.err}"
    return ended.out + ended.err


def test_from_an_empty_folder_to_the_evenings_question(
    folder: Path, aws: AwsForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet, repository = folder / "fleet", Repository(folder)
    _morning(folder, monkeypatch)
    seed(aws.address, fleet=fleet)
    repository.commit({}, "A fleet begins")
    _mistakes(fleet)
    settings = folder / "envctl.yaml"
    pushed = f'{{git: {{url: "{repository.url}", ref: main, path: fleet}}}}'
    settings.write_text(settings.read_text().replace(f"{{folder: {fleet}}}", pushed))
    done("bootstrap")

    _first_apply(fleet, repository)
    _evening(fleet)
    _removal(repository)


def _morning(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 6: init makes a repository that validates, and new goes on in it.
    done("init", folder, *ANSWERS)
    settings = folder / "envctl.yaml"
    text = f"{settings.read_text()}live: {{parallelScopes: 1}}\n"
    settings.write_text(text.replace("{folder: fleet}", f"{{folder: {folder / 'fleet'}}}"))
    monkeypatch.setenv("ENVCTL_CONFIG", str(settings))
    assert done("validate", "--strict").startswith("no problems: 6 objects")
    c50 = folder / "fleet" / "environments" / "c50.yaml"
    assert "to be filled in: spec.schedule" in done("new", "Environment/c50", "--out", c50)
    search = folder / "fleet" / "services" / "search.yaml"
    done("new", "Service", "Search", "--out", search)
    schema = search.read_text().partition("$schema=")[2].partition("\n")[0]
    assert (search.parent / schema).is_file()
    # 7: an environment without a schedule is never silent.
    assert "there is no schedule, so no instance ever runs" in done("validate")
    c50.write_text(re.sub("schedule:.*", "schedule: on", c50.read_text()))
    assert "no problems" in done("validate", "--strict")
    # 22, 23: scopes and sources in all their forms; the words of others name ours.
    assert "envctl get" in done("list", code=64)
    assert "no problems" in done("validate", folder / "fleet")


def _mistakes(fleet: Path) -> None:
    for name, edits in MISTAKES.items():
        path = fleet / name
        right = path.read_text()
        for text, instead, told in edits:
            assert text in right
            path.write_text(right.replace(text, instead))
            ended = envctl("validate", "--strict")
            assert ended.code == 1
            assert re.search(told, ended.err, re.MULTILINE), ended.err
            assert "no Cluster named" not in ended.err
        path.write_text(right)


def _first_apply(fleet: Path, repository: Repository) -> None:
    # 16: the headline counts what is done; 5: its last line works.
    planned = envctl("plan")
    assert planned.code == 2
    assert "8 create · 0 update · 0 delete" in planned.out
    assert "Next: envctl plan --exit-zero --out plan.json && envctl apply plan.json" in planned.out
    assert "8 applied" in done("apply", "--yes")
    # 10: a list of what there is.
    assert re.search(r"^c50 +staging +Staging +on ", done("get", "environments"), re.MULTILINE)
    # 1: each change is its author's, not that of HEAD's.
    search, c50 = fleet / "services" / "search.yaml", fleet / "environments" / "c50.yaml"
    described = f"{search.read_text()}  description: finds\n"
    repository.commit({"fleet/services/search.yaml": described}, "Search is described", "Ada A")
    quiet = c50.read_text().replace("schedule: on", "description: tests\n  schedule: on")
    repository.commit({"fleet/environments/c50.yaml": quiet}, "c50 is described", "Ben B")
    done("apply", "--yes")
    assert re.search(r"Description +finds .* Ada A", done("audit", "blame", "Search"))
    listed = done("audit", "list", "--since", "1h", "--records", "--limit", "3")
    assert sorted(re.findall(r"(Ada A|Ben B) <.* updated (\S+)", listed)) == [
        ("Ada A", "InfraConfigServices/Search"),
        ("Ben B", "ConfigEnvironments/c50"),
        ("Ben B", "InfraOpsEnvironment/c50"),
    ]
    # 9: a count counts changes once. 12: the last change is what the ledger says.
    assert "3 updated in ConfigEnvironments, InfraConfigServices, 1 more table " in done(
        "audit", "list"
    )
    assert re.search(r"Last change .*\n +by Ada A", done("explain", "Service/Search"))


def _evening(fleet: Path) -> None:
    # 12: two overrides of one field are told with which holds when.
    until = ("--until", "+1h", "--reason", "me, Carl", "--yes")
    done("override", "c50", "schedule=off", *until)
    said = done("override", "c50", "schedule=on", "--until", "+30m", "--reason", "b", "--yes")
    assert "goes before" in said
    why = done("explain", "c50")
    assert "none: it has no instances, and the ledger has no change of any" in why
    assert "[override on]" in why
    done("override", "release", "c50", "--yes")
    # 4: who changed c50 is answered by any of its names, overrides and their ends with it.
    asked = done("audit", "list", "--environment", "c50", "--since", "1w ago", "--records")
    assert len(re.findall(r"created EnvctlState/override#\w+ .*Environment/c50", asked)) == 2
    assert "ConfigEnvironments/c50" in asked
    by_name = done("audit", "list", "--entity", "c50", "--when", "7d", "--records")
    assert by_name == done(
        "audit", "list", "--entity", "Environment/c50", "--when", "7d", "--records"
    )
    lines = [line for line in by_name.splitlines() if " 2026 " in line or "EnvctlState" in line]
    assert [line for line in asked.splitlines() if line in lines] == lines
    for what in (
        r"created EnvctlState/override#\w+ .*Environment/c50",
        r"deleted EnvctlState/override#\w+ .*Environment/c50",
        r"updated ConfigEnvironments/c50",
    ):
        assert re.search(what, by_name), by_name
    assert "Environment" in done("audit", "show", "c50")
    assert "in order" in done("status")


def _removal(repository: Repository) -> None:
    # 13, 2: a removal waits for a word, which is in the ledger then.
    repository.commit({"fleet/services/search.yaml": None}, "Search goes", "Ben B")
    assert envctl("plan").code == 2
    done("apply", "--yes")
    repository.commit({"fleet/environments/c50.yaml": None}, "c50 goes", "Ben B")
    refused = envctl("apply", "--yes")
    assert refused.code == 3
    tokens = dict.fromkeys(re.findall(r"--approve (\S+)", refused.out + refused.err))
    assert tokens
    words = [word for token in tokens for word in ("--approve", token)]
    done("apply", "--yes", *words)
    gone = done("audit", "show", "Environment/c50")
    assert "deleted" in gone
    assert next(iter(tokens)) in gone
    # 14: what is gone costs and says nothing any more.
    assert _quiet(envctl("plan"))
    assert "c50" not in done("get", "environments", "-o", "name")


def _quiet(planned: Ended) -> bool:
    return planned.code == 0 and "0 create · 0 update · 0 delete" in planned.out
