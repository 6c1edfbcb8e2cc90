"""One run over the live accounts of an installation: known, looked at, planned, changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from controller import catalog
from controller.aws.live_look import look
from controller.aws.secrets import Secrets
from controller.aws.sessions import AccountAccess
from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import ApplyRequest
from controller.engine.desired.accepted import AcceptedReader
from controller.engine.installation.installation import Installation
from controller.engine.live.apply_scope import ScopeOutcome, ScopeRun
from controller.engine.live.latest_accepted import AcceptedScopes, LatestAccepted
from controller.engine.live.observe import Observer, ScopeReads, ScopeSetup, Unobserved, unseen
from controller.engine.live.planner import LivePlanner, LivePlanOptions, LiveScopePlan
from controller.engine.live.run_memory import RunMemory
from controller.engine.state.open_records import scopes_left_open
from controller.engine.state.rows import Finding, read_histories, write_statuses
from controller.errors import EnvctlError, ExitCode, WrongUsage
from controller.events import Emit, discard_event
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Requester
from controller.model.live import LiveLook, LiveScope
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.override import Override
from controller.model.plan import PlannedFrom, ScopePlan
from controller.model.ref import ResourceRef
from controller.ports import LiveTarget
from controller.settings import Mode, weaker


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


class LiveAccounts:
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
        self._secrets = Secrets(
            master.aws, master.process.environment, master.settings.allowed_secrets
        )
        self._settings = master.settings
        self.parallel = master.settings.live.parallel_scopes
        """How many scopes are worked on side by side."""
        known = catalog.live_targets(self._settings.extensions) if targets is None else targets
        self.targets = tuple(known)
        self._reader = AcceptedReader(master.kinds, master.settings.options, installation.id)

    @property
    def is_on(self) -> bool:
        """Tell whether there is any target that is not switched off."""
        return any(self._settings.targets.of(target.name) != "off" for target in self.targets)

    def accepted(
        self,
        observed: ObservedState,
        now: datetime,
        overrides: Iterable[Override] = (),
        revision: str = "",
        after: ObservedState | None = None,
    ) -> AcceptedState:
        """Return the accepted state from the config scope as found, or as it is ``after`` a plan of it.

        Raises EnvctlError if it is not known.
        """
        if observed.state not in (ScopeState.OK, ScopeState.OBSERVE):
            raise EnvctlError(
                f"live accounts: the config tables cannot be read, so what is accepted is not known: {observed.reason}"
            )
        sequence = int((after or observed).facts.get("sequence", 0))
        return self._reader.read(observed, now, overrides, revision, after, sequence)

    def scopes(self, accepted: AcceptedState, wanted: Sequence[str] = ()) -> tuple[ScopeSetup, ...]:
        """Return every account and region that an environment type or an account names, by name, or those wanted.

        An account's regions are those it lists and those of its environment types; accounts that nothing is kept in have
        none, and so no scope. The way in is what was applied last: one that is new, or another now, waits. Raises WrongUsage
        for one that does not exist.
        """
        setups = self._setups(accepted)
        if accepted.before is not None:
            applied = self._setups(accepted.before)
            setups = {
                name: _as_applied(setup, applied.get(name), accepted.before)
                for name, setup in setups.items()
            }
        for name in wanted:
            if name not in setups:
                raise WrongUsage(
                    f"there is no scope {name!r}",
                    fix=f"choose from {', '.join((CONFIG_SCOPE, *setups))}",
                )
        return tuple(setup for name, setup in setups.items() if not wanted or name in wanted)

    def _setups(self, accepted: AcceptedState) -> dict[str, ScopeSetup]:
        """Return every scope as one state alone has it, by name."""
        regions: dict[str, set[str]] = {}
        for ref in accepted.of_kind("EnvironmentType"):
            spec = accepted.specs[ref]
            regions.setdefault(spec.account, set()).add(spec.region or self._settings.region)
        setups: dict[str, ScopeSetup] = {}
        for ref in accepted.of_kind("Account"):
            spec = accepted.specs[ref]
            for region in sorted(regions.get(ref.key, set()) | set(spec.regions or ())):
                scope = LiveScope(f"{ref.key}/{region}", spec.account_number, region, ref.key)
                mode: Mode = spec.mode or "enforce"
                setups[scope.name] = ScopeSetup(scope, spec.role_arn, spec.external_id, mode)
        return setups

    def looks(
        self, accepted: AcceptedState, setups: Sequence[ScopeSetup], now: datetime
    ) -> dict[str, LiveLook | Unobserved]:
        """Look at scopes side by side, writing nothing; by name, what was found, or why it could not be seen."""
        aws = self.installation.master.aws

        def seen(setup: ScopeSetup, reads: ScopeReads | Unobserved) -> LiveLook | Unobserved:
            try:
                return reads if isinstance(reads, Unobserved) else look(aws, setup.scope, now)
            except EnvctlError as error:
                return unseen(error, setup)

        reads = self.reads(accepted, setups)
        with ThreadPoolExecutor(self.parallel, thread_name_prefix="look") as pool:
            names = [setup.scope.name for setup in setups]
            return dict(zip(names, pool.map(seen, setups, reads), strict=True))

    def reads(
        self, accepted: AcceptedState, setups: Sequence[ScopeSetup]
    ) -> tuple[ScopeReads | Unobserved, ...]:
        """Return AWS as each scope's role may read it, or why nothing is read there. No account is entered yet."""
        installation, broken = self.installation, self._know(accepted)
        aws, ledger = installation.master.aws, installation.ledger
        observer = Observer(access=aws, accepted=accepted, history=ledger)

        def of(setup: ScopeSetup) -> ScopeReads | Unobserved:
            if setup.waits:
                return setup.not_entered
            if setup.scope.account in broken:
                return unseen(broken[setup.scope.account], setup)
            return observer.reads(setup)

        return tuple(map(of, setups))

    def plan(
        self, accepted: AcceptedState, setups: Sequence[ScopeSetup], asked: LivePlanOptions
    ) -> LivePlanRun:
        """Plan scopes side by side. What is wrong with one is its state. Raises as reading the controller's own rows."""
        master = self.installation.master
        planner = self._planner(accepted, self._know(accepted))
        table, names = master.state_table, [setup.scope.name for setup in setups]
        asked = replace(asked, histories=read_histories(master.store, table, names))
        left_open = scopes_left_open(master.store, table, names)
        with ThreadPoolExecutor(self.parallel, thread_name_prefix="live-plan") as pool:
            scopes = tuple(pool.map(lambda setup: planner.plan_one(setup, asked), setups))
        planned_from = PlannedFrom(accepted.sequence, accepted.revision)
        return LivePlanRun(accepted, asked, scopes, planned_from, left_open)

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
        )

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

    def _know(self, accepted: AcceptedState) -> dict[str, EnvctlError]:
        """Tell the sessions of every account that may be entered; return why some cannot be reached, by number."""
        known: dict[str, AccountAccess] = {}
        broken: dict[str, EnvctlError] = {}
        for setup in self.scopes(accepted):
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


def _as_applied(setup: ScopeSetup, before: ScopeSetup | None, applied: AcceptedState) -> ScopeSetup:
    """Return a scope with the way in that was applied last; it waits where that is none, or another."""
    account = ResourceRef("Account", setup.scope.account_name)
    if before is None:
        what = f"region {setup.scope.region} of {account} is new"
        if account in applied.unreadable:
            what = f"{account} cannot be read back from the tables: {applied.unreadable[account]}"
        elif account not in applied.resources:
            what = f"{account} is new"
        return replace(setup, role_arn=None, external_id=None, waits=f"applied first: {what}")
    ways = (
        ("accountNumber", setup.scope.account, before.scope.account),
        ("roleArn", setup.role_arn, before.role_arn),
        ("externalId", setup.external_id, before.external_id),
    )
    changed = [name for name, now, then in ways if now != then]
    what = f"applied first: {account} changes its {' and '.join(changed)}"
    return replace(before, mode=weaker(setup.mode, before.mode), waits=what if changed else "")
