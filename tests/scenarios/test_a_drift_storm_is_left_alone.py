"""Two writers fight over one object: after three flips within half an hour it is left alone, told once; the others go on.

Covers: engine.state.drift_history.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from tests.support.fleet_yaml import environment
from tests.support.live_accounts import SCOPE, LiveEstate, live_changes, live_scopes


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    with mock_aws():
        made = LiveEstate(tmp_path / "fleet")
        made.has({"c50.yaml": environment("c50"), "c51.yaml": environment("c51")})
        made.applied()
        yield made


def meddle(estate: LiveEstate, name: str) -> None:
    ssm = estate.client("ssm")
    value = json.loads(ssm.get_parameter(Name=f"/owners/{name}")["Parameter"]["Value"])
    meddled = json.dumps({**value, "owner": "somebody"})
    ssm.put_parameter(Name=f"/owners/{name}", Value=meddled, Overwrite=True)


def test_three_flips_and_it_is_left_alone(estate: LiveEstate) -> None:
    for _ in range(3):
        meddle(estate, "c50")
        report = estate.applied()
        assert [one.change.ref.key for one in report.outcomes] == [f"{SCOPE}/c50"]
        estate.clock.sleep(300)
    meddle(estate, "c50")
    meddle(estate, "c51")

    (scope,) = live_scopes(estate.planned())
    report = estate.applied()
    again = estate.applied()

    assert [one.ref.key for one in scope.changes] == [f"{SCOPE}/c51"]
    (note,) = [note for note in scope.notes if note.category == "blocked"]
    assert note.ref.key == f"{SCOPE}/c50"
    assert "changed back and forth 3 times within 30 minutes: left alone until" in note.text
    assert note.text.endswith("writers: envctl and somebody outside envctl")
    assert [one.change.ref.key for one in report.outcomes] == [f"{SCOPE}/c51"]
    assert again.outcomes == ()
    assert len(estate.told("drift.storm")) == 1
    assert estate.statuses()[SCOPE].blocked == 1
    estate.clock.sleep(1800)
    assert [one.ref.key for one in live_changes(estate.planned())] == [f"{SCOPE}/c50"]


def test_what_people_commit_is_no_flip(estate: LiveEstate) -> None:
    for owner in ("Search", "Tango", "Search", "Tango", "Search"):
        estate.has({"c50.yaml": environment("c50", owner)})
        report = estate.applied()
        assert {one.change.target for one in report.outcomes} == {"tables", "owners"}
