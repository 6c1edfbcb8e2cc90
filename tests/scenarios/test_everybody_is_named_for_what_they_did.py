"""Two people edit, a bot merges, a third overrides and releases, somebody drifts: ledger and explanation name the right one."""

import getpass
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.state.override_rows import read_overrides, row_of_override
from tests.support.command_line import TEAMS, envctl, installation, service, use_settings
from tests.support.documents import checked
from tests.support.git_repository import Repository

ADA, BEN = "Ada Author <ada@example.com>", "Ben Builder <ben@example.com>"
FAR = "---\n# far from the one before\n" + "#\n" * 20
CALLER = "arn:aws:sts::123456789012:user/moto"


def services(search: str = "Tango", cart: str = "Tango") -> str:
    """Return two services of one file, owned by these clusters."""
    owned = service("Search", 40000, owningCluster=search)
    return owned + FAR + service("Cart", 40002, owningCluster=cart)


@pytest.fixture
def repository(installed: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Ada began; then she edits one service, Ben another of the same file, and a bot merges both."""
    made = Repository.at(tmp_path / "repository")
    made.commit({"teams.yaml": TEAMS, "services.yaml": services()}, "begin")
    use_settings(tmp_path, monkeypatch, f'source: {{git: {{url: "{made.url}", ref: main}}}}\n')
    monkeypatch.setenv("ENVCTL_USER", "ci")
    assert envctl("apply", "--yes").code == 0
    made.git("checkout", "--quiet", "-b", "topic")
    made.commit({"services.yaml": services(search="Infra")}, "Search moves", author="Ada Author")
    made.git("checkout", "--quiet", "main")
    made.commit({"services.yaml": services(cart="Infra")}, "Cart moves", author="Ben Builder")
    bot = {"GIT_AUTHOR_NAME": "merge-bot", "GIT_AUTHOR_EMAIL": "bot@example.com"}
    made.git(
        "merge",
        "--quiet",
        "--no-ff",
        "-m",
        "Merge pull request #7 from ada/topic",
        "topic",
        env=bot,
    )
    return made


def newest(name: str) -> dict[str, Any]:
    """Return the newest record of a service, as the list has it, once explain is found to say the same."""
    (first, *_) = envctl(
        "audit", "list", "--entity", f"Service/{name}", "--records", "--format", "json"
    ).json["records"]
    who = first["author"] or first["changedBy"]
    lines = envctl("audit", "list", "--entity", f"Service/{name}", "--records").out.splitlines()
    assert who in lines[1]
    assert "user/moto" in lines[1]
    explained = envctl("explain", f"Service/{name}").out
    assert f"by {who} ({first['cause']})" in explained
    assert f"changed by {who}" in explained
    assert CALLER in explained
    return dict(first)


def test_each_edit_is_its_authors_and_the_merger_is_a_hint(repository: Repository) -> None:
    assert envctl("apply", "--yes").code == 0

    search, cart = newest("Search"), newest("Cart")

    assert (search["author"], search["subject"]) == (ADA, "Search moves")
    assert (cart["author"], cart["subject"]) == (BEN, "Cart moves")
    for record in (search, cart):
        assert record["cause"] == "edited"
        assert record["mergedBy"] == "merge-bot <bot@example.com>"
        assert record["pullRequest"] == "#7"
        assert record["host"] == f"{getpass.getuser()}@{socket.gethostname()}"
        assert (record["appliedBy"], record["principal"]) == ("ci", CALLER)
    shown = envctl("audit", "show", search["auditId"]).out
    assert "Merged by" in shown
    assert "Run as" in shown
    assert "Search moves" in shown


@pytest.mark.slow
def test_what_is_taken_out_of_a_file_is_who_took_it_out(repository: Repository) -> None:
    envctl("apply", "--yes")
    repository.commit(
        {"services.yaml": service("Cart", 40002, owningCluster="Infra")},
        "Search goes",
        author="Cy Cook",
    )
    repository.commit({"services.yaml": service("Cart", 40002)}, "Cart", author="Ben Builder")
    assert envctl("apply", "--yes").code == 0

    record, *_ = envctl(
        "audit", "list", "--entity", "Service/Search", "--records", "--format", "json"
    ).json["records"]

    assert (record["cause"], record["author"]) == ("pruned", "Cy Cook <cy@example.com>")
    assert newest("Cart")["author"] == BEN


def test_an_override_and_its_release_are_who_made_and_released_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    envctl("apply", "--yes")
    monkeypatch.setenv("ENVCTL_USER", "carl")
    made = envctl(
        *("override", "Service/Search", "description=closed", "--until", "+10m"),
        *("--reason", "release night", "--yes"),
    )
    assert made.code == 0
    monkeypatch.setenv("ENVCTL_USER", "ci")
    assert envctl("apply", "--yes").code == 0

    under = newest("Search")

    assert (under["cause"], under["author"], under["appliedBy"]) == ("overridden", "carl", "ci")
    assert under["subject"] == "release night"
    repository.commit({"services.yaml": services(cart="Infra")}, "Back", author="Ben Builder")
    assert envctl("apply", "--yes").code == 0
    edited = newest("Search")
    assert (edited["cause"], edited["author"]) == ("edited", BEN), "an edit under an override"
    monkeypatch.setenv("ENVCTL_USER", "dora")
    assert envctl("override", "release", "Search", "--yes").code == 0
    monkeypatch.setenv("ENVCTL_USER", "ci")
    assert envctl("apply", "--yes").code == 0
    after = newest("Search")
    assert (after["cause"], after["author"], after["appliedBy"]) == ("overridden", "dora", "ci")
    rows = [
        (record["changeType"], record["author"])
        for record in envctl("audit", "list", "--records", "--format", "json").json["records"]
        if record["table"] == "EnvctlState"
    ]
    assert rows == [("Deleted", "dora"), ("Created", "carl")]


@pytest.mark.slow
def test_an_override_that_ends_by_time_is_ended_by_the_controller(
    repository: Repository,
) -> None:
    envctl("apply", "--yes")
    until = ("--until", "+10m", "--reason", "x", "--yes")
    envctl("override", "Service/Search", "description=closed", *until)
    envctl("apply", "--yes")
    store = installation().master.store
    (row,) = read_overrides(store, "")
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    store.write(PutWrite("EnvctlState", to_wire(row_of_override(row) | {"Until": past})))

    assert envctl("apply", "--yes").code == 0

    assert (newest("Search")["cause"], newest("Search")["author"]) == ("overridden", "envctl")
    ends = [
        record["author"]
        for record in envctl("audit", "list", "--records", "--format", "json").json["records"]
        if record["table"] == "EnvctlState" and record["changeType"] == "Deleted"
    ]
    assert ends == ["envctl"]


def test_drift_is_put_back_by_the_controller(repository: Repository) -> None:
    envctl("apply", "--yes")
    store = installation().master.store
    item = store.get("InfraConfigServices", {"ServiceName": "Search"})
    assert item is not None
    item["Value"]["Description"] = "mine"
    store.write(PutWrite("InfraConfigServices", to_wire(item)))

    assert envctl("apply", "--yes").code == 0

    healed = newest("Search")
    assert (healed["cause"], healed["author"]) == ("drifted", "envctl")
    assert healed["commit"] == repository.head, "the revision that is put back"
    assert healed["principal"] == CALLER


@pytest.mark.slow
def test_a_name_that_steers_terminals_is_shown_escaped_and_cut(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVCTL_USER", "ceo@acme\nroot\x1b[2J\u202e" + "x" * 1000)
    assert envctl("apply", "--yes").code == 0

    record = newest("Search")

    assert record["appliedBy"].startswith("ceo@acme\\nroot\\x1b[2J\\u202e")
    assert len(record["appliedBy"]) <= 128
    shown = envctl("audit", "show", record["auditId"]).out
    assert [line for line in shown.splitlines() if "ceo@acme" in line] == [
        line for line in shown.splitlines() if "nroot" in line
    ]


@pytest.mark.slow
def test_an_approval_is_in_the_record_of_what_it_let_through(repository: Repository) -> None:
    envctl("apply", "--yes")
    many = "---\n".join(service(f"S{n}", 40100 + 2 * n) for n in range(4))
    repository.commit({"many.yaml": many}, "Four more")
    assert envctl("apply", "--yes").code == 0
    repository.commit({"many.yaml": None}, "Four go", author="Cy Cook")
    refused = envctl("plan", "--format", "json").json
    (token,) = [found["token"] for scope in refused["scopes"] for found in scope["violations"]]

    assert envctl("apply", "--approve", token, "--yes").code == 0

    records = envctl("audit", "list", "--records", "--format", "json").json["records"]
    approved = [record for record in records if record["approvals"]]
    assert {record["key"] for record in approved} == {"S0", "S1", "S2", "S3"}
    (approval,) = approved[0]["approvals"]
    assert approval["token"] == token
    assert "ci" in approval["by"]
    shown = envctl("audit", "show", approved[0]["auditId"])
    assert f"{token} by " in shown.out
    assert "approved" in envctl("audit", "list", "--records").out
    whole = checked(envctl("audit", "show", approved[0]["auditId"], "--format", "json").json)
    assert whole["records"][0]["planDigest"]


def test_a_working_tree_names_nobody(installed: Any) -> None:
    planned = installed.plan("--format", "json")

    assert "unknown" not in planned.out
    assert not {"author", "commit"} & set(planned.json["scopes"][0]["changes"][0])
    assert installed.apply().code == 0
    assert newest("Search")["appliedBy"] == "ada"
