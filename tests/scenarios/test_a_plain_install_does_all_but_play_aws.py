"""What `pip install environment-controller` brings is enough for every command but those that run an AWS in memory."""

import ast
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.embedded_aws import AwsForTests

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FLEET = ROOT / "examples" / "fleet"
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", "requirements.in", "requirements-sandbox.in", "requirements-daemon.in")  # fmt: skip


@dataclass(frozen=True)
class Install:
    """A virtual environment with the wheel and the locked runtime alone."""

    python: Path

    def envctl(
        self, *arguments: str | Path, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command far from the repository."""
        return subprocess.run(
            [self.python.with_name("envctl"), *arguments],
            cwd=self.python.parent,
            env={**os.environ, **environment},
            check=False,
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Build the wheel from a copy, and install it as an administrator would."""
    folder = tmp_path_factory.mktemp("install")
    source = folder / "source"
    for name in ("controller", "deploy", "examples"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=left_out)
    for name in BUILT_FROM:
        shutil.copy(ROOT / name, source)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source])
    _run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"])
    python = folder / "venv" / "bin" / "python"
    into = [*pip, "--python", python, "install"]
    _run([*into, "--require-hashes", "-r", ROOT / "requirements.lock"])
    _run([*into, "--no-deps", *folder.glob("*.whl")])
    return Install(python)


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_says_its_version_and_checks_a_fleet(install: Install) -> None:
    assert install.envctl("--version").returncode == 0
    assert install.envctl("validate", FLEET).returncode == 0


def test_it_plans(install: Install, aws: AwsForTests) -> None:
    assert install.envctl("bootstrap", **aws.environment).returncode == 0

    planned = install.envctl("plan", "--source", FLEET, "--scope", "config", **aws.environment)

    assert planned.returncode == 2, planned.stderr


def test_every_command_says_how_it_is_typed(install: Install) -> None:
    """In one process: what a plain installation lacks is named by the command that needs it, and by nothing else."""
    asked = (
        "from controller.cli.commands import COMMANDS\n"
        "from controller.cli.main import run\n"
        "print({name: int(run([name, '--help'])) for name in COMMANDS})"
    )
    ended = subprocess.run(
        [install.python, "-P", "-c", asked], check=True, capture_output=True, text=True
    )
    codes = ast.literal_eval(ended.stdout.splitlines()[-1])

    assert {name for name, code in codes.items() if code} == {"run"}
    assert "pip install 'environment-controller[daemon]'" in ended.stderr


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_an_aws_in_memory_is_an_extra_and_it_says_which(install: Install, command: str) -> None:
    ended = install.envctl(command)

    assert ended.returncode == 64
    assert "the AWS in memory is an extra that is not installed" in ended.stderr
    assert "pip install 'environment-controller[sandbox]'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_daemon_is_an_extra_and_it_says_which(install: Install) -> None:
    ended = install.envctl("run")

    assert ended.returncode == 64
    assert "pip install 'environment-controller[daemon]'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_examples_of_the_tour_are_installed(install: Install) -> None:
    installed = "import controller.sandbox.run as run; print(run.EXAMPLES)"
    found = subprocess.run(
        [install.python, "-P", "-c", installed], check=True, capture_output=True, text=True
    ).stdout

    assert install.envctl("validate", found.strip()).returncode == 0


@pytest.mark.parametrize("what", ["master.yaml", "child.yaml", "envctl.service"])
def test_what_an_installation_is_deployed_by_is_installed(install: Install, what: str) -> None:
    printed = install.envctl("deploy-template", what.partition(".")[0].replace("envctl", "service"))

    assert printed.stdout == (ROOT / "deploy" / what).read_text()
