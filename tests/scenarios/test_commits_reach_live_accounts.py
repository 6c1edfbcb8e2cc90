"""What a commit says reaches live accounts too: its approvals, and that it is the one they stand at.

Covers: engine.live.accounts, engine.live.planner, engine.reconcile.combined_plan, engine.reconcile.reconciler.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from moto import mock_aws

from controller.engine.commit.lease import Claim
from controller.engine.live.accounts import LiveAccounts
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.ports import SourceTree
from controller.sources.folder import FolderSource
from tests.support.fleet_yaml import environment
from tests.support.live_accounts import SCOPE, LiveEstate, live_scopes
from tests.support.reconcilers import asked, reconciler

FLEET = {f"e{n}.yaml": environment(f"e{n}") for n in range(3)}
MERGER = "Merge Bot <merge@acme.example>"
SETTINGS = f"""
targets: {{others: {{owners: enforce}}}}
guards: {{smallMaxDeletes: 0}}
approvals: {{inCommits: merged, committers: [{MERGER}]}}
"""


class Committed(FolderSource):
    """A folder whose last commit had a message."""

    message = ""

    def fetch(self) -> SourceTree:
        """Return the folder as of that commit."""
        tree = super().fetch()
        return replace(
            tree, revision=replace(tree.revision, message=self.message, committer=MERGER)
        )


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    with mock_aws():
        made = LiveEstate(tmp_path / "fleet", settings_text=SETTINGS).has(FLEET)
        made.applied()
        yield made


CLAIM = Claim("worker-a")


def planned(estate: LiveEstate, message: str, live: LiveAccounts | None = None) -> CombinedPlan:
    source = Committed(estate.folder)
    source.message = message
    accounts = live or estate.live()
    return reconciler(source, accounts, lambda: estate.clock.now).plan(asked())


def test_an_approval_in_the_commit_counts_in_live_scopes_and_for_nothing_else(
    estate: LiveEstate,
) -> None:
    estate.has({"e0.yaml": None})
    of_config = [one.token for one in planned(estate, "e0 goes").plan.refused]
    approved = f"e0 goes (#7)\n\nEnvctl-Approve: {' '.join(of_config)}"
    refused = planned(estate, approved).plan.refused
    assert {one.scope for one in refused} == {SCOPE}
    of_scope = [one.token for one in refused]

    both = planned(estate, f"{approved} {' '.join(of_scope)}")

    assert both.plan.refused == ()
    assert all(one.overridden for one in live_scopes(both)[0].violations)
    accounts = estate.live()
    applied = planned(estate, f"{approved} {' '.join(of_scope)}", accounts)
    estate.reconciler(accounts).apply(applied, asked())
    assert {name: (one.state, one.reason) for name, one in estate.statuses().items()} == {
        "config": ("ok", ""),
        SCOPE: ("ok", ""),
    }, "what was approved is no reason any more"
    estate.has({"e1.yaml": None})
    assert planned(estate, f"{approved} {' '.join(of_scope)}").exit_code == 3


def test_a_run_of_live_accounts_alone_stands_at_the_revision_the_tables_hold(
    estate: LiveEstate,
) -> None:
    before = estate.statuses()
    assert before[SCOPE].revision == before["config"].revision != ""
    estate.has({"e1.yaml": environment("e1", owner="Search")})
    estate.applied("config")
    accepted = estate.statuses()["config"].revision
    assert accepted != before["config"].revision
    assert estate.statuses()[SCOPE].revision == before[SCOPE].revision

    # Whatever the source holds by now, the tables have not accepted it.
    estate.has({"e2.yaml": environment("e2", owner="Search")})
    estate.applied(SCOPE)

    assert estate.statuses()[SCOPE].revision == accepted
    assert estate.records()[-1].actor.commit == accepted
