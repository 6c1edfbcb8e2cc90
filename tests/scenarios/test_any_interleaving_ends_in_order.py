"""Whatever two who apply, one who overrides and others do, in whatever order, one more run ends it in order."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from controller.engine.queries.audit import verify_installation
from controller.engine.state.open_records import OPEN_PREFIX, open_records_of_row
from controller.errors import ExitCode
from tests.support.live_accounts import LiveEstate
from tests.support.random_walk import RandomWalk
from tests.support.request_faults import RequestFaults, request_faults
from tests.support.switched_off_fences import FENCES, Fence
from tests.support.true_answers import owner_parameters
from tests.support.walked_estate import (
    ACCOUNTS,
    SCOPES,
    TURN_S,
    next_turn_of_schedules,
    walked_estate,
)
from tests.support.walked_fleet import USUAL, WalkedFleet, account_of

ALL_IS_OVER_S = 2400
"""By then leases, overrides and storms have ended."""
WALKS, STEPS = 4, 30
"""After so many walks of so many steps a fence that is missing has been noticed."""


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    with walked_estate(tmp_path / "fleet") as made:
        yield made


@pytest.fixture
def faults() -> Iterator[RequestFaults]:
    with request_faults() as made:
        yield made


def walked(estate: LiveEstate, faults: RequestFaults, seed: int, steps: int) -> None:
    """Walk, and see whether all answers were true and all ends in order; what was done is printed with the seed."""
    walk = RandomWalk(estate, estate.folder.parent, faults, seed)
    try:
        for _ in range(steps):
            walk.step()
            assert walk.untrue == []
        faults.clear()
        estate.clock.sleep(ALL_IS_OVER_S)
        # Nothing turns while it is looked at.
        estate.clock.now = next_turn_of_schedules(estate.clock.now) + timedelta(minutes=1)
        ends_in_order(walk)
    finally:
        sys.stdout.write("\n".join([f"seed {seed}", *walk.story, *walk.untrue]))


def ends_in_order(walk: RandomWalk) -> None:
    """Let one more run of the live scopes follow the tables, and one of everything what was merged last."""
    estate = walk.estate
    estate.applied(*SCOPES.values(), worker="carol")
    assert {
        name: value["owner"] for name, value in owner_parameters(estate).items()
    } == walk.wanted_owners()

    fleet = walk.last_merged()
    estate.has(fleet.files())
    done = estate.applied(worker="carol")
    assert done.exit_code is ExitCode.DONE
    assert estate.planned().plan.to_apply == ()
    assert walk.wanted_owners() == fleet.environments
    groups_are_in_order(estate, fleet)
    report = verify_installation(estate.installation, replay=True)
    assert report.intact, report
    rows = estate.rows().items()
    open_rows = [row for name, row in rows if name.startswith(OPEN_PREFIX)]
    assert [row for row in open_rows if open_records_of_row(row)] == []


def groups_are_in_order(estate: LiveEstate, fleet: WalkedFleet) -> None:
    """Each environment has its group, whose owner is that of its map, and whose instance its schedule switches.

    While it is off its sizes are left to power; one that was made then has no instance yet.
    """
    starts = int(estate.clock.now.timestamp()) // TURN_S % 2 == 0
    found, wanted = {}, {}
    for account in ACCOUNTS:
        groups = estate.client("autoscaling", account).describe_auto_scaling_groups()
        reservations = estate.client("ec2", account).describe_instances()["Reservations"]
        states = {
            instance["InstanceId"]: instance["State"]["Name"]
            for reservation in reservations
            for instance in reservation["Instances"]
        }
        for group in groups["AutoScalingGroups"]:
            tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
            instances = [states[one["InstanceId"]] for one in group["Instances"]]
            stands = [f"{state} of {group['MaxSize']}" for state in instances]
            off = all(state == "stopped" for state in instances)
            shown = ["off"] if off else stands
            found[group["AutoScalingGroupName"]] = (account, tags["OwningCluster"], *shown)
    for name in fleet.environments:
        schedule = fleet.schedules.get(name, USUAL)
        runs = starts if schedule == USUAL else schedule == "on"
        how = "running of 2" if runs else "off"
        wanted[f"{name}-ta-Web"] = account_of(name), "Tango", how
    assert found == wanted


@pytest.mark.slow
def test_a_short_walk_ends_in_order(estate: LiveEstate, faults: RequestFaults) -> None:
    walked(estate, faults, seed=1, steps=12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 5))
def test_long_walks_end_in_order(estate: LiveEstate, faults: RequestFaults, seed: int) -> None:
    walked(estate, faults, seed, steps=30)


def without_fence(folder: Path, faults: RequestFaults, fence: Fence) -> list[str]:
    """Walk until something untrue is told that the fence would have kept away; return it."""
    for seed in range(1, WALKS + 1):
        made = folder / f"walk-{seed}"
        made.mkdir()
        with walked_estate(made / "fleet") as estate:
            walk = RandomWalk(
                estate, made, faults, seed, troubles=(fence.trouble,), where=(fence.where,)
            )
            for _ in range(STEPS):
                walk.step()
                if any(fence.told in said for said in walk.untrue):
                    sys.stdout.write("\n".join([f"seed {seed}", *walk.story, *walk.untrue]))
                    return walk.untrue
        faults.clear()
    return []


@pytest.mark.slow
@pytest.mark.parametrize("fence", FENCES, ids=lambda fence: fence.name)
def test_a_walk_fails_without_a_fence(
    tmp_path: Path, faults: RequestFaults, monkeypatch: pytest.MonkeyPatch, fence: Fence
) -> None:
    fence.switch_off(monkeypatch)
    found = without_fence(tmp_path, faults, fence)
    assert found, f"{WALKS} walks without {fence.name} told nothing untrue"
