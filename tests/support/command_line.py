"""``envctl`` in this process, with an environment, a fleet and an AWS of its own."""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from controller import catalog
from controller.cli.main import run
from controller.cli.process import environment_instead, process_context
from controller.engine.installation.installation import (
    Installation,
    Master,
    find_installation,
    open_settings,
)
from tests.support.documents import checked
from tests.support.embedded_aws import AwsForTests

TEAMS = """apiVersion: envctl/v1
kind: Cluster
metadata: {name: Tango}
spec: {shortName: ta}
---
apiVersion: envctl/v1
kind: Cluster
metadata: {name: Infra}
spec: {shortName: in}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, what it said, and what it noted besides."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output, once it is as its schema says."""
        return checked(json.loads(self.out))


class Bytes(io.TextIOWrapper):
    """Text output that also takes bytes, as a real standard output does."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="\n")

    def text(self) -> str:
        """Return what was written."""
        self.flush()
        written = self.buffer
        assert isinstance(written, io.BytesIO)
        return written.getvalue().decode()


def envctl(*arguments: object) -> Ended:
    """Run a command as ``main`` does, but for ending the process."""
    with Bytes() as out, Bytes() as err:
        with redirect_stdout(out), redirect_stderr(err):
            code = run([str(one) for one in arguments])
        return Ended(code, out.text(), err.text())


def service(name: str, port: int = 0, **spec: Any) -> str:
    """Return the YAML of a Service; a port that is not 0 is blue's."""
    fields: dict[str, Any] = {"owningCluster": "Tango", **spec}
    if port:
        fields["bluePort"] = port
    return (
        f"apiVersion: envctl/v1\nkind: Service\nmetadata: {{name: {name}}}\n"
        f"spec: {json.dumps(fields)}\n"
    )


@dataclass
class Fleet:
    """A folder of YAML, and the commands that take it for their source."""

    folder: Path
    files: dict[str, str] = field(default_factory=lambda: {"teams.yaml": TEAMS})

    def has(self, files: Mapping[str, str | None]) -> "Fleet":
        """Write files; None removes one."""
        self.folder.mkdir(exist_ok=True)
        for name, text in {**self.files, **files}.items():
            path = self.folder / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.files = {}
        return self

    def plan(self, *options: object) -> Ended:
        """Plan it."""
        return envctl("plan", "--source", self.folder, *options)

    def apply(self, *options: object) -> Ended:
        """Apply it without being asked."""
        return envctl("apply", "--source", self.folder, "--yes", *options)


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Two clusters and a service, and nobody's caches and settings."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("ENVCTL_USER", "ada")
    return Fleet(tmp_path / "fleet").has({"search.yaml": service("Search", 40000)})


@pytest.fixture
def moto() -> Iterator[None]:
    """An AWS in this process, empty."""
    with mock_aws():
        yield


@pytest.fixture
def installed(moto: None, fleet: Fleet) -> Fleet:
    """The fleet, and tables that are set up."""
    assert envctl("bootstrap").code == 0
    return fleet


@contextmanager
def commands_in(aws: AwsForTests, folder: Path, settings: str = "") -> Iterator[None]:
    """Let commands work in the sandbox, with settings and a cache in a folder, until the context ends."""
    with commands_with(aws.environment, folder, settings):
        yield


@contextmanager
def commands_with(
    environment: Mapping[str, str], folder: Path, settings: str = ""
) -> Iterator[None]:
    """Let commands work in an environment of AWS's variables, as ``commands_in`` does."""
    file = folder / "envctl.yaml"
    file.write_text(settings, encoding="utf-8")
    around = {
        **environment,
        "ENVCTL_CONFIG": str(file),
        "ENVCTL_USER": "ada",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    with environment_instead(around):
        yield


def use_settings(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Write settings into a folder; commands read them from now on."""
    file = folder / "envctl.yaml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("ENVCTL_CONFIG", str(file))


def installation() -> Installation:
    """Return the installation that the commands work on."""
    around = process_context()
    return find_installation(Master(open_settings(None, around), around, catalog.kinds()))
