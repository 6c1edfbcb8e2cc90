"""An installation with child accounts in an in-process AWS, driven by the engine as the commands drive it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from controller import catalog
from controller.engine.commit.lease import Claim
from controller.engine.config.apply import ApplyReport
from controller.engine.installation.bootstrap import set_up
from controller.engine.installation.installation import Installation, Master, find_installation
from controller.engine.installation.process_context import ProcessContext
from controller.engine.live.accounts import LiveAccounts
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.engine.reconcile.reconciler import Reconciled, Reconciler
from controller.engine.state.rows import statuses_in
from controller.events import Event
from controller.model.ledger_record import LedgerRecord, Requester
from controller.model.observed import ScopeStatus
from controller.model.plan import Change, ScopePlan
from controller.ports import LiveTarget
from controller.settings import Settings, read_settings
from controller.sources.folder import FolderSource
from tests.support.clock import Clock
from tests.support.extension_targets.owners import TARGET
from tests.support.fleet_yaml import EMPTY_MAP, NUMBERS, account
from tests.support.installed import records_of, rows_of
from tests.support.reconcilers import asked as request_of
from tests.support.reconcilers import reconciler as reconciler_of

SCOPE = "staging-eu/eu-west-1"

SHARED = (
    """apiVersion: envctl/v1
kind: Cluster
metadata: {name: Tango}
spec: {shortName: ta}
---
apiVersion: envctl/v1
kind: Cluster
metadata: {name: Search}
spec: {shortName: se}
---
"""
    + EMPTY_MAP
)


@dataclass
class LiveEstate:
    """``folder`` is the source. Ask for one inside ``mock_aws()``."""

    folder: Path
    targets: Sequence[LiveTarget] = (TARGET,)
    settings_text: str = "targets: {others: {owners: enforce}}"
    """Scopes go one after the other: moto copies tables while others write to them."""
    clock: Clock = field(default_factory=lambda: Clock(datetime.now(UTC).replace(microsecond=0)))
    """Not far from the real time, as credentials end by that."""
    events: list[Event] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    _known: dict[str, Installation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Set up the master account with a small fleet beside it."""
        self.folder.mkdir(exist_ok=True)
        self.has({"shared.yaml": SHARED, "staging.yaml": account("staging-eu")})
        self.installation = self.worker_installation("worker-a", set_up_first=True)

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        one_by_one = {"ENVCTL_LIVE_PARALLEL_SCOPES": "1"}
        return read_settings("envctl.yaml", self.settings_text.encode(), one_by_one)

    def worker_installation(self, name: str, *, set_up_first: bool = False) -> Installation:
        """Return the installation as another process sees it, made once: its clients take longer than what they are asked."""
        known = self._known.get(name)
        if known is not None and known.master.settings == self.settings:
            return known
        process = ProcessContext(
            environment=self.environment,
            clock=self.clock,
            sleep=self._sleep,
            user="ada",
            instance=name,
        )
        master = Master(self.settings, process, catalog.kinds())
        if set_up_first:
            set_up(master, Requester("ada", "bootstrap"))
        self._known[name] = find_installation(master)
        return self._known[name]

    def _sleep(self, seconds: float) -> None:
        # Looked up when somebody sleeps: a test may put another in its place.
        self.clock.sleep(seconds)

    def has(self, files: Mapping[str, str | None]) -> "LiveEstate":
        """Write files of the source; None removes one."""
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        return self

    def connected(self) -> "LiveEstate":
        """Apply the files there are so far to the tables: their accounts are reached from the next run on."""
        self.applied("config")
        return self

    def live(self, worker: str = "") -> LiveAccounts:
        """Return the live accounts, fresh, with the settings as they are now."""
        installation = self.worker_installation(worker or "worker-a")
        return LiveAccounts(installation, self.targets)

    def planned(self, *scopes: str, live: LiveAccounts | None = None, **asked: Any) -> CombinedPlan:
        """Plan, everything or the scopes named."""
        accounts = live or self.live()
        return self.reconciler(accounts).plan(request_of(*scopes, **asked))

    def applied(
        self, *scopes: str, worker: str = "worker-a", take_over: bool = False, **asked: Any
    ) -> ApplyReport:
        """Plan and apply; once more where a way into an account had to be applied first. What both did is in the report."""
        first = self.applied_once(*scopes, worker=worker, take_over=take_over, **asked)
        live, report = first.planned.live, first.report
        assert report is not None
        if live is None or not any(scope.setup.waits for scope in live.scopes):
            return report
        then = self.applied_once(*scopes, worker=worker, take_over=take_over, **asked).report
        assert then is not None
        return replace(then, outcomes=(*report.outcomes, *then.outcomes))

    def applied_once(
        self, *scopes: str, worker: str = "worker-a", take_over: bool = False, **asked: Any
    ) -> Reconciled:
        """Plan and apply in one run. Raises what refuses it as a whole."""
        accounts = self.live(worker)
        request = request_of(*scopes, claim=Claim(worker, take_over=take_over), **asked)
        done = self.reconciler(accounts).reconcile(request)
        if done.report is None:
            assert done.refused is not None
            raise done.refused
        return done

    def reconciler(self, accounts: LiveAccounts) -> Reconciler:
        """Return what plans and applies the folder."""
        source = FolderSource(self.folder)
        return reconciler_of(source, accounts, lambda: self.clock.now, self.events.append)

    def told(self, name: str) -> list[Event]:
        """Return the events of one name."""
        return [event for event in self.events if event.name == name]

    def records(self, scope: str = SCOPE) -> list[LedgerRecord]:
        """Return a scope's records, oldest first."""
        return records_of(self.installation, scope)

    def statuses(self) -> Mapping[str, ScopeStatus]:
        """Return how every scope stands."""
        master = self.installation.master
        return statuses_in(master.store.scan(master.state_table))

    def rows(self) -> dict[str, Any]:
        """Return the controller's own rows, by id."""
        return rows_of(self.installation)

    def client(self, service: str, name: str = "staging-eu") -> Any:
        """Return a client of a child account, as somebody there has one."""
        role = f"arn:aws:iam::{NUMBERS[name]}:role/somebody"
        found = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="somebody")
        given = found["Credentials"]
        session: Any = boto3.Session(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        )
        return session.client(service, "eu-west-1")


def live_changes(whole: CombinedPlan) -> list[Change]:
    """Return the changes of live scopes."""
    return [one for scope in live_scopes(whole) for one in scope.changes]


def live_scopes(whole: CombinedPlan) -> list[ScopePlan]:
    """Return the live scopes of a plan."""
    return [scope for scope in whole.plan.scopes if scope.scope != "config"]
