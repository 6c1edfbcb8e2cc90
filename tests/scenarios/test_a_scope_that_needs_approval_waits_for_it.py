"""Of scopes that the settings name the daemon applies no edit, until exactly that was approved by a file that a listed key signed.

Covers: engine.installation.signed_approvals.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from controller.model.observed import ScopeState
from controller.model.work import Job
from controller.planning.approvals import SIGNED_FOR
from controller.sources.git import GitSource
from controller.sources.location import GitLocation
from tests.support.daemons import DaemonByHand
from tests.support.fleet_yaml import environment
from tests.support.git_repository import Repository
from tests.support.live_accounts import SCOPE, LiveEstate
from tests.support.ssh_signing import SigningKey

pytestmark = pytest.mark.slow

FREE = "targets: {others: {owners: enforce}}\n"


class Desk:
    """A fleet whose every scope needs approval, the daemon that follows its branch, and who signs."""

    def __init__(self, folder: Path) -> None:
        self.ada = SigningKey.of("ada", folder / "keys")
        self.mallory = SigningKey.of("ada", folder / "others")
        self.place = folder / "approvals"
        self.repository = Repository.at(folder / "fleet")
        self.estate = LiveEstate(self.repository.folder, settings_text=FREE)
        self.repository.commit({"c50.yaml": environment("c50")})
        self.daemon = self._started()
        for _ in range(3):
            self.pass_by()
        self.estate.settings_text = FREE + (
            'guards: {approvalFor: ["*"]}\n'
            f'approvals: {{signed: "{self.place}", signers: ["{self.ada.listed}"]}}\n'
        )
        self.daemon = self._started()

    def _started(self) -> DaemonByHand:
        location = GitLocation(self.repository.url, "main", "")
        source = GitSource(location, self.repository.folder.parent / "cache")
        return DaemonByHand(self.estate.live(), source)

    def pass_by(self) -> None:
        """Let a minute pass, and every scope have its turn: the clock stays near that of AWS."""
        self.estate.clock.sleep(60)
        now = self.estate.clock.now
        for job, scope in ((Job.RECONCILE, "config"), (Job.LOOK, SCOPE)):
            self.daemon.jobs.put(job, scope, now.isoformat(), now)
        self.daemon.tick_and_work()

    def approves(self, key: SigningKey, *scopes: str) -> None:
        """Let somebody sign what would approve what is refused in these scopes now."""
        refused = [one for one in self.estate.planned(*scopes).plan.refused if one.scope in scopes]
        tokens = "\n".join(one.token for one in refused)
        text = f"revision {self.repository.head}\n{tokens}\n".encode()
        self.place.write_bytes(text)
        self.place.with_suffix(".sig").write_bytes(key.sign(text, SIGNED_FOR))

    def owner(self) -> str:
        found = self.estate.client("ssm").get_parameters_by_path(Path="/owners")["Parameters"]
        return str(json.loads(found[0]["Value"])["owner"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with mock_aws():
        yield Desk(tmp_path)


def test_each_scope_waits_for_exactly_its_approval_and_says_whose_it_was(desk: Desk) -> None:
    assert desk.owner() == "Tango"
    desk.repository.commit({"c50.yaml": environment("c50", owner="Search")})

    desk.pass_by()
    assert desk.estate.statuses()["config"].state is ScopeState.REFUSED
    desk.approves(desk.mallory, "config")
    desk.pass_by()
    assert desk.estate.statuses()["config"].state is ScopeState.REFUSED, "another key of that name"

    desk.approves(desk.ada, "config")
    desk.pass_by()
    assert desk.estate.statuses()["config"].state is ScopeState.OK
    assert desk.estate.records("config")[-1].actor.approvals[0].by == "a file signed by ada"
    desk.pass_by()
    assert desk.estate.statuses()[SCOPE].state is ScopeState.REFUSED
    assert desk.owner() == "Tango", "the account is a scope of its own"

    desk.approves(desk.ada, SCOPE)
    desk.pass_by()
    desk.pass_by()
    assert desk.owner() == "Search"


def test_a_signed_approval_of_one_commit_approves_nothing_of_the_next(desk: Desk) -> None:
    desk.repository.commit({"c50.yaml": environment("c50", owner="Search")})
    desk.approves(desk.ada, "config")
    desk.repository.commit({"note.txt": ""})

    desk.pass_by()

    assert desk.estate.statuses()["config"].state is ScopeState.REFUSED
