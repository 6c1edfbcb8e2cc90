"""Commands that need no scenario of their own.

Covers: engine.queries.schedules.batch.
"""

import json
import re
from pathlib import Path

import pytest

from controller import __version__
from controller.cli.commands import COMMANDS, FOLDERS, AllCommands
from tests.support.command_line import TEAMS, Fleet, envctl, fleet, service, use_settings
from tests.support.documents import validator
from tests.support.git_repository import Repository

__all__ = ["fleet"]

CLI = Path(__file__).parents[3] / "controller" / "cli"
NOT_COMMANDS = {
    "__init__",
    "__main__",
    "commands",
    "invocation",
    "main",
    "output",
    "process",
    "schedule_queries",
    "audit_follow",
}


def test_each_command_is_a_file() -> None:
    files = {path.stem for path in CLI.glob("*.py")} - NOT_COMMANDS
    files |= {
        module
        for name, folder in FOLDERS.items()
        if (CLI / folder / f"{(module := name.replace('-', '_'))}.py").exists()
    }

    # A module whose name would be a keyword ends in an underscore: import_.
    assert {name.removesuffix("_").replace("_", "-") for name in files} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_says_what_it_does(name: str) -> None:
    ended = envctl(name, "--help")

    assert ended.code == 0
    assert f"Usage: envctl {name}" in ended.out
    assert AllCommands().get_command(None, name).help


def test_the_list_of_commands_imports_none() -> None:
    ended = envctl("--help")

    assert ended.code == 0
    for name, summary in COMMANDS.items():
        first_words = re.escape(summary[:30])
        assert re.search(rf"^  {name} +{first_words}", ended.out, re.MULTILINE)


def test_the_version() -> None:
    assert envctl("--version").out == f"envctl {__version__}\n"


def test_validate_as_json(fleet: Fleet) -> None:
    fleet.has({"auth.yaml": service("Auth", 40000)})

    ended = envctl("validate", fleet.folder, "--format", "json")

    assert ended.code == 1
    assert ended.json["objects"] == 4
    assert ended.json["valid"] is False
    assert [one["path"] for one in ended.json["problems"]] == ["search.yaml"]


def test_problems_come_with_causes_first_and_a_count(fleet: Fleet) -> None:
    fleet.has({"b.yaml": "nonsense: [\n", "a.yaml": service("Auth", owningCluster="Nobody")})

    ended = envctl("validate", fleet.folder)

    assert ended.code == 1
    assert ended.err.index("b.yaml:") < ended.err.index("a.yaml:")
    assert ended.out.startswith("2 problems: 4 objects in 4 files of ")


def test_other_tools_files_are_ignored_where_the_source_says_so(fleet: Fleet) -> None:
    fleet.has({"values.yaml": "image: {{ tag }}\n", ".envctlignore": "values.yaml\n"})

    ended = envctl("validate", fleet.folder)

    assert (ended.code, ended.out.partition(" of ")[0]) == (0, "no problems: 3 objects in 2 files")

    fleet.has({".envctlignore": "values.yaml\n*.yaml\n"})

    assert "leaves no YAML file" in envctl("validate", fleet.folder).err


def test_schemas_are_written_and_printed(tmp_path: Path) -> None:
    printed = envctl("schema").json
    assert envctl("schema", "--write", tmp_path / "schemas").code == 0

    assert _below(tmp_path / "schemas") == set(printed)
    assert set(printed) == _below(CLI.parents[1] / "schemas")
    assert envctl("schema", "--write", tmp_path / "schemas" / "plan.schema.json").code == 64


def _below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")}


def test_render_shows_where_each_value_comes_from(fleet: Fleet) -> None:
    fleet.has(
        {
            "defaults.yaml": (
                "apiVersion: envctl/v1\nkind: Defaults\nmetadata: {name: top}\n"
                "spec:\n  Service:\n    description: of all\n"
            )
        }
    )

    shown = envctl("render", "Service/Search", "--source", fleet.folder)
    as_json = envctl("render", "Service/Search", "--source", fleet.folder, "--format", "json")

    assert shown.code == 0
    assert re.search(r"description: of all +# defaults.yaml:6", shown.out)
    assert re.search(r"bluePort: 40000 +# search.yaml:4", shown.out)
    assert as_json.json["documents"][0]["origins"]["spec.description"] == "defaults.yaml:6"
    assert envctl("render", "Service/Serch", "--source", fleet.folder).code == 64


def test_events_are_lines_of_json(fleet: Fleet, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    source = ("--source", fleet.folder, "--base", fleet.folder)

    assert envctl("--events", events, "plan", *source).code == 0
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert "plan.computed" in [line["event"] for line in lines]
    assert [error for line in lines for error in validator("event-line").iter_errors(line)] == []
    assert '"event":"plan.computed"' in envctl("--events", "-", "plan", *source).err
    assert envctl("--events", "/nowhere/x", "plan", *source).code == 64


def test_lines_about_schedules_are_all_answered(tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"schedule": "on"}\n\nnonsense\n[]\n{"schedule": "on", "utc": "never"}\n')

    ended = envctl("schedule", "eval", questions, "--jsonl")
    decided = envctl("schedule", "decide", questions)

    assert ended.code == decided.code == 0
    assert ended.out.splitlines()[0] == '{"state":"on"}'
    assert ['"invalid"' in line for line in ended.out.splitlines()] == [False, True, True, True]
    assert all('"error":"line ' in line for line in decided.out.splitlines())


def test_a_source_is_named_by_place_or_by_option(fleet: Fleet) -> None:
    by_place = envctl("validate", fleet.folder)

    assert by_place.code == 0
    assert envctl("validate", "--source", fleet.folder).out == by_place.out
    assert envctl("validate", fleet.folder, "--source", fleet.folder).code == 64
    both = envctl("validate", "--source", fleet.folder, "--ref", "topic")
    assert "--ref and a source both say what is read" in both.err
    assert envctl("render", "Search", "--source", fleet.folder).code == 0


def test_another_branch_of_the_settings_repository(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.at(tmp_path / "repository")
    repository.commit({"teams.yaml": TEAMS, "s.yaml": service("Search", 40000)})
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit({"auth.yaml": service("Auth", 40002)})
    repository.git("checkout", "--quiet", "main")
    text = f"source: {{git: {{url: '{repository.url}', ref: main}}}}"
    use_settings(tmp_path, monkeypatch, text)

    assert envctl("validate").out.startswith("no problems: 3 objects")
    assert envctl("validate", "--ref", "topic").out.startswith("no problems: 4 objects")
    assert "Auth" in envctl("render", "Auth", "--ref", "topic").out
    assert envctl("validate", "--ref", "nowhere").code == 5
