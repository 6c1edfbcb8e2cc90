"""Whoever has pipx or uv has envctl by one command, with completion; and by another one it is gone."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller import __version__
from tests.support.wheels import ROOT, build_wheel, pack_installed

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
COMPLETED = """
source "$HOME/.bash_completions/envctl.sh"
COMP_WORDS=(envctl audit ver) COMP_CWORD=2
_envctl_completion envctl
echo "${COMPREPLY[@]}"
"""
"""What bash does for ``envctl audit ver`` and Tab."""
PLAYED = """
envctl sandbox > played & sandbox=$!
until grep -q "^export ENVCTL_CONFIG" played || ! kill -0 $sandbox; do sleep 0.2; done
eval "$(grep ^export played)"
envctl bootstrap && envctl plan --exit-zero
kill $sandbox
"""
"""A sandbox, and a plan of the examples that it begins with."""


@dataclass(frozen=True)
class Machine:
    """One where nothing of ours is: a home, and the wheels that an index would have."""

    home: Path
    packages: Path
    wheel: Path

    def run(self, *command: str | Path) -> str:
        """Return what a command says; what it cannot do fails the test."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.home,
            env={
                "HOME": str(self.home),
                "PATH": f"{self.home}/.local/bin:{os.defpath}",
                "PIPX_HOME": str(self.home / "pipx"),
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(self.packages),
                "UV_OFFLINE": "1",
                "UV_NO_INDEX": "1",
                "UV_FIND_LINKS": str(self.packages),
                "UV_CACHE_DIR": str(self.home / "cache"),
            },
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("built") / "clone")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the wheels of what the locks of the extras name, and of what pipx brings along."""
    folder = tmp_path_factory.mktemp("index") / "packages"
    locks = (ROOT / f"requirements-{extra}.lock" for extra in ("daemon", "sandbox"))
    text = "\n".join(lock.read_text(encoding="utf-8") for lock in locks)
    pack_installed({"pip", *re.findall(r"^([A-Za-z0-9._-]+)", text, re.MULTILINE)}, folder)
    return folder


@pytest.fixture
def machine(tmp_path: Path, wheel: Path, packages: Path) -> Machine:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".bashrc").touch()
    return Machine(home, packages, wheel)


def test_by_pipx(machine: Machine) -> None:
    machine.run(BIN / "pipx", "install", "--python", sys.executable, machine.wheel)

    assert machine.run("envctl", "--version") == f"envctl {__version__}\n"
    assert (
        json.loads(machine.run("envctl", "version", "--format", "json"))["version"] == __version__
    )
    assert "AWS::DynamoDB::Table" in machine.run("envctl", "deploy-template", "master")

    machine.run("bash", "-c", "envctl --install-completion; true")
    assert machine.run("bash", "-c", COMPLETED).split() == ["verify"]

    machine.run(BIN / "pipx", "uninstall", "environment-controller")
    assert not (machine.home / ".local/bin/envctl").exists()


def test_by_pip_as_the_readme_says_and_an_extra_as_it_is_told(machine: Machine) -> None:
    """The wheel is on no index: its extra is found by what is installed already."""
    (machine.home / "dist").symlink_to(machine.wheel.parent)
    python = machine.home / "venv/bin/python"
    machine.run(sys.executable, "-m", "venv", "--without-pip", machine.home / "venv")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    plain, *_ = re.findall(r"`pip install (\./dist/\S+\.whl)`", readme)
    pip = (sys.executable, "-m", "pip", "--python", python, "install")
    machine.run(*pip, plain)

    lacking = subprocess.run([python.with_name("envctl"), "run"], capture_output=True, text=True, check=False)  # fmt: skip
    assert lacking.returncode == 64
    (extra,) = re.findall(r"pip install '(\S+)'", lacking.stderr)
    machine.run(*pip, extra)

    assert "Usage: envctl run" in machine.run(python.with_name("envctl"), "run", "--help")
    assert f"`pip install '{plain}[daemon]'`" in readme
    assert f"`pip install '{plain}[sandbox]'`" in readme


def test_by_uv_with_the_daemon(machine: Machine) -> None:
    wanted = f"environment-controller[daemon] @ {machine.wheel.as_uri()}"
    machine.run(BIN / "uv", "tool", "install", "--python", sys.executable, wanted)

    assert machine.run("envctl", "--version") == f"envctl {__version__}\n"
    assert "Usage: envctl run" in machine.run("envctl", "run", "--help")

    machine.run(BIN / "uv", "tool", "uninstall", "environment-controller")
    assert not (machine.home / ".local/bin/envctl").exists()


def test_with_the_sandbox_the_tour_is_walked_far_from_a_clone(machine: Machine) -> None:
    wanted = f"environment-controller[sandbox] @ {machine.wheel.as_uri()}"
    machine.run(BIN / "uv", "tool", "install", "--python", sys.executable, wanted)

    assert "envctl sandbox  " in machine.run("envctl", "demo")
    assert re.search(r"^\d+ create · ", machine.run("bash", "-c", PLAYED), re.MULTILINE)
