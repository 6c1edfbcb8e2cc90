"""What a shell completes, asked as a shell asks: no command is imported to complete the names of commands."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from controller import catalog
from controller.cli.terminal.completion import (
    ShapedCommand,
    account_names,
    kind_names,
    object_names,
    offered_for,
    scope_names,
    team_names,
    written_in,
)
from tests.support.fleet_yaml import account, environment, one_file
from tests.support.yaml_fleet import loaded

EXAMPLE = (
    "import sys; from controller.cli.main import main\n"
    "try: main()\n"
    "finally: print(*sorted(n for n in sys.modules if n.startswith('controller.')), file=sys.stderr)\n"
)


def completed(
    line: str, monkeypatch: pytest.MonkeyPatch, settings: Path | None = None
) -> tuple[list[str], set[str]]:
    """Return what bash is offered for the last word of a line, and which of our modules that took."""
    monkeypatch.setenv("_ENVCTL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    if settings is not None:
        monkeypatch.setenv("ENVCTL_CONFIG", str(settings))
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLE], capture_output=True, text=True, check=False
    )
    return done.stdout.split(), set(done.stderr.split())


def test_commands_are_completed_without_importing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    offered, imported = completed("envctl re", monkeypatch)

    assert offered == ["render", "restore"]
    assert "controller.cli.commands" in imported
    assert imported.isdisjoint({"controller.cli.invocation", "controller.catalog"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fleet").mkdir()
    text = one_file(account(), environment("c50"))
    (tmp_path / "fleet" / "all.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "fleet"


FORMS = """# what stands before the first mark is a document, too
apiVersion: envctl/v1
kind: EnvironmentType
metadata:
  # what people say
  name: Other   # of another region
spec:
  account: "prod-eu"
  region: eu-central-1
---
kind: LoadBalancerSetting
metadata: {labels: {a: b}, name: www.acme.example}
spec:
  environmentName: c50
---
kind: Cluster
metadata: {name: 'Tango'}
---
nothing: here
"""


def context(
    folder: Path | None = None, config: str | None = None, words: Sequence[str] = ()
) -> SimpleNamespace:
    """Return what is known while words are completed."""
    given = {"--config": config, "--source": None if folder is None else str(folder)}
    return SimpleNamespace(params=given, args=words)


def test_scopes_and_names_are_those_of_the_folder(folder: Path) -> None:
    (folder / "forms.yaml").write_text(FORMS, encoding="utf-8")
    (folder / ".git").mkdir()
    (folder / ".git" / "kept.yaml").write_text("kind: Cluster\nmetadata: {name: Hidden}\n")
    ctx = context(folder)

    assert set(scope_names(ctx)) == {
        *("config", "staging-eu", "staging-eu/eu-west-1", "prod-eu", "prod-eu/eu-central-1")
    }
    assert {"c50", "Environment/c50", "Other", "EnvironmentType/Other"} <= set(object_names(ctx))
    assert "LoadBalancerSetting/c50/www.acme.example" in set(object_names(ctx))
    assert list(team_names(ctx)) == ["Tango"]
    assert list(account_names(ctx)) == ["staging-eu"]
    assert list(object_names(context(folder / "forms.yaml"))) == [], "no folder: nothing is known"


def test_names_are_those_a_load_finds() -> None:
    fleet = Path(__file__).parents[4] / "examples" / "fleet"
    found = loaded({str(path): path.read_text() for path in fleet.rglob("*.yaml")}).resources
    told = set(object_names(context(fleet)))

    assert {str(ref) for ref in found} <= told


HOSTILE = {
    "labels and no name": "kind: Service\nmetadata:\n" + "    label: x\n" * 40 + "spec: {}\n",
    "blanks and no field": "kind: EnvironmentType\nmetadata: {name: a}\nspec:\n" + " " * 50_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_makes_a_shell_wait(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from controller.cli.terminal.completion import written_in\n"
        "print(len(list(written_in(Path(sys.argv[1]), 'eu-west-1'))))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )

    assert done.stdout.strip() == ("1" if "{name: a}" in text else "0")


def test_what_is_no_file_of_the_folder_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")
    (folder / "link.yaml").symlink_to("/dev/zero")

    assert len(list(written_in(folder, "eu-west-1"))) > 1


def test_the_settings_name_the_folder(folder: Path) -> None:
    settings = folder.parent / "envctl.yaml"
    settings.write_text("region: eu-north-1\nsource: {folder: fleet}\n", encoding="utf-8")

    assert "c50" in set(object_names(context(config=str(settings))))
    settings.write_text("source:\n  # here\n  folder: fleet\n", encoding="utf-8")
    assert "c50" in set(object_names(context(config=str(settings))))
    assert list(object_names(context(config=str(folder / "gone.yaml")))) == []


def test_kinds() -> None:
    assert list(kind_names(None)) == [*catalog.kinds(), "Defaults"]


@pytest.mark.parametrize(
    ("command", "words", "incomplete", "offered"),
    [
        ("plan", [], "--appr", ["--approve"]),
        ("plan", ["--format"], "", ["text", "markdown", "json", "html"]),
        ("plan", ["--format", "json", "--adopt", "--scope"], "st", ["staging-eu", "staging-eu/eu-west-1"]),
        ("get", [], "gr", ["groups"]),
        ("get", ["groups", "--account"], "", ["staging-eu"]),
        ("new", [], "Environment", ["Environment", "EnvironmentType"]),
        ("explain", [], "Environment/", ["Environment/c50"]),
        ("override", [], "re", ["release"]),
        ("override", [], "c5", ["c50"]),
        ("override", ["c50"], "--unt", ["--until", "--until-git"]),
        ("override", ["release"], "--", ["--yes", "--format"]),
        ("audit", [], "ver", ["verify"]),
        ("audit", ["list", "--entity"], "", []),
        ("version", ["more"], "", []),
        ("", [], "ver", ["version"]),
        ("", [], "--con", ["--config"]),
    ],
)  # fmt: skip
def test_what_may_follow_is_offered(
    folder: Path, command: str, words: list[str], incomplete: str, offered: list[str]
) -> None:
    ctx = context(folder, words=[*command.split(), *words])

    found = [item.value for item in ShapedCommand({}).shell_complete(ctx, incomplete)]

    assert found == [text for text in offered if text.startswith(incomplete)]


def test_a_source_that_is_typed_goes_before_that_of_the_settings(folder: Path) -> None:
    settings = folder.parent / "envctl.yaml"
    settings.write_text("source: {folder: elsewhere}\n", encoding="utf-8")
    words = ["--config", str(settings), "plan", "--source", str(folder), "--scope"]

    assert "staging-eu" in set(offered_for(context(words=words), ""))
    assert list(offered_for(context(words=[*words[:3], "--scope"]), "")) == ["config"]


def test_a_shell_is_offered_scopes_without_importing_a_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = folder.parent / "envctl.yaml"
    settings.write_text("source: {folder: fleet}\n", encoding="utf-8")

    offered, imported = completed("envctl plan --scope st", monkeypatch, settings)

    assert offered == ["staging-eu", "staging-eu/eu-west-1"]
    assert imported.isdisjoint({"controller.cli.invocation", "controller.catalog"})
