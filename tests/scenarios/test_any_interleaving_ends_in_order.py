"""Whatever two who apply, one who overrides and others do, in whatever order, one more run ends it in order."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from controller.engine.queries.audit import verify_installation
from controller.engine.state.open_records import OPEN_PREFIX, open_records_of_row
from controller.errors import ExitCode
from tests.support.live_accounts import SCOPE, LiveEstate
from tests.support.random_walk import SETTINGS, RandomWalk
from tests.support.request_faults import RequestFaults, request_faults
from tests.support.true_answers import owner_parameters

ALL_IS_OVER_S = 2400
"""By then leases, overrides and storms have ended."""


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    with mock_aws():
        made = LiveEstate(tmp_path / "fleet", settings_text=SETTINGS)
        made.connected()
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
        ends_in_order(walk)
    finally:
        sys.stdout.write("\n".join([f"seed {seed}", *walk.story]))


def ends_in_order(walk: RandomWalk) -> None:
    """Let one more run of the live scope follow the tables, and one of everything what was merged last."""
    estate = walk.estate
    estate.applied(SCOPE, worker="carol")
    assert {
        name: value["owner"] for name, value in owner_parameters(estate).items()
    } == walk.wanted_owners()

    fleet = walk.last_merged()
    estate.has(fleet.files())
    done = estate.applied(worker="carol")
    assert done.exit_code is ExitCode.DONE
    assert estate.planned().plan.to_apply == ()
    assert walk.wanted_owners() == fleet.environments
    report = verify_installation(estate.installation, replay=True)
    assert report.intact, report
    rows = estate.rows().items()
    open_rows = [row for name, row in rows if name.startswith(OPEN_PREFIX)]
    assert [row for row in open_rows if open_records_of_row(row)] == []


def test_a_short_walk_ends_in_order(estate: LiveEstate, faults: RequestFaults) -> None:
    walked(estate, faults, seed=1, steps=12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7))
def test_long_walks_end_in_order(estate: LiveEstate, faults: RequestFaults, seed: int) -> None:
    walked(estate, faults, seed, steps=15)
