"""Whoever merged hears on the merged request what became of it: applied, with its transaction and the accounts that follow, or why not.

Covers: engine.notifications.merge_answer, engine.notifications.notifier, engine.state.outcome_rows.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from controller.engine.notifications.merge_answer import answer_of
from controller.engine.state.notification_rows import SINK_PREFIX
from controller.engine.state.outcome_rows import OutcomeKind, RevisionOutcome, write_outcome
from controller.sources.git import GitSource
from controller.sources.location import GitLocation
from tests.support.code_host import CodeHostStandIn, code_host
from tests.support.command_line import use_settings
from tests.support.daemons import DaemonByHand
from tests.support.fleet_yaml import environment
from tests.support.git_repository import Repository
from tests.support.live_accounts import SCOPE, LiveEstate
from tests.support.told import Told

pytestmark = pytest.mark.slow

SETTINGS = """targets: {{others: {{owners: enforce}}}}
guards: {{smallMaxDeletes: 0}}
notify: {{codeHost: {{kind: github, repository: acme/fleet, token: "env://TOKEN", api: "{api}"}}}}
"""


class Branch:
    """A repository whose merges the code host knows, and the daemon that follows it."""

    def __init__(self, folder: Path, host: CodeHostStandIn) -> None:
        self.host, self.repository = host, Repository.at(folder / "fleet")
        self.estate = LiveEstate(
            self.repository.folder,
            settings_text=SETTINGS.format(api=host.url),
            environment={"TOKEN": "t0k3n-of-the-code-host"},
        )
        self.repository.commit({})
        host.line.append(self.repository.head)
        self.daemon = self._started()
        self.pass_by()

    def _started(self, name: str = "daemon-a") -> DaemonByHand:
        location = GitLocation(self.repository.url, "main", "")
        cache = self.repository.folder.parent / "cache"
        return DaemonByHand(self.estate.live(), GitSource(location, cache), name)

    def merge(self, number: int, files: dict[str, str | None]) -> str:
        commit = self.repository.commit(files)
        self.host.merge(commit, number)
        self.pass_by()
        return commit

    def pass_by(self, seconds: float = 60) -> None:
        self.estate.clock.sleep(seconds)
        self.daemon.tick_and_work()
        self.daemon.notify.tick()

    def restart(self) -> None:
        self.daemon.notify.close()
        self.daemon = self._started("daemon-b")

    def said(self) -> list[str]:
        return [comment["body"].partition("\n")[2] for comment in self.host.comments.values()]

    def asked(self) -> list[str]:
        """Requests that were answered since the last question, as the host was asked."""
        said = [asked for asked in self.host.asked if not asked.startswith("GET ")]
        self.host.asked.clear()
        return said


@pytest.fixture
def branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Branch]:
    with mock_aws(), code_host(github=True) as host:
        made = Branch(tmp_path, host)
        git = f"source: {{git: {{url: '{made.repository.url}', ref: main}}}}\n"
        use_settings(tmp_path, monkeypatch, f"{git}guards: {{smallMaxDeletes: 0}}\n")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache of commands"))
        yield made


@pytest.mark.tells("controller/engine/notifications/merge_answer.py", "audit list --transaction")
def test_it_says_what_is_applied_and_how_accounts_follow(branch: Branch, told: Told) -> None:
    assert branch.said() == [], "what was there before is nobody's request"

    commit = branch.merge(17, {"c50.yaml": environment("c50")})
    branch.pass_by()

    (said,) = branch.said()
    assert said.startswith(f"### Applied: {commit[:7]}\n")
    records = branch.estate.records("config")
    assert f"audit list --transaction {records[-1].transaction_id}`" in said
    assert f"{SCOPE}  as accepted" in said
    assert "created ConfigEnvironments/c50" in told.types(said).out
    assert branch.asked(), "it was said"
    branch.restart()
    branch.pass_by()
    branch.pass_by()
    assert branch.asked() == [], "once, also after a restart"


@pytest.mark.tells("controller/engine/notifications/merge_answer.py", "plan")
@pytest.mark.tells("controller/engine/notifications/merge_answer.py", "validate")
def test_what_is_refused_says_why_and_then_that_it_is_applied_with_what_mends_it(
    branch: Branch, told: Told
) -> None:
    branch.merge(17, {"c50.yaml": environment("c50", more=", lifecycle: retired")})
    branch.pass_by()
    branch.asked()
    branch.host.comments.clear()

    branch.merge(18, {"c50.yaml": None})
    (refused,) = branch.said()
    assert refused.startswith("### Not applied: refused: ")
    assert "maxDeletes@" in refused
    planned = told.types(refused)
    assert (planned.code, "--approve maxDeletes@" in planned.out) == (3, True)
    assert all("/18/" in asked for asked in branch.asked())

    branch.merge(19, {"c50.yaml": "kind: Environment\nspec: {}\n"})
    (wrong,) = (said for said in branch.said() if "nothing is planned from it" in said)
    assert "c50.yaml:1:1: apiVersion is missing" in told.types(wrong).err
    branch.merge(20, {"c50.yaml": environment("c50", more=", lifecycle: retired")})
    branch.pass_by()
    # One pull request here has all the comments.
    assert "### Applied" in branch.said()[0]
    answered = " ".join(asked for asked in branch.host.asked if "/comments" in asked)
    assert all(f"/{number}/" in answered for number in (18, 19, 20)), "all that came with it"
    assert "/17/" not in answered


def test_a_host_that_is_away_is_told_later_and_meanwhile_in_status(branch: Branch) -> None:
    branch.host.failing += [("GET", 503, {})] * 2
    branch.merge(17, {"c50.yaml": environment("c50")})

    assert branch.said() == []
    row = branch.estate.rows()[f"{SINK_PREFIX}codeHost"]
    assert "503" in str(row["Because"])
    assert "t0k3n" not in str(row)
    branch.restart()
    branch.pass_by(60)
    branch.pass_by(60)
    assert len(branch.said()) == 1
    assert f"{SINK_PREFIX}codeHost" not in branch.estate.rows()


@pytest.mark.tells("controller/engine/notifications/merge_answer.py", "status")
def test_what_was_applied_in_part_is_said_in_status(branch: Branch, told: Told) -> None:
    master = branch.estate.installation.master
    in_part = RevisionOutcome(
        revision="a" * 40, kind=OutcomeKind.FAILED, at=branch.estate.clock.now, why="c50: conflict"
    )
    write_outcome(master.store, master.state_table, in_part)

    answer = answer_of(branch.estate.rows(), {"config", SCOPE})

    assert answer is not None
    assert "Scopes 2: " in told.types(answer.text).out
