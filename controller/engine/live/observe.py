"""Live scopes as their targets see them: which there are, how AWS is reached there, what each target found and wants."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from controller.aws.errors import RoleNotReady, TablesNotReady
from controller.aws.live_look import look
from controller.aws.sessions import AwsAccess
from controller.engine.commit.lease import LeaseKeeper
from controller.errors import AccessDenied, EnvctlError, NotAppliedYet
from controller.ledger.ownership import is_ours_by_history
from controller.model.accepted import AcceptedState, LiveOptions
from controller.model.live import LiveLook, LiveScope
from controller.model.observed import Observation, ObservedState, Ownership, ScopeState
from controller.model.ref import Reason, ResourceRef
from controller.ports import AskingTarget, History, LiveTarget, Projected
from controller.settings import Mode


@dataclass(frozen=True, slots=True)
class ScopeSetup:
    """One account and region: how it is reached and what the settings and its Account let be done.

    ``external_id`` is a reference to where it is kept, never the id itself. ``mode`` is the account's own. ``waits`` says why
    nothing is called there, and no external id read, in this run; empty where the way in is the one applied last.
    """

    scope: LiveScope
    role_arn: str | None
    external_id: str | None
    mode: Mode
    waits: str = ""

    @property
    def not_entered(self) -> "Unobserved":
        """Why nothing is called there in this run, where it ``waits``."""
        error = NotAppliedYet(
            self.waits, fix="the run after the one that applies it goes in: envctl apply"
        )
        return Unobserved(ScopeState.WAITING, error)


def environments_of(
    accepted: AcceptedState, scope: LiveScope, default_region: str
) -> Iterable[str]:
    """Yield the names of the environments whose instances are in a scope, by name."""
    for ref in accepted.of_kind("Environment"):
        kind = accepted.spec("EnvironmentType", accepted.specs[ref].environment_type)
        if kind is not None and (kind.account, kind.region or default_region) == (
            scope.account_name,
            scope.region,
        ):
            yield ref.key


BELIEVED_S = 1.0
"""So long a look at the head is believed by requests within one act."""


@dataclass(frozen=True, slots=True)
class ScopeReads:
    """What ``LiveReads`` asks for."""

    scope: LiveScope
    installation: str
    options: LiveOptions
    history: History
    access: AwsAccess
    once: Callable[[str, Callable[[], Any]], Any]
    """Returns what another scope read under a name moments ago, else reads it. Raises as that."""

    def client(self, service: str) -> Any:
        """Return the scope's client of a service. Raises RoleRefused, RoleNotReady."""
        return self.access.client(service, self.scope.account, self.scope.region)

    def of_account(self, service: str, account: str) -> Any:
        """Return the client of a service in another account. Raises RoleRefused, RoleNotReady."""
        return self.access.client(service, account, self.scope.region)

    def master(self, service: str) -> Any:
        """Return the controller's own client of a service."""
        return self.access.client(service)

    def master_account(self) -> str:
        """Return the number of the master account. Raises as any call."""
        return self.access.own_account()


@dataclass(frozen=True, slots=True)
class ScopeActs(ScopeReads):
    """What ``LiveActs`` asks for: reads, and what changes need besides."""

    lease: LeaseKeeper
    revision: str
    token: str
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    look: LiveLook | None = None
    """The look the changes were planned from; None where it is too old to act on."""
    waits_since: datetime | None = None
    """Since when the run waits for what AWS goes on with; None where that is left to others."""
    may_go_on: Callable[[], None] = lambda: None
    """Raises Interrupted where acts on many objects are to end between two requests."""

    def check(self) -> None:
        """Make sure that the scope is still ours, and that the run goes on. Raises StaleEpoch, Interrupted."""
        self.may_go_on()
        self.lease.confirm(BELIEVED_S)


FRESH: Final = timedelta(seconds=60)
"""What was seen longer ago is looked at again before it is acted on. What changed since a fresh look AWS refuses."""
MAX_QUESTIONS: Final = 4
"""How often a target may ask for more before what it has must do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One target's share of a scope."""

    target: LiveTarget
    mode: Mode
    observed: ObservedState
    projected: Projected


