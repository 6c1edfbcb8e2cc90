"""A build server plans from a file that anybody may have changed: it is told what is wrong, never that the program is.

Covers: engine.config.observe.
"""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Fleet, service

Json = Any
PLACES = tuple[Any, ...]
MUTATIONS = 500
ODD: tuple[Json, ...] = (
    None, True, 0, -1, 10**18, 1.5, "", "x", "\x00", "\u202e", "a/b", "9" * 400, "2026-01-01T00:00:00Z", "2026-01-01",
    [], [1], [[]], [None], {}, {"a": 1}, {"": None},
)  # fmt: skip


@pytest.fixture
def seen(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Json:
    """What a look at an estate with overrides left, where no AWS is to be had any more."""
    installed.apply()
    installed.has({"search.yaml": service("Search", 40000, description="finds")})
    installed.plan("--save-observed", tmp_path / "seen.json")
    found = json.loads((tmp_path / "seen.json").read_bytes())
    override = {
        "Reason": "load", "Actor": "ada", "Since": "2026-11-24T12:00:00.000Z", "UntilGit": False, "BaseDigest": "",
    }  # fmt: skip
    (scope,) = found["scopes"]
    scope["facts"]["overrides"] = [
        {**override, "Id": "override#o1", "Ref": "Service/Search", "Path": "description", "Value": '"x"'},
        {**override, "Id": "override#o2", "Ref": "Cluster/Tango", "Until": "2036-11-24T12:00:00.000Z"},
    ]  # fmt: skip
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    return found


def places(value: Json, so_far: PLACES = ()) -> Iterator[PLACES]:
    """Yield the way to everything inside a value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield (*so_far, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*so_far, key))


def mutated(value: Json, chance: random.Random) -> Json:
    """Return a value with one to three places otherwise, gone, there twice, or under another name."""
    value = copy.deepcopy(value)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        *way, last = chance.choice(list(places(value)))
        holder = value
        for step in way:
            holder = holder[step]
        match chance.choice(["odd", "odd", "odd", "gone", "again"]):
            case "gone":
                del holder[last]
            case "again" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[last]))
            case "again":
                holder[f"{last}x"] = holder.pop(last)
            case _:
                holder[last] = chance.choice(ODD)
        if not value:
            break
    return value


@pytest.mark.slow
def test_no_mutation_is_a_bug_of_ours(seen: Json, installed: Fleet, tmp_path: Path) -> None:
    chance = random.Random(9)
    file = tmp_path / "seen.json"
    facts = seen["scopes"][0]["facts"]
    told = set()
    for number in range(MUTATIONS):
        wrong = mutated(seen, chance)
        if number % 2:
            wrong = copy.deepcopy(seen)
            wrong["scopes"][0]["facts"] = mutated(facts, chance)
        file.write_text(json.dumps(wrong))
        planned = installed.plan("--observed", file)
        told.add(int(planned.code))
        assert planned.code != 70, planned.err + file.read_text()
    assert told >= {2, 7, 64}, "some were plans, some damaged rows, some no observed state"


@pytest.mark.parametrize(
    ("damage", "code", "words"),
    [
        ({"Since": "yesterday"}, 7, "row 'override#o1' of EnvctlState is damaged: its Since"),
        ({"Path": {"a": 1}}, 7, "row 'override#o1' of EnvctlState is damaged: its Path"),
        ({"Id": None}, 7, "row 'None' of EnvctlState is damaged: its Id"),
    ],
)
def test_a_damaged_override_is_told_and_nothing_is_planned(
    seen: Json, installed: Fleet, tmp_path: Path, damage: Json, code: int, words: str
) -> None:
    """What it held back must not be let go because somebody else damaged its row."""
    seen["scopes"][0]["facts"]["overrides"][0].update(damage)
    (tmp_path / "seen.json").write_text(json.dumps(seen))

    planned = installed.plan("--observed", tmp_path / "seen.json")

    assert (planned.code, planned.out) == (code, "")
    assert words in planned.err
    assert "takes it away; then make the override again" in planned.err


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"facts": []}, "$.scopes[0].facts: expected an object"),
        ({"facts": {"overrides": {}}}, "$.scopes[0].facts.overrides: expected a list"),
        ({"facts": {"acceptedRevision": 1}}, "expected text"),
    ],
)
def test_what_is_no_observed_state_is_refused_at_its_place(
    seen: Json, installed: Fleet, tmp_path: Path, changed: Json, words: str
) -> None:
    seen["scopes"][0].update(changed)
    (tmp_path / "seen.json").write_text(json.dumps(seen))
    planned = installed.plan("--observed", tmp_path / "seen.json")
    assert (planned.code, words in planned.err) == (64, True)


def test_items_are_by_table(seen: Json, installed: Fleet, tmp_path: Path) -> None:
    seen["scopes"][0]["objects"][0]["attributes"] = {"InfraConfigClusters": 5}
    (tmp_path / "seen.json").write_text(json.dumps(seen))
    planned = installed.plan("--observed", tmp_path / "seen.json")
    assert planned.code == 64
    place = "$.scopes[0].objects[0].attributes.InfraConfigClusters"
    assert f"{place}: expected an object, found 5" in planned.err
