"""One run over the live accounts of an installation: known, looked at, planned, changed."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from controller import catalog
from controller.aws.live_look import look
from controller.aws.secrets import Secrets
from controller.aws.sessions import AccountAccess
from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import ApplyRequest
from controller.engine.desired.accepted import AcceptedReader
from controller.engine.installation.installation import Installation
from controller.engine.live.apply_scope import ScopeOutcome, ScopeRun
from controller.engine.live.journal import scopes_left_open
from controller.engine.live.observe import ScopeSetup, ScopeView, Unobserved, live_scopes, unseen
from controller.engine.live.planner import LivePlanner, LivePlanOptions, LiveScopePlan
from controller.engine.live.run_memory import LastAppliedSchedules, OverrideTagSync
from controller.engine.state.rows import Finding, read_histories, write_statuses
from controller.errors import EnvctlError, ExitCode, WrongUsage
from controller.events import Emit, discard_event
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Requester
from controller.model.live import LiveLook
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.override import Override
from controller.model.plan import ScopePlan
from controller.ports import LiveTarget


@dataclass(frozen=True, slots=True)
class LivePlanRun:
    """The live scopes of one run, as planned, and what they were planned from."""

    accepted: AcceptedState
    asked: LivePlanOptions
    scopes: tuple[LiveScopePlan, ...]
    left_open: frozenset[str] = frozenset()
    """Scopes in which an earlier run announced something and did not end it."""

    @property
    def plans(self) -> tuple[ScopePlan, ...]:
        """Everything to be shown; a scope has several where its targets differ in mode or in what could be seen."""
        return tuple(plan for scope in self.scopes for plan in scope.plans)

    def exit_codes(self, *, strict: bool) -> list[ExitCode]:
        """Return what the command's exit code is made of: 2 changes to apply, 3 refused, 5 and 6 what cannot be seen."""
        plans = self.plans
        applied = (plan for plan in plans if plan.state is not ScopeState.OBSERVE)
        codes = [ExitCode.CHANGES for plan in applied if plan.changes][:1]
        codes += [ExitCode.REFUSED for plan in plans if plan.state is ScopeState.REFUSED]
        dark = [
            scope
            for scope in self.scopes
            if any(plan.state in (ScopeState.UNKNOWN, ScopeState.WAITING) for plan in scope.plans)
        ]
        if strict:
            codes += [ExitCode.DENIED if scope.denied else ExitCode.TRY_AGAIN for scope in dark]
        return codes


