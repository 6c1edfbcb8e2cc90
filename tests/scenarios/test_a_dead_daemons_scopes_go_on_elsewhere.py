"""Of three daemons, processes with one queue, one is killed and one stands still in the middle of a stop: the third does it all."""

import signal
import time
import uuid
from pathlib import Path

import pytest

from controller.engine.queries.audit import verify_installation
from controller.events import WorkFailed
from tests.support.daemon_processes import DaemonProcess
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import PowerEstate
from tests.support.work_queues import make_queue

HOLD_S = 65
"""A little longer than a lease: who takes the work has the scope at once."""


@pytest.mark.slow
def test_killed_or_stopped_its_scopes_are_done_within_the_time_it_held_them(
    sandbox: AwsForTests, tmp_path: Path
) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet")
    groups = {"staging-eu": "c50-ta-Web", "test-eu": "t1-ta-Web"}
    for account, group in groups.items():
        estate.group(group, account)
    settings = {
        "source": {"folder": str(estate.folder)},
        "intervals": {"reconcileSeconds": 5, "scheduleSeconds": 5},
        "targets": {"power": "enforce"},
        "power": {"graceSeconds": 0},
        "daemon": {"workers": 1},
        "queue": {"sqs": make_queue(estate.aws.client("sqs"), uuid.uuid4().hex)},
    }

    def daemon(name: str, do: str = "") -> DaemonProcess:
        faults = [{"operation": "StopInstances", "do": do}] if do else []
        return DaemonProcess(tmp_path, settings, name, HOLD_S, faults)

    def all_stopped() -> bool:
        return all(
            set(estate.states(account).values()) == {"stopped"}
            and estate.lifecycles(group, account) == ["Standby"] * 3
            for account, group in groups.items()
        )

    def nobody_works() -> bool:
        rows = estate.rows()
        return not any(rows[f"head#{account}/eu-west-1"].get("Owner") for account in groups)

    def records() -> list[str]:
        scopes = [f"{account}/eu-west-1" for account in groups]
        return [record.audit_id for scope in scopes for record in estate.records(scope)]

    with daemon("a", "kill") as killed, daemon("b", "stop") as stopped:
        killed.started()
        stopped.started()
        for name, account in (("c50", "staging-eu"), ("t1", "test-eu")):
            estate.environment(name, account, schedule='"off"')
        stopped.until(lambda: killed.was_killed() and stopped.stands_still())
        began = time.monotonic()
        assert not all_stopped()

        with daemon("c") as third:
            third.until(all_stopped, HOLD_S + 40)
            assert time.monotonic() - began < HOLD_S + 20
            third.until(nobody_works)
            known = records()

            stopped.go_on()
            stopped.until(lambda: stopped.events(WorkFailed.name))
            time.sleep(2)

            assert records() == known
            assert all_stopped()
            for one in (stopped, third):
                code, said = one.ended(signal.SIGTERM)
                assert code == 0, said
                assert "Traceback" not in said
    report = verify_installation(estate.installation, replay=True)
    assert report.intact, report
