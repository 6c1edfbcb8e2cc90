"""What a plan and a refusal tell to type is typed as it stands, in the same state, and does what it says."""

import re
import shlex
from pathlib import Path

import pytest

from tests.support.command_line import (
    Ended,
    Fleet,
    envctl,
    fleet,
    installation,
    installed,
    moto,
    service,
    use_settings,
)
from tests.support.fleet_yaml import account
from tests.support.hints import told_in

__all__ = ["fleet", "installed", "moto"]

pytestmark = pytest.mark.slow

PERMISSIONS = {
    f"p{number}.yaml": (
        f"apiVersion: envctl/v1\nkind: Permission\nmetadata: {{name: p{number}}}\n"
        "spec: {permissions: [{resource: '/config/*', access: PUT}]}\n"
    )
    for number in range(5)
}
ASKS = {"apply", "restore", "rollback"}


def typed(line: str) -> list[Ended]:
    """Run the commands of a line as a shell does: one behind ``&&`` only where the one before ended with 0. Nobody is asked."""
    ended: list[Ended] = []
    for command in line.split("   ", maxsplit=1)[0].split(" && "):
        program, *words = shlex.split(command)
        assert program == "envctl"
        ended.append(envctl(*words, *["--yes"] * (words[0] in ASKS)))
        if ended[-1].code:
            break
    return ended


def next_of(ended: Ended) -> str:
    """Return the last line of a plan: what to type next."""
    return ended.out.splitlines()[-1].removeprefix("Next: ")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("options", [[], ["--adopt"], ["--scope", "config"], ["--deep"]])
def test_the_last_line_of_a_plan_applies_it(installed: Fleet, options: list[str]) -> None:
    planned = installed.plan(*options)

    assert planned.code == 2
    assert [one.code for one in typed(next_of(planned))] == [0, 0]
    assert installed.plan(*options).code == 0


def test_where_the_file_is_written_it_is_what_is_applied(installed: Fleet, tmp_path: Path) -> None:
    installed.has({"account.yaml": account()})

    planned = installed.plan("--deep", "--adopt", "--out", tmp_path / "of mine.json")

    assert next_of(planned).startswith("envctl apply ")
    # The account is reached by the second.
    assert [one.code for one in typed(next_of(planned))] == [0, 0]


def test_a_refusal_is_approved_by_its_line(installed: Fleet) -> None:
    installed.has(PERMISSIONS)
    installed.apply()
    installed.has(dict.fromkeys(PERMISSIONS) | {"auth.yaml": service("Auth", 40002)})

    for refused in (installed.plan("--scope", "config"), installed.apply("--scope", "config")):
        assert refused.code == 3
    (line,) = re.findall(r"^ *(envctl apply .*--approve .*)$", refused.out, re.MULTILINE)

    assert "--scope config" in line
    assert [one.code for one in typed(line)] == [0]
    assert installed.plan().code == 0


@pytest.mark.parametrize("command", ["restore latest --mode replace", "rollback"])
def test_what_puts_back_is_approved_by_the_command_itself(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    settings = (
        f"source: {{folder: {installed.folder}}}\nsnapshots: {{folder: {tmp_path / 'kept'}}}\n"
    )
    use_settings(tmp_path, monkeypatch, settings)
    installed.apply()
    envctl("snapshot", "create")
    installed.has(PERMISSIONS)
    transaction = envctl("apply", "--yes", "--format", "json").json["transaction"]
    which = [transaction] if command == "rollback" else []

    refused = envctl(*command.split(), *which, "--reason", "too soon", "--plan")

    assert refused.code == 3, refused.out + refused.err
    (line,) = re.findall(r"^ *(envctl .*--approve .*)$", refused.out, re.MULTILINE)
    assert "--reason 'too soon'" in line
    assert [one.code for one in typed(line)] == [0]
    rows = installation().master.store.scan("InfraConfigPermissions")
    assert [row for row in rows if row.get("Deleted") != "true"] == []


def test_a_plan_file_that_takes_over_says_how_it_is_applied(installed: Fleet) -> None:
    installed.plan("--adopt", "--out", "plan.json")

    unasked = installed.apply("plan.json")

    (line,) = re.findall(r"fix: (envctl .*)$", unasked.err, re.MULTILINE)
    assert [one.code for one in typed(line)] == [0]


def told(text: str, command: str) -> list[str]:
    """Return the words of the command that a text tells to type, which begins so."""
    (words,) = {one for one in told_in(text) if " ".join(one).startswith(command)}
    return [*words, *["--yes"] * (words[0] in {*ASKS, "override"} and words[1:2] != ("yaml",))]


def test_where_tables_lack_they_are_made(moto: None, fleet: Fleet) -> None:
    lacking = fleet.plan()
    assert lacking.code == 5

    assert envctl(*told(lacking.err, "bootstrap")).code == 0
    assert fleet.plan().code == 2


def test_a_plan_file_that_is_not_there_is_made_and_applied(installed: Fleet) -> None:
    lacking = installed.apply("plan.json")
    (words,) = told_in(lacking.err)

    assert envctl(*words, "--source", installed.folder).code == 2
    assert installed.apply("plan.json").code == 0


def test_a_file_that_is_no_plan_is_made_anew(installed: Fleet) -> None:
    Path("plan.json").write_text("{", encoding="utf-8")
    (words,) = told_in(installed.apply("plan.json").err)

    assert words == ("plan", "--format", "json", "--out", "FILE")
    assert envctl(*words[:-1], "plan.json", "--source", installed.folder).code == 2
    assert installed.apply("plan.json").code == 0


def test_what_an_apply_made_is_shown_and_an_override_released(installed: Fleet) -> None:
    applied = installed.apply()
    assert "created" in envctl(*told(applied.out, "audit show")).out

    made = envctl("override", "Search", "description=x", "--until", "+1h", "--reason", "r", "--yes")
    assert envctl(*told(made.out, "override release")).code == 0
    assert envctl("override", "list").out == "no overrides\n"


def test_what_status_and_lists_lead_to_is_there(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kept"
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\nsnapshots: {{folder: {folder}}}\n")  # fmt: skip
    envctl("apply", "--yes")

    shown = envctl("status").out
    assert envctl(*told(shown, "audit verify")).code == 0
    assert "takes one" in envctl("snapshot", "list").out
    assert envctl(*told(envctl("snapshot", "list").out, "snapshot create")).code == 0
    assert "verified" in envctl(*told(envctl("status").out, "snapshot list")).out

    nobody = envctl("restore", "latest", "--key", "Nobody", "--plan")
    assert "Service" in envctl(*told(nobody.err, "snapshot show")).out


def test_what_is_put_back_is_written_for_git(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    installed.apply()
    installed.has({"search.yaml": service("Search", 40000, description="otherwise")})
    transaction = installed.apply("--format", "json").json["transaction"]

    back = envctl("rollback", transaction, "--yes")

    words = told(back.out + back.err, "override yaml")
    assert envctl(*words[:-1], tmp_path / "put-back").code == 0
    assert "otherwise" not in (tmp_path / "put-back/search.yaml").read_text(encoding="utf-8")
