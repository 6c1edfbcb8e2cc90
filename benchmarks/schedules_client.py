"""The process that is measured: power does what is due in the accounts the environment's variables lead to.

    python -m benchmarks.schedules_client OFFSET_SECONDS [--bare N] [--clock-alone]

Prints one line of JSON. ``--bare N`` reads everything N times with nothing but boto3, and N times more with nothing to do.
With ``--clock-alone`` pauses pass by the clock alone: nothing is waited for.
"""

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.gc_tuning import NEVER, relaxed_gc

# As envctl imports what a command needs: what is imported stays.
with relaxed_gc(NEVER):
    from benchmarks.call_counts import by_operation
    from benchmarks.memory import status_kb
    from benchmarks.schedules_fleet import installation
    from controller.engine.commit.lease import Claim
    from controller.engine.config.observe import observe_config
    from controller.engine.live.accounts import LiveAccounts
    from controller.engine.reconcile.tick import PowerRun
    from controller.model.accepted import AcceptedState
    from controller.model.ledger_record import Requester
    from controller.targets.power import TARGET

    gc.freeze()

PAGES = (
    ("autoscaling", "describe_auto_scaling_groups", {"MaxRecords": 100}),
    ("ec2", "describe_instances", {"MaxResults": 1000}),
)


def main() -> None:
    """Do it, and say what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("offset", type=float)
    parser.add_argument("--bare", type=int, default=0)
    parser.add_argument("--clock-alone", action="store_true")
    options = parser.parse_args()
    offset = timedelta(seconds=options.offset)

    def clock() -> datetime:
        return datetime.now(UTC) + offset

    def pass_by(seconds: float) -> None:
        nonlocal offset
        offset += timedelta(seconds=seconds)

    sleep = pass_by if options.clock_alone else time.sleep
    accounts = LiveAccounts(installation(clock, sleep), (TARGET,))
    tables = observe_config(accounts.installation)
    accepted = accounts.accepted(tables.scopes[0], clock(), tables.overrides)
    ready_s = time.process_time()
    if options.bare:
        said = _nothing_to_do(accounts, accepted, clock, options.bare)
    else:
        said = _tick(accounts, accepted, clock)
    # Not the kernel's figure of the process: that counts the memory of the one that began it.
    print(json.dumps({**said, "readyS": ready_s, "peakMb": status_kb("VmHWM") / 1024}))
    # As envctl ends.
    gc.freeze()


def _tick(
    accounts: LiveAccounts, accepted: AcceptedState, clock: Callable[[], datetime]
) -> dict[str, Any]:
    began, cpu = time.monotonic(), time.process_time()
    run = PowerRun(accounts, Claim("benchmark", take_over=True), Requester("benchmark", "schedule"))
    run.watch(accepted, clock())
    done = run.tick(accepted, clock())
    assert done is not None
    calls = by_operation(accounts.installation.master.aws.counter)
    return {
        "records": [
            len({one for outcome in scope.outcomes for one in outcome.audit_ids})
            for scope in done.outcomes
        ],
        "transactions": calls.get("dynamodb.TransactWriteItems", 0),
        "changes": len(done.plan.changes),
        "failed": [
            str(outcome.message)
            for scope in done.outcomes
            for outcome in scope.outcomes
            if outcome.message
        ][:3],
        "exitCodes": [scope.exit_code for scope in done.outcomes],
        "reasons": [scope.reason for scope in done.plan.scopes if scope.reason],
        "refused": [violation.message for violation in done.plan.refused],
        "tickCpuS": time.process_time() - cpu,
        "tickS": time.monotonic() - began,
        "again": run.tick(accepted, clock()) is not None,
    }


def _nothing_to_do(
    accounts: LiveAccounts, accepted: AcceptedState, clock: Callable[[], datetime], rounds: int
) -> dict[str, Any]:
    """Let both take turns, so that a busy machine hits both alike; each with its credentials at hand."""
    _tick(accounts, accepted, clock)
    bare, ours, calls = [], [], []
    for _ in range(rounds):
        before = time.process_time()
        _bare_read(accounts)
        bare.append(time.process_time() - before)
        counter = accounts.installation.master.aws.counter
        counter.clear()
        ours.append(_tick(accounts, accepted, clock)["tickCpuS"])
        calls.append(by_operation(counter))
    return {"bareS": statistics.median(bare), "oursS": statistics.median(ours), "calls": calls[-1]}


def _bare_read(accounts: LiveAccounts) -> int:
    found = 0
    aws = accounts.installation.master.aws
    for account in sorted(aws._known):  # noqa: SLF001 - the accounts that the ticks made known
        for service, method, request in PAGES:
            token: str | None = None
            while True:
                more = {"NextToken": token} if token else {}
                answer = getattr(aws.client(service, account), method)(**request, **more)
                found += len(answer.get("Reservations", answer.get("AutoScalingGroups", ())))
                token = answer.get("NextToken")
                if not token:
                    break
    return found


if __name__ == "__main__":
    main()