class LiveAccounts:
    """The live accounts of an installation. What was read once is not read again; made once per process."""

    def __init__(
        self, installation: Installation, targets: Sequence[LiveTarget] | None = None
    ) -> None:
        """Take the installation; the targets are the catalog's, if no others are given."""
        master = installation.master
        self.installation = installation
        self._applied_schedules = LastAppliedSchedules(installation)
        self._override_tags = OverrideTagSync(installation)
        self._settings = master.settings
        known = catalog.live_targets(self._settings.extensions) if targets is None else targets
        self.targets = tuple(known)
        self._reader = AcceptedReader(master.kinds, master.settings.options, installation.id)

    @cached_property
    def _secrets(self) -> Secrets:
        return Secrets(self.installation.master.aws, self.installation.master.process.environment)

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
    ) -> AcceptedState:
        """Return the accepted state from the config scope as found. Raises EnvctlError if it is not known."""
        if observed.state not in (ScopeState.OK, ScopeState.OBSERVE):
            raise EnvctlError(
                f"live accounts: the config tables cannot be read, so what is accepted is not known: {observed.reason}"
            )
        return self._reader.read(observed, now, overrides, revision)

    def scopes(self, accepted: AcceptedState, wanted: Sequence[str] = ()) -> tuple[ScopeSetup, ...]:
        """Return the scopes there are, or those wanted. Raises WrongUsage for one that does not exist."""
        setups = live_scopes(accepted, self._settings)
        known = {setup.scope.name: setup for setup in setups}
        for name in wanted:
            if name not in known:
                raise WrongUsage(
                    f"there is no scope {name!r}",
                    fix=f"choose from {', '.join((CONFIG_SCOPE, *known))}",
                )
        return tuple(setup for setup in setups if not wanted or setup.scope.name in wanted)

    def looks(
        self, accepted: AcceptedState, setups: Sequence[ScopeSetup], now: datetime
    ) -> dict[str, LiveLook | Unobserved]:
        """Look at scopes side by side, writing nothing; by name, what was found, or why it could not be seen."""
        broken = self._know(live_scopes(accepted, self._settings))

        def seen(setup: ScopeSetup) -> LiveLook | Unobserved:
            try:
                if setup.scope.account in broken:
                    return unseen(broken[setup.scope.account], setup)
                return look(self.installation.master.aws, setup.scope, now)
            except EnvctlError as error:
                return unseen(error, setup)

        with ThreadPoolExecutor(
            self._settings.live.parallel_scopes, thread_name_prefix="look"
        ) as pool:
            found = pool.map(seen, setups)
            return {
                setup.scope.name: look_found
                for setup, look_found in zip(setups, found, strict=True)
            }

    def plan(
        self, accepted: AcceptedState, setups: Sequence[ScopeSetup], asked: LivePlanOptions
    ) -> LivePlanRun:
        """Plan scopes side by side. What is wrong with one is its state. Raises as reading the controller's own rows."""
        master = self.installation.master
        broken = self._know(live_scopes(accepted, self._settings))
        table, names = master.state_table, [setup.scope.name for setup in setups]
        histories = read_histories(master.store, table, names)
        left_open = scopes_left_open(master.store, table, names)
        asked = replace(asked, histories=histories)
        reachable = [setup for setup in setups if setup.scope.account not in broken]
        planned = {
            planned_scope.setup.scope.name: planned_scope
            for planned_scope in self._planner(accepted).plan(reachable, asked)
        }
        scopes = tuple(
            planned.get(setup.scope.name) or _unreachable_plan(setup, broken[setup.scope.account])
            for setup in setups
        )
        return LivePlanRun(accepted, asked, scopes, left_open)

    def act(
        self,
        run: LivePlanRun,
        claim: Claim,
        request: ApplyRequest,
        emit: Emit = discard_event,
        *,
        wait: bool = True,
    ) -> tuple[ScopeOutcome, ...]:
        """Make the changes of every scope that nothing refuses, side by side. Raises nothing: all is in the result.

        Without ``wait`` each scope is handed back after one pass: its ``again_at`` says when to plan it again.
        """
        planner = self._planner(run.accepted)

        def apply_scope(plan: LiveScopePlan) -> ScopeOutcome:
            scope_run = ScopeRun(
                installation=self.installation,
                planner=planner,
                plan=plan,
                asked=run.asked,
                request=request,
                left_open=plan.setup.scope.name in run.left_open,
                emit=emit,
            )
            return scope_run.apply_and_wait(claim) if wait else scope_run.apply(claim)

        with ThreadPoolExecutor(
            self._settings.live.parallel_scopes, thread_name_prefix="live-apply"
        ) as pool:
            return tuple(pool.map(apply_scope, run.scopes))

    def keep(
        self,
        accepted: AcceptedState,
        scopes: Sequence[LiveScopePlan],
        outcomes: Sequence[ScopeOutcome],
        claim: Claim,
        requester: Requester,
        emit: Emit = discard_event,
    ) -> None:
        """Remember what the next run asks for, and write how each scope stands. Raises as any read or write."""
        self._applied_schedules.keep(accepted, scopes)
        self._override_tags.keep(accepted, scopes, claim, requester, emit)
        self.write_statuses([outcome.finding for outcome in outcomes])

    def write_statuses(self, findings: Iterable[Finding]) -> None:
        """Write how scopes stand. Raises as any write."""
        master = self.installation.master
        table = master.state_table
        write_statuses(master.store, table, findings, master.process.clock())

    def _planner(self, accepted: AcceptedState) -> LivePlanner:
        return LivePlanner(
            access=self.installation.master.aws,
            accepted=accepted,
            settings=self._settings,
            targets=self.targets,
            history=self.installation.ledger,
        )

    def _know(self, setups: Iterable[ScopeSetup]) -> dict[str, EnvctlError]:
        """Tell the sessions of every account; return why some cannot be reached, by number."""
        known: dict[str, AccountAccess] = {}
        broken: dict[str, EnvctlError] = {}
        for setup in setups:
            account = setup.scope.account
            if account in known or account in broken:
                continue
            try:
                external = self._secrets.value(setup.external_id) if setup.external_id else None
                known[account] = AccountAccess(account, setup.role_arn, external)
            except EnvctlError as error:
                broken[account] = error
        self.installation.master.aws.set_accounts(known.values())
        return broken


def _unreachable_plan(setup: ScopeSetup, error: EnvctlError) -> LiveScopePlan:
    why = unseen(error, setup)
    plan = ScopePlan(setup.scope.name, why.state, reason=why.reason)
    return LiveScopePlan(setup, (plan,), ScopeView(setup, unseen=why), denied=why.denied)
