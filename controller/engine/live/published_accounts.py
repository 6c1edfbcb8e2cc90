"""Live accounts as they were last seen, for plans of those who may not look at them: nothing is called there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.aws.errors import NotFound
from controller.aws.sessions import AwsAccess
from controller.engine.live.accounts import LivePlanRun
from controller.engine.live.known_accounts import KnownAccounts
from controller.engine.live.observe import Part, ScopeSetup, ScopeView, Unobserved
from controller.engine.live.planner import LivePlanner, LivePlanOptions
from controller.engine.state.published import CLOCKS_APART, read_published
from controller.errors import AccessDenied, EnvctlError, Unreachable
from controller.kinds.language.kind import Kind
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import ScopeState
from controller.model.plan import PlannedFrom
from controller.model.ref import ResourceRef
from controller.planning.look_json import PublishedLook
from controller.ports import LiveTarget
from controller.settings import Mode, Settings
from controller.snapshots.replaceable import ReplaceableFiles


class PublishedAccounts(KnownAccounts):
    """The live accounts of a place where looks are published. ``seen`` is when each scope was looked at, of those read so far."""

    def __init__(
        self,
        files: ReplaceableFiles,
        installation: str,
        settings: Settings,
        kinds: Mapping[str, Kind[Any]],
        access: AwsAccess,
        targets: Sequence[LiveTarget] | None = None,
    ) -> None:
        """Take the place, and whose looks they are; the targets are the catalog's, if no others are given.

        ``access`` is used for nothing: no target asks for more.
        """
        super().__init__(settings, kinds, installation, targets)
        self._files, self._installation, self._access = files, installation, access
        self.seen: dict[str, datetime] = {}

    def plan(
        self, accepted: AcceptedState, setups: Sequence[ScopeSetup], asked: LivePlanOptions
    ) -> LivePlanRun:
        """Plan scopes from their looks. What is wrong with one is its state."""
        planner = PublishedPlanner(
            access=self._access,
            accepted=accepted,
            settings=self._settings,
            targets=self.targets,
            history=_NoHistory(),
            look_at=self._look_at,
        )
        with ThreadPoolExecutor(self.parallel, thread_name_prefix="live-plan") as pool:
            scopes = tuple(pool.map(lambda setup: planner.plan_one(setup, asked), setups))
        return LivePlanRun(
            accepted, asked, scopes, PlannedFrom(accepted.sequence, accepted.revision)
        )

    def _look_at(self, setup: ScopeSetup, now: datetime) -> PublishedLook:
        scope = setup.scope
        try:
            look = read_published(self._files, scope.name)
        except NotFound as error:
            raise Unreachable(
                f"no look at {scope.name} is published in {self._files.name}",
                fix="the controller publishes one when it looks; envctl status there says what keeps it from that",
            ) from error
        checked = fresh(look, self._installation, self._settings.observed.max_age_seconds, now)
        if checked.live is None or checked.live.scope != scope:
            raise Unreachable(
                f"the look at {scope.name} in {self._files.name} is of another account",
                fix="wait until the controller has looked at it as it is now",
            )
        self.seen[scope.name] = look.at
        return checked


def fresh(look: PublishedLook, installation: str, max_age_s: int, now: datetime) -> PublishedLook:
    """Return a look that may be planned from. Raises Unreachable for one that is too old, of a moment to come, or of another installation."""
    age_s = (now - look.at).total_seconds()
    if age_s > max_age_s:
        raise Unreachable(
            f"the last look at {look.scope} is of {look.at:%Y-%m-%d %H:%M} UTC, more than {max_age_s:,} seconds ago",
            fix="see whether the controller runs, and what its /readyz says; or raise observed.maxAgeSeconds",
        )
    if look.at - now > CLOCKS_APART:
        raise Unreachable(
            f"the last look at {look.scope} is of {look.at:%Y-%m-%d %H:%M} UTC, which is still to come",
            fix="wait until the controller has looked again; see that nobody else writes there, and that clocks are right",
        )
    if look.installation != installation:
        raise Unreachable(
            f"the last look at {look.scope} is of another installation",
            fix="let each installation publish in a place of its own",
        )
    return look


class _NoHistory:
    def of_item(self, table: str, hash_key: str, range_key: str | None) -> Iterable[LedgerRecord]:
        del table, hash_key, range_key
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPlanner(LivePlanner):
    """Plans live scopes from looks that others took. The ledger is not at hand: marks are believed, and nothing is missed."""

    look_at: Callable[[ScopeSetup, datetime], PublishedLook]
    """Returns the look at a scope. Raises EnvctlError where there is none to plan from."""

    def view(
        self,
        setup: ScopeSetup,
        targets: Iterable[tuple[LiveTarget, Mode]],
        now: datetime,
        *,
        deep: bool = False,
    ) -> ScopeView:
        """Let every target say what it wants of what it saw then; what it would ask for is left."""
        del deep
        if setup.waits:
            return ScopeView(setup, unknown={"": setup.not_entered})
        try:
            look = self.look_at(setup, now)
        except EnvctlError as error:
            denied = isinstance(error, AccessDenied)
            why = Unobserved(ScopeState.UNKNOWN, error, denied=denied)
            return ScopeView(setup, unknown={"": why})
        assert look.live is not None, "it was checked"
        parts: list[Part] = []
        unknown: dict[str, Unobserved] = {}
        for target, mode in targets:
            observed = look.targets.get(target.name)
            if observed is None:
                missing = Unreachable(
                    f"{target.name}: not in the last look at {setup.scope.name}",
                    fix="switch the target on where looks are taken, or off in these settings",
                )
                unknown[target.name] = Unobserved(ScopeState.UNKNOWN, missing)
                continue
            projected = target.project(self.accepted, look.live, observed, look.live.at)
            parts.append(Part(target, mode, observed, projected))
        return ScopeView(setup, tuple(parts), unknown, look.live)

    def is_ours(self, ref: ResourceRef, *, marked: bool = False) -> bool:
        """Believe a mark; of what carries none nothing is known."""
        del ref
        return marked
