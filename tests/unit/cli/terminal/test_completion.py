"""What a shell completes, asked as a shell asks: no command is imported to complete the names of commands."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from controller import catalog
from controller.cli.terminal.completion import kind_names, object_names, scope_names
from tests.support.fleet_yaml import account, environment, one_file

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


def test_scopes_and_names_are_those_of_the_folder(folder: Path) -> None:
    root = SimpleNamespace(params={})
    ctx = SimpleNamespace(params={"source": str(folder)}, find_root=lambda: root)

    assert list(scope_names(ctx, "st")) == ["staging-eu", "staging-eu/eu-west-1"]
    assert "config" in set(scope_names(ctx, ""))
    assert list(object_names(ctx, "Account/s")) == ["Account/staging-eu"]
    assert list(object_names(ctx, "nothing")) == []
    ctx.params["source"] = str(folder / "all.yaml")
    assert list(object_names(ctx, "")) == [], "no folder, so nothing is known"


@pytest.mark.slow
def test_a_shell_is_offered_scopes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = folder.parent / "envctl.yaml"
    settings.write_text("source: {folder: fleet}\n", encoding="utf-8")

    offered, _ = completed("envctl plan --scope st", monkeypatch, settings)

    assert offered == ["staging-eu", "staging-eu/eu-west-1"]


def test_kinds() -> None:
    assert list(kind_names("")) == list(catalog.kinds())
    assert list(kind_names("Environment")) == ["Environment", "EnvironmentType"]
