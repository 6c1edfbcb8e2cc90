"""Of three daemons, processes with one queue, one is killed and one stands still in the middle of a stop: the third does it all."""

import signal
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.engine.queries.audit import verify_installation
from controller.events import WorkFailed
from tests.support.clock import Clock
from tests.support.daemon_processes import DaemonProcess
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import PowerEstate
from tests.support.work_queues import make_queue

HOLD_S = 65
"""A little longer than a lease: who takes the work has the scope at once."""


GROUPS = {"staging-eu": "c50-ta-Web", "test-eu": "t1-ta-Web"}


class Fleet:
    """A group in each of two accounts, and the daemons that keep them."""

    def __init__(self, sandbox: AwsForTests, folder: Path) -> None:
        self.folder, self.estate = (
            folder,
            PowerEstate(sandbox, folder / "fleet", clock=Clock(datetime.now(UTC))),
        )
        for account, group in GROUPS.items():
            self.estate.group(group, account)
        self.settings = {
            "source": {"folder": str(self.estate.folder)},
            "intervals": {"reconcileSeconds": 5, "scheduleSeconds": 5},
            "targets": {"power": "enforce"},
            "power": {"graceSeconds": 0},
            "daemon": {"workers": 1},
            "queue": {"sqs": make_queue(sandbox.client("sqs"), uuid.uuid4().hex)},
        }

    def daemon(self, name: str, do: str = "") -> DaemonProcess:
        """Start a daemon; what it does before it stops instances may be given."""
        faults = [{"operation": "StopInstances", "do": do}] if do else []
        return DaemonProcess(self.folder, self.settings, name, HOLD_S, faults)

    def is_stopped(self) -> bool:
        """Tell whether all instances are parked and stopped."""
        return all(
            set(self.estate.states(account).values()) == {"stopped"}
            and self.estate.lifecycles(group, account) == ["Standby"] * 3
            for account, group in GROUPS.items()
        )

    def is_idle(self) -> bool:
        """Tell whether nobody works on the accounts."""
        rows = self.estate.rows()
        return not any(rows[f"head#{account}/eu-west-1"].get("Owner") for account in GROUPS)

    def records(self) -> list[str]:
        """Return the ids of the accounts' records."""
        scopes = [f"{account}/eu-west-1" for account in GROUPS]
        return [record.audit_id for scope in scopes for record in self.estate.records(scope)]


@pytest.mark.slow
def test_killed_or_stopped_its_scopes_are_done_within_the_time_it_held_them(
    sandbox: AwsForTests, tmp_path: Path
) -> None:
    fleet = Fleet(sandbox, tmp_path)
    with fleet.daemon("a", "kill") as killed, fleet.daemon("b", "stop") as stopped:
        killed.started()
        stopped.started()
        for name, account in (("c50", "staging-eu"), ("t1", "test-eu")):
            fleet.estate.environment(name, account, schedule='"off"')
        stopped.until(lambda: killed.was_killed() and stopped.stands_still())
        began = time.monotonic()
        assert not fleet.is_stopped()

        with fleet.daemon("c") as third:
            third.until(fleet.is_stopped, HOLD_S + 40)
            assert time.monotonic() - began < HOLD_S + 20
            third.until(fleet.is_idle)
            known = fleet.records()

            stopped.go_on()
            stopped.until(lambda: stopped.events(WorkFailed.name))
            time.sleep(2)

            assert fleet.records() == known
            assert fleet.is_stopped()
            for one in (stopped, third):
                code, said = one.ended(signal.SIGTERM)
                assert code == 0, said
                assert "Traceback" not in said
    report = verify_installation(fleet.estate.installation, replay=True)
    assert report.intact, report
