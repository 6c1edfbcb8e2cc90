"""One run over the live accounts of an installation: known, looked at, planned, changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import NamedTuple

from controller.aws.live_look import look
from controller.aws.secrets import Secrets
from controller.aws.sessions import AccountAccess
from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import ApplyRequest
from controller.engine.installation.installation import Installation
from controller.engine.live.apply_scope import ScopeOutcome, ScopeRun
from controller.engine.live.known_accounts import KnownAccounts
from controller.engine.live.latest_accepted import AcceptedScopes, LatestAccepted
from controller.engine.live.observe import Observer, ScopeReads, ScopeSetup, Unobserved, unseen
from controller.engine.live.planner import LivePlanner, LivePlanOptions, LiveScopePlan
from controller.engine.live.run_memory import RunMemory
from controller.engine.state.looks import looks_in
from controller.engine.state.open_records import OPEN_PREFIX, scopes_left_open
from controller.engine.state.published import LookPublisher, place_in
from controller.engine.state.rows import (
    FLIPS_PREFIX,
    STATUS_PREFIX,
    Finding,
    histories_in,
    write_statuses,
)
from controller.errors import EnvctlError, ExitCode
from controller.events import Emit, discard_event
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Requester
from controller.model.live import LiveLook
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.plan import PlannedFrom, ScopePlan
from controller.planning.look_json import PublishedLook
from controller.ports import LiveTarget


class NotWritten(NamedTuple):
    """What could not be written down after acts, and why."""

    what: str
    error: EnvctlError

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"{self.what} could not be written: {self.error}"


def kept(what: str, step: Callable[[], object]) -> tuple[NotWritten, ...]:
    """Take a step of what is written down after acts; return why it failed, if it did."""
    try:
        step()
    except EnvctlError as error:
        return (NotWritten(what, error),)
    return ()


@dataclass(frozen=True, slots=True)
class LivePlanRun:
    """The live scopes of one run, as planned, and what they were planned from."""

    accepted: AcceptedState
    asked: LivePlanOptions
    scopes: tuple[LiveScopePlan, ...]
    planned_from: PlannedFrom
    """Without the next turn where nobody thinks between plan and act."""
    left_open: frozenset[str] = frozenset()
    """Scopes in which an earlier run announced something and did not end it."""

    @property
    def plans(self) -> tuple[ScopePlan, ...]:
        """Everything to be shown; a scope has several where its targets differ in mode or in what could be seen."""
        return tuple(plan for scope in self.scopes for plan in scope.plans)

    def after(self, records: int) -> "LivePlanRun":
        """Return the run as planned from the tables that so many records of ours more have led to."""
        known = self.planned_from
        return replace(self, planned_from=replace(known, sequence=known.sequence + records))

    def exit_codes(self, *, strict: bool) -> list[ExitCode]:
        """Return what the command's exit code is made of: 2 changes to apply, 3 refused, 5 and 6 what cannot be seen."""
        plans = self.plans
        applied = (plan for plan in plans if plan.state is not ScopeState.OBSERVE)
        codes = [ExitCode.CHANGES for plan in applied if plan.changes][:1]
        codes += [ExitCode.REFUSED for plan in plans if plan.state is ScopeState.REFUSED]
        for scope in self.scopes if strict else ():
            if any(plan.state in (ScopeState.UNKNOWN, ScopeState.WAITING) for plan in scope.plans):
                codes.append(ExitCode.DENIED if scope.denied else ExitCode.TRY_AGAIN)
        return codes


