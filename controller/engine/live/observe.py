"""One scope as its targets see it: what each found, what each wants, and whose look failed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from controller.aws.errors import RoleNotReady, TablesNotReady
from controller.aws.live_look import look
from controller.aws.sessions import AwsAccess
from controller.engine.live.access import ScopeReads
from controller.engine.live.scopes import ScopeSetup
from controller.errors import AccessDenied, EnvctlError
from controller.ledger.ownership import is_ours_by_history
from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook
from controller.model.observed import ObservedState, Ownership, ScopeState
from controller.model.ref import Reason, ResourceRef
from controller.ports import AskingTarget, History, LiveTarget, Projected
from controller.settings import Mode

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
    """The look that all targets share, and what each made of it.

    ``unseen`` is for the whole scope; ``unknown_targets`` for single targets, by name.
    """

    setup: ScopeSetup
    parts: tuple[Part, ...] = ()
    unseen: Unobserved | None = None
    unknown_targets: Mapping[str, Unobserved] = field(default_factory=dict)
    look: LiveLook | None = None
    """None where nothing was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Looks at scopes for a set of targets. Writes nothing."""

    access: AwsAccess
    accepted: AcceptedState
    history: History
    now: datetime
    deep: bool = False

    def view(self, setup: ScopeSetup, targets: Iterable[tuple[LiveTarget, Mode]]) -> ScopeView:
        """Look once, and let every target say what it sees and wants. Errors become what is not known."""
        try:
            seen = look(self.access, setup.scope, self.now)
        except EnvctlError as error:
            return ScopeView(setup, unseen=unseen(error, setup))
        parts: list[Part] = []
        unknown: dict[str, Unobserved] = {}
        for target, mode in targets:
            try:
                parts.append(self._part(target, mode, setup, seen))
            except EnvctlError as error:
                unknown[target.name] = unseen(error, setup)
        return ScopeView(setup, tuple(parts), unknown_targets=unknown, look=seen)

    def reads(self, setup: ScopeSetup) -> ScopeReads:
        """Return AWS as a scope's role may read it."""
        accepted = self.accepted
        return ScopeReads(
            setup.scope, accepted.installation, accepted.options, self.history, self.access
        )

    def _part(self, target: LiveTarget, mode: Mode, setup: ScopeSetup, seen: LiveLook) -> Part:
        reads = self.reads(setup)
        observed = target.observe(seen, reads, self.deep)
        projected = target.project(self.accepted, seen, observed, self.now)
        for _ in range(MAX_QUESTIONS):
            if not projected.asks or not isinstance(target, AskingTarget):
                break
            observed = target.answer(projected.asks, seen, observed, reads)
            projected = target.project(self.accepted, seen, observed, self.now)
        return Part(target, mode, self._with_lost_marks(observed, projected), projected)

    def _with_lost_marks(self, observed: ObservedState, projected: Projected) -> ObservedState:
        """Return the state with wanted objects that only lost their mark told from those that were never ours."""
        lost: dict[ResourceRef, Ownership] = {
            ref: Ownership.LOST_MARK
            for ref, found in observed.objects.items()
            if found.ownership is Ownership.UNMANAGED
            and ref in projected.projections
            and is_ours_by_history(self.history.of_item(ref.kind, ref.key, None))
        }
        if not lost:
            return observed
        objects = {
            ref: replace(found, ownership=lost[ref]) if ref in lost else found
            for ref, found in observed.objects.items()
        }
        return replace(observed, objects=objects)


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