@dataclass(frozen=True, slots=True)
class Unobserved:
    """Why a scope, or a target's share of it, is not known. ``denied``: an operator must act."""

    state: ScopeState
    error: EnvctlError
    denied: bool = False

    @property
    def reason(self) -> Reason:
        """What people read."""
        return self.error.reason


@dataclass(frozen=True, slots=True)
class ScopeView:
    """The look that all targets share, and what each made of it. ``unknown`` is by name of the target, empty for the whole scope."""

    setup: ScopeSetup
    parts: tuple[Part, ...] = ()
    unknown: Mapping[str, Unobserved] = field(default_factory=dict)
    look: LiveLook | None = None
    """None where nothing was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Looks at scopes for a set of targets. Writes nothing."""

    access: AwsAccess
    accepted: AcceptedState
    history: History

    def view(
        self,
        setup: ScopeSetup,
        targets: Iterable[tuple[LiveTarget, Mode]],
        now: datetime,
        *,
        deep: bool = False,
    ) -> ScopeView:
        """Look once, and let every target say what it sees and wants. Errors become what is not known."""
        if setup.waits:
            return ScopeView(setup, unknown={"": setup.not_entered})
        try:
            seen = look(self.access, setup.scope, now)
        except EnvctlError as error:
            return ScopeView(setup, unknown={"": unseen(error, setup)})
        parts: list[Part] = []
        unknown: dict[str, Unobserved] = {}
        for target, mode in targets:
            try:
                parts.append(self._part(target, mode, setup, seen, deep=deep))
            except EnvctlError as error:
                unknown[target.name] = unseen(error, setup)
        return ScopeView(setup, tuple(parts), unknown, seen)

    def reads(self, setup: ScopeSetup) -> ScopeReads:
        """Return AWS as a scope's role may read it."""
        accepted = self.accepted
        access, once = self.access, self.access.shared.read
        return ScopeReads(
            setup.scope, accepted.installation, accepted.options, self.history, access, once
        )

    def is_ours(self, ref: ResourceRef, *, marked: bool = False) -> bool:
        """Tell whether an object of a live scope, that may carry our mark, is ours by its records. Raises as any read."""
        return is_ours_by_history(self.history.of_item(ref.kind, ref.key, None), marked=marked)

    def _part(
        self, target: LiveTarget, mode: Mode, setup: ScopeSetup, seen: LiveLook, *, deep: bool
    ) -> Part:
        reads = self.reads(setup)
        observed = target.observe(seen, reads, deep)
        projected = target.project(self.accepted, seen, observed, seen.at)
        for _ in range(MAX_QUESTIONS):
            if not projected.asks or not isinstance(target, AskingTarget):
                break
            observed = replace(observed, facts={**observed.facts, **projected.facts})
            observed = target.answer(projected.asks, seen, observed, reads)
            projected = target.project(self.accepted, seen, observed, seen.at)
        # Wanted objects that only lost their mark are told from those that were never ours.
        lost: dict[ResourceRef, Observation] = {
            ref: found._replace(ownership=Ownership.LOST_MARK)
            for ref, found in observed.objects.items()
            if found.ownership is Ownership.UNMANAGED
            and ref in projected.projections
            and self.is_ours(ref)
        }
        if lost:
            observed = replace(observed, objects={**observed.objects, **lost})
        return Part(target, mode, observed, projected)


def unseen(error: EnvctlError, setup: ScopeSetup) -> Unobserved:
    """Say what an error while looking means for a scope: it waits for its role, or is not known for now."""
    if isinstance(error, RoleNotReady):
        then = f"  then: envctl doctor {setup.scope.name} shows whether it can be reached"
        told = RoleNotReady(
            error.message, detail=error.detail, fix=f"{error.fix}\n{then}", facts=error.facts
        )
        return Unobserved(ScopeState.WAITING, told, denied=True)
    if isinstance(error, TablesNotReady):
        return Unobserved(ScopeState.WAITING, error)
    return Unobserved(ScopeState.UNKNOWN, error, denied=isinstance(error, AccessDenied))