class LiveAccounts(KnownAccounts):
    """The live accounts of an installation. What was read once is not read again; made once per process."""

    def __init__(
        self, installation: Installation, targets: Sequence[LiveTarget] | None = None
    ) -> None:
        """Take the installation; the targets are the catalog's, if no others are given."""
        master = installation.master
        self.installation = installation
        self._memory = RunMemory(installation)
        self._keeping = Lock()
        """What is remembered is of all scopes, and a daemon's workers each follow one."""
        process, allowed = master.process, master.settings.allowed_secrets
        self._secrets = Secrets(master.aws, process.environment, process.clock, allowed)
        super().__init__(master.settings, master.kinds, installation.id, targets)

    def looks(
        self, setups: Sequence[ScopeSetup], now: datetime
    ) -> dict[str, LiveLook | Unobserved]:
        """Look at scopes side by side, writing nothing; by name, what was found, or why it could not be seen."""
        aws, broken = self.installation.master.aws, self._know(setups)

        def seen(setup: ScopeSetup) -> LiveLook | Unobserved:
            try:
                return _unread(setup, broken) or look(aws, setup.scope, now)
            except EnvctlError as error:
                return unseen(error, setup)

        with ThreadPoolExecutor(self.parallel, thread_name_prefix="look") as pool:
            names = [setup.scope.name for setup in setups]
            return dict(zip(names, pool.map(seen, setups), strict=True))

    def reads(
        self, accepted: AcceptedState, setups: Sequence[ScopeSetup]
    ) -> tuple[ScopeReads | Unobserved, ...]:
        """Return AWS as each scope's role may read it, or why nothing is read there. No account is entered yet."""
        installation, broken = self.installation, self._know(setups)
        aws, ledger = installation.master.aws, installation.ledger
        observer = Observer(access=aws, accepted=accepted, history=ledger)
        return tuple(_unread(setup, broken) or observer.reads(setup) for setup in setups)

    def plan(
        self, accepted: AcceptedState, setups: Sequence[ScopeSetup], asked: LivePlanOptions
    ) -> LivePlanRun:
        """Plan scopes side by side. What is wrong with one is its state. Raises as reading the controller's own rows."""
        master = self.installation.master
        planner = self._planner(accepted, self._know(setups))
        names = [setup.scope.name for setup in setups]
        prefixes = (FLIPS_PREFIX, OPEN_PREFIX, STATUS_PREFIX)
        keys = [{"Id": prefix + name} for name in names for prefix in prefixes]
        rows = list(master.store.batch_get(master.state_table, keys)) if keys else []
        asked = replace(asked, histories=histories_in(rows), looks=looks_in(rows))
        with ThreadPoolExecutor(self.parallel, thread_name_prefix="live-plan") as pool:
            scopes = tuple(pool.map(lambda setup: planner.plan_one(setup, asked), setups))
        planned_from = PlannedFrom(accepted.sequence, accepted.revision)
        return LivePlanRun(accepted, asked, scopes, planned_from, scopes_left_open(rows))

    def act(
        self,
        run: LivePlanRun,
        claim: Claim,
        request: ApplyRequest,
        emit: Emit = discard_event,
        *,
        accepted_now: Callable[[], AcceptedScopes],
        reviewed: bool = True,
        wait: bool = True,
    ) -> tuple[ScopeOutcome, ...]:
        """Make the changes of every scope that nothing refuses, side by side. Raises nothing: all is in the result.

        ``accepted_now`` reads what is accepted, where that is not what the run was planned from any more. Where the plan was ``reviewed`` nothing else than what it says is done. Without
        ``wait`` each scope is handed back after one pass: its ``again_at`` says when to plan it again.
        """
        planner = self._planner(run.accepted, {})
        latest = LatestAccepted(run.planned_from, accepted_now)

        def apply_scope(plan: LiveScopePlan) -> ScopeOutcome:
            scope_run = ScopeRun(
                installation=self.installation,
                planner=planner,
                plan=plan,
                asked=run.asked,
                request=request,
                left_open=plan.setup.scope.name in run.left_open,
                emit=emit,
                latest=latest,
                reviewed=reviewed,
                planned_from=run.planned_from.sequence,
            )
            return scope_run.apply_and_wait(claim) if wait else scope_run.apply(claim)

        with ThreadPoolExecutor(self.parallel, thread_name_prefix="live-apply") as pool:
            return tuple(pool.map(apply_scope, run.scopes))

    def keep(
        self,
        accepted: AcceptedState,
        scopes: Sequence[LiveScopePlan],
        outcomes: Sequence[ScopeOutcome],
        claim: Claim,
        requester: Requester,
        emit: Emit = discard_event,
    ) -> tuple[NotWritten, ...]:
        """Remember what the next run asks for, and write how each scope stands; return what could not be kept.

        Raises nothing: what was done is done.
        """
        # Of a scope that another worker owns by now that one says how it stands.
        findings = [outcome.finding for outcome in outcomes if outcome.is_owner]
        schedules = "the schedules worked by"
        known = [(s, o) for s, o in zip(scopes, outcomes, strict=True) if not o.moved]
        worked_by = [s for s, _ in known], [o for _, o in known]
        with self._keeping:
            remembered = (
                *kept(schedules, lambda: self._memory.keep_schedules(accepted, *worked_by)),
                *kept(
                    "override tags",
                    lambda: self._memory.keep_tags(accepted, scopes, claim, requester, emit),
                ),
            )
        return (
            *remembered,
            *kept("how live scopes stand", lambda: self.write_statuses(findings, emit)),
            *kept("the last looks", lambda: self._publish(accepted, scopes, outcomes)),
        )

    @property
    def publishes(self) -> bool:
        """Tell whether the settings name a place where looks are published."""
        place = self.installation.master.settings.observed
        return place.bucket is not None or place.folder is not None

    @cached_property
    def _looks(self) -> LookPublisher:
        leases, master = self.installation.leases, self.installation.master

        def epoch(scope: str) -> int:
            head = leases.read(scope)
            return 0 if head is None else head.epoch

        files = place_in(master.settings.observed, master.aws)
        assert files is not None, "looks are published where the settings name a place"
        return LookPublisher(files, epoch, master.process.clock)

    def publish_config(self, seen: ObservedState, at: datetime, looks: int) -> None:
        """Publish the config scope as it was seen, and how many looks were written before; only where the settings name a place.

        Raises as any call.
        """
        look = PublishedLook(
            scope=CONFIG_SCOPE,
            at=at,
            epoch=0,
            looks=looks,
            installation=self.installation.id,
            config=seen,
        )
        self._looks.publish(look)

    def _publish(
        self,
        accepted: AcceptedState,
        scopes: Sequence[LiveScopePlan],
        outcomes: Sequence[ScopeOutcome],
    ) -> None:
        """Publish each scope that was looked at for all its targets, as it is after what was done there. Raises as any call."""
        if not self.publishes:
            return
        publisher, installation = self._looks, self.installation
        planner, now = self._planner(accepted, {}), installation.master.process.clock()

        def publish(scope: LiveScopePlan, outcome: ScopeOutcome) -> None:
            view = scope.view
            asked = [(part.target, part.mode) for part in view.parts]
            names = {target.name for target, _ in asked} | view.unknown.keys()
            if view.look is None or not {one.name for one in self.targets_of(view.setup)} <= names:
                return
            if outcome.outcomes and outcome.again_at is None and not outcome.stopped:
                # What was changed is not as it was planned from. Where AWS goes on the next pass looks.
                view = planner.view(view.setup, asked, now)
            if view.look is not None:
                parts = {part.target.name: part.observed for part in view.parts}
                look = PublishedLook(
                    scope=view.setup.scope.name,
                    at=view.look.at,
                    epoch=0,
                    looks=outcome.finding.looks_before,
                    installation=installation.id,
                    live=view.look,
                    targets=parts,
                )
                publisher.publish(look)

        with ThreadPoolExecutor(self.parallel, thread_name_prefix="publish") as pool:
            list(pool.map(publish, scopes, outcomes))

    def write_statuses(self, findings: Iterable[Finding], emit: Emit = discard_event) -> None:
        """Write how scopes stand, and tell of those that stand otherwise. Raises as any write."""
        master = self.installation.master
        table = master.state_table
        write_statuses(master.store, table, findings, master.process.clock(), emit)

    def _planner(self, accepted: AcceptedState, broken: Mapping[str, EnvctlError]) -> LivePlanner:
        return LivePlanner(
            access=self.installation.master.aws,
            accepted=accepted,
            settings=self._settings,
            targets=self.targets,
            history=self.installation.ledger,
            broken=broken,
        )

    def _know(self, setups: Iterable[ScopeSetup]) -> dict[str, EnvctlError]:
        """Tell the sessions how the accounts of scopes are entered; return why some cannot be reached, by number.

        Of each account when it is looked at: an external id that was changed counts within a minute.
        """
        known: dict[str, AccountAccess] = {}
        broken: dict[str, EnvctlError] = {}
        for setup in setups:
            account = setup.scope.account
            if setup.waits or account in known or account in broken:
                continue
            try:
                external = (
                    self._secrets.external_id(setup.external_id) if setup.external_id else None
                )
                known[account] = AccountAccess(account, setup.role_arn, external)
            except EnvctlError as error:
                broken[account] = error
        self.installation.master.aws.set_accounts(known.values())
        return broken


def _unread(setup: ScopeSetup, broken: Mapping[str, EnvctlError]) -> Unobserved | None:
    """Return why nothing of a scope is read; None where it is. ``broken`` is as ``_know`` returns it."""
    if setup.waits:
        return setup.not_entered
    error = broken.get(setup.scope.account)
    return None if error is None else unseen(error, setup)
