"""What is installed is what was reviewed: exact releases, their hashes, and no place to fetch them from."""

import re

import pytest

from tests.architecture.repository import ROOT

PRODUCTION = ("requirements.lock", "requirements-sandbox.lock", "requirements-daemon.lock")
LOCKS = (
    *PRODUCTION,
    "requirements-dev.lock",
    "requirements-docs.lock",
    "requirements-servers.lock",
    "requirements-peers.lock",
    "requirements-openapi.lock",
    "requirements-policies.lock",
)


def pins(lock: str) -> dict[str, str]:
    """Return name -> version of a lock, extras and markers left out."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;]+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_every_release_is_exact_and_hashed(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    requirements = [entry for entry in re.split(r"\n(?=[^\s#])", text) if not entry.startswith("#")]

    assert requirements
    assert [r for r in requirements if "==" not in r or "--hash=sha256:" not in r] == []


@pytest.mark.parametrize("lock", PRODUCTION)
def test_development_runs_the_releases_that_production_runs(lock: str) -> None:
    runtime, development = pins(lock), pins("requirements-dev.lock")

    assert {name: development.get(name) for name in runtime} == runtime


def test_the_type_stubs_describe_the_boto3_that_runs() -> None:
    development = pins("requirements-dev.lock")
    runs, stubs = (development[n].split(".")[:2] for n in ("boto3", "boto3-stubs"))

    assert runs == stubs
    assert development["boto3"] == development["botocore"]
