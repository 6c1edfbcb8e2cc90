"""A rollback: records taken back by a plan whose source is the ledger, held against the settings' own source."""

from dataclasses import dataclass, replace
from datetime import datetime

from controller.engine.config.observe import observe_config
from controller.engine.config.planner import Planner
from controller.engine.live.accounts import LiveAccounts
from controller.engine.overrides.put_back import PreparedPutBack, PutBack
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciled
from controller.engine.rollback.chosen import Chosen
from controller.engine.rollback.undo import Undoing, Undone
from controller.errors import ExitCode, InvalidDesiredState, WrongUsage, worst_exit_code
from controller.events import Emit, discard_event
from controller.kinds.language.kind import Kinds, RuleSettings
from controller.loading.resolve import desired_from_documents
from controller.model.observed import CONFIG_SCOPE
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from controller.model.resource import DesiredState


@dataclass(frozen=True, slots=True)
class LedgerSource:
    """The ledger as the source of desired state: the tables without what certain records made of them."""

    name: str
    """``ledger:`` and what is taken back."""
    undone: Undone
    kinds: Kinds
    settings: RuleSettings

    @property
    def cause(self) -> Cause:
        """What its changes are caused by."""
        return Cause.ROLLED_BACK

    def desired(self) -> DesiredState:
        """Return the desired state. Raises InvalidDesiredState where what was right then does not fit what is now."""
        found = desired_from_documents(
            self.undone.bodies,
            self.kinds,
            source=self.name,
            revision=self.name,
            settings=self.settings,
        )
        wrong = [problem for problem in found.problems if not problem.warning]
        if wrong:
            raise InvalidDesiredState(wrong)
        return found.desired


@dataclass(frozen=True, slots=True)
class PreparedRollback(PreparedPutBack):
    """A rollback that was planned and not begun: what it takes back, and what it finds otherwise by now."""

    chosen: Chosen
    undone: Undone
    run: PutBack

    @property
    def left_code(self) -> ExitCode:
        """Return that of what stays: what was changed since and nobody named, or is not known, is refused."""
        return ExitCode.DONE if self.undone.is_whole else ExitCode.REFUSED

    @property
    def exit_code(self) -> ExitCode:
        """Return that of the plan alone, and of what stays."""
        return worst_exit_code((self.planned.exit_code, self.left_code))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollbacks:
    """Rolls back what was chosen. ``own`` plans the settings' own source; None where they name none."""

    accounts: LiveAccounts
    own: Planner | None
    reason: str = ""
    until: datetime | None = None
    emit: Emit = discard_event

    def prepare(
        self, chosen: Chosen, also: frozenset[ResourceRef], request: ReconcileRequest
    ) -> PreparedRollback:
        """Plan the rollback; nothing is written.

        Raises WrongUsage for ``also`` of what it does not touch, and as ``Undoing.undone`` and ``PutBack.prepare``.
        """
        installation = self.accounts.installation
        master = installation.master
        seen = observe_config(installation)
        tables = next(state for state in seen.scopes if state.scope == CONFIG_SCOPE)
        undone = Undoing(installation, chosen, also).undone(tables)
        unknown = sorted(also - {found.ref for found in undone.changed_since})
        if unknown:
            raise WrongUsage(
                f"--also {unknown[0]}: it was not changed since, or is not taken back at all",
                fix="name what the plan says was changed since",
            )
        source = LedgerSource(chosen.name, undone, master.kinds, master.settings.of_rules)
        reason = self.reason or f"rolled back: {chosen.name}"
        run = PutBack.of(
            self.accounts, source, self.own, reason=reason, until=self.until, emit=self.emit
        )
        made = run.prepare(seen, request)
        return PreparedRollback(
            made.planned, made.held, made.superseded, chosen=chosen, undone=undone, run=run
        )

    def carry_out(
        self, prepared: PreparedRollback, request: ReconcileRequest, emit: Emit
    ) -> Reconciled:
        """Write the overrides, then do what was planned. Raises as both, before the first change."""
        return replace(prepared.run, emit=emit).carry_out(prepared, request)
