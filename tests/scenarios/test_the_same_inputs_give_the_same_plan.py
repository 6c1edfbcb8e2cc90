"""A plan is compared, hashed and reviewed: the same inputs give the same bytes, whatever order they come in."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Fleet, envctl, service

SERVICES = {f"s{number:02}.yaml": service(f"S{number:02}", 40100 + number) for number in range(20)}


def _shuffled(value: Any, chance: random.Random) -> Any:
    """Return JSON with the keys of all objects in another order, and lists of objects too where order says nothing."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: _shuffled(value[key], chance) for key in keys}
    if isinstance(value, list):
        members = [_shuffled(member, chance) for member in value]
        if members and isinstance(members[0], dict) and "ref" in members[0]:
            chance.shuffle(members)
        return members
    return value


def _plan_in_a_process(seed: str, *arguments: object) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "controller.cli", "plan", "--format", "json", *map(str, arguments)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        check=False,
        capture_output=True,
    )
    assert done.returncode == 2, done.stderr
    return done.stdout


@pytest.mark.slow
def test_whatever_the_order_of_files_of_objects_and_of_hashes(
    installed: Fleet, tmp_path: Path
) -> None:
    installed.has(SERVICES)
    installed.apply()
    seen = tmp_path / "seen.json"
    installed.has({"s03.yaml": service("S03", 40103, description="better"), "s04.yaml": None})
    planned = installed.plan("--save-observed", seen, "--format", "json")
    shuffled = tmp_path / "shuffled.json"
    shuffled.write_text(json.dumps(_shuffled(json.loads(seen.read_text()), random.Random(7))))
    elsewhere = Fleet(tmp_path / "elsewhere", {})
    names = sorted(path.name for path in installed.folder.iterdir())
    elsewhere.has({name: (installed.folder / name).read_text() for name in reversed(names)})

    plans = {
        envctl(
            "plan", "--source", elsewhere.folder, "--observed", shuffled, "--format", "json"
        ).out.encode(),
        *(
            _plan_in_a_process(seed, "--source", installed.folder, "--observed", shuffled)
            for seed in ("0", "1")
        ),
        planned.out.encode(),
    }

    assert planned.code == 2
    assert len(plans) == 1


@pytest.mark.slow
def test_an_approval_the_revision_and_the_clock_are_no_part_of_the_digest(
    installed: Fleet, tmp_path: Path
) -> None:
    installed.apply()
    installed.has({"search.yaml": service("Search", 40000, description="finds things")})
    first = installed.plan("--format", "json").json
    installed.has({"notes.yaml": "# a comment alone\n" + service("Search2", 40002)})
    installed.has({"notes.yaml": None})
    moved = Fleet(tmp_path / "moved", {}).has(
        {
            "teams.yaml": (installed.folder / "teams.yaml").read_text(),
            "search.yaml": "# a comment\n" + (installed.folder / "search.yaml").read_text(),
        }
    )

    second = moved.plan("--format", "json", "--approve", "maxDeletes@000000").json

    assert first["revision"] != second["revision"]
    assert first["digest"] == second["digest"]
