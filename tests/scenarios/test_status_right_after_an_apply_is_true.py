"""What a run did to groups is in the status it leaves: counted where it looked again, and else said beside the older figure."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.engine.live import finding
from controller.engine.live.planner import LivePlanOptions
from controller.engine.power.fleet import accepted_now
from controller.engine.queries.status.read import read_status, with_look
from controller.views.status_text import status_answer
from tests.support.fleet_yaml import environment
from tests.support.live_accounts import LiveEstate
from tests.support.reconcilers import asked
from tests.support.walked_estate import SCOPES, walked_estate

SCOPE = SCOPES["staging-eu"]
pytestmark = pytest.mark.slow


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    """Two environments, one of them on by its schedule."""
    with walked_estate(tmp_path / "fleet") as made:
        made.has({"c50.yaml": environment("c50", more=', schedule: "on"')})
        yield made


def power_line(estate: LiveEstate, *, look: bool = False) -> str:
    accounts = estate.live()
    read = read_status(accounts.installation, accounts, None, estate.clock.now)
    view = with_look(read, accounts) if look else read.view
    lines = str(status_answer(view).text()).splitlines()
    return next(line.partition("instances: ")[2] for line in lines if line.startswith("Power"))


def follow(estate: LiveEstate) -> None:
    """Do what a daemon does once it is told that something else was accepted: it waits for nothing."""
    accounts, now = estate.live(), estate.clock.now
    accepted = accepted_now(accounts.installation, now, accounts).accepted
    request = asked(SCOPE, worker="worker-a", wait=False)
    estate.reconciler(accounts).follow(accepted, (SCOPE,), LivePlanOptions(now=now), request, "run")


def test_what_an_apply_launched_is_counted_when_it_ends(
    estate: LiveEstate, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate.applied()

    assert power_line(estate).startswith("1 on, 0 off")
    assert "changed" not in power_line(estate)
    assert power_line(estate, look=True) == "1 on, 0 off"

    two = ", roles: {Web: {autoScalingSettings: {minCapacity: 2, desiredCapacity: 2}}}"
    estate.has({"c50.yaml": environment("c50", more=f', schedule: "on"{two}')})
    estate.applied()

    assert power_line(estate).startswith("2 on, 0 off")
    seen = estate.statuses()[SCOPE].seen
    assert seen is not None
    assert seen.environments == {"c50": (2, 2)}

    monkeypatch.setattr(finding, "MOST_TEXT", len("c5"))
    estate.applied()

    seen = estate.statuses()[SCOPE].seen
    assert seen is not None
    assert (seen.environments, seen.instances_on) == ({}, 2), "a row has room for so many names"


def test_what_a_daemon_has_just_changed_is_said_until_it_has_looked_again(
    estate: LiveEstate,
) -> None:
    estate.applied("config")

    follow(estate)
    estate.clock.sleep(5)
    assert power_line(estate) == (
        "0 on, 0 off (seen 5 s ago); 1 group changed 5 s ago, whose instances are on their way"
    )

    follow(estate)
    assert power_line(estate) == "1 on, 0 off"
