"""An override from what a person typed to what it would do, and done: checked, shown, written, followed at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from controller.decisions.evaluator import Evaluation, JudgedGroup
from controller.decisions.power_map import (
    FollowedSchedule,
    of_environment,
    of_role,
    roles_of,
)
from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import ApplyRequest, new_run_id
from controller.engine.live.apply_scope import ScopeOutcome
from controller.engine.live.planner import LivePlanOptions
from controller.engine.overrides.check import check_overrides, read_assignment
from controller.engine.overrides.effect import Effect, effect_of
from controller.engine.power.fleet import LIVE, AcceptedNow, CachedLook, find_object
from controller.engine.reconcile.reconciler import Reconciler, ReconcileRequest
from controller.engine.state.override_commit import Ending, end_overrides, make_overrides
from controller.errors import ExitCode, WrongUsage, worst_exit_code
from controller.events import Emit, discard_event
from controller.model.ledger_record import Actor, Requester
from controller.model.override import Override
from controller.model.plan import Violation
from controller.model.ref import ResourceRef
from controller.planning.overrides import is_of_tag, named
from controller.scheduling.schedule import InvalidSchedule, Schedule
from controller.scheduling.until import parse_until
from controller.scheduling.wall_clock import zone_of

POWER: Final = ("power",)
WAIT_S: Final = 60.0
"""So long the config scope's owner is waited for: an apply that is under way is over by then, most often."""
_ID_LENGTH: Final = 8

BaseDigest = Callable[[ResourceRef], str]
"""Digest of the authored document of an object as the source has it now. Raises WrongUsage if it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideAsked:
    """What was typed."""

    what: str
    assignments: Sequence[str]
    until: str | None
    until_git: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Overrides that may be written or released, and what that does. ``zone`` is that of the environment concerned."""

    overrides: tuple[Override, ...]
    effect: Effect
    zone: tzinfo
    then: FollowedSchedule | None
    """What is followed otherwise; None where the object follows no schedule."""
    comes: bool


@dataclass(frozen=True, slots=True)
class Done:
    """What was written, and what became of the instances concerned."""

    transaction: str
    outcomes: tuple[ScopeOutcome, ...]
    seconds: float = 0.0
    refused: tuple[Violation, ...] = ()
    """What guards did not let happen."""

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code: what was refused goes before what failed."""
        codes = [outcome.exit_code for outcome in self.outcomes]
        return worst_exit_code([*codes, *([ExitCode.REFUSED] if self.refused else [])])


class Overrides:
    """Makes and releases overrides of one installation."""

    def __init__(self, now: AcceptedNow, moment: datetime, requester: Requester) -> None:
        """Take the accepted state, with the overrides that hold at the moment in it, and whose they are to be."""
        self._state = now
        self._moment = moment
        self._accounts = now.accounts
        master = now.accounts.installation.master
        self._kinds = master.kinds
        self._requester = requester
        self._looked = CachedLook(now, moment)

    def find(self, what: str) -> ResourceRef:
        """Return the object that is meant. Raises WrongUsage."""
        return find_object(what, self._state.accepted, self._looked.everywhere)

    def prepare(self, asked: OverrideAsked, base_digest: BaseDigest) -> Prepared:
        """Check what was typed and work out what it does; nothing is written.

        Raises WrongUsage, InvalidDesiredState, and as looking at the tables.
        """
        ref = self.find(asked.what)
        follows = self._followed(ref)
        zone = _zone(follows)
        until, digest = self._end(asked, ref, zone, base_digest)
        pairs = [read_assignment(assignment) for assignment in asked.assignments] or [("", None)]
        # Two moments of one millisecond would be two overrides whose order nobody knows.
        overrides = tuple(
            replace(
                Override(
                    id=new_run_id(self._moment)[-_ID_LENGTH:],
                    ref=ref,
                    reason=asked.reason,
                    actor=self._requester.name,
                    since=self._moment + timedelta(milliseconds=place),
                    path=path,
                    until=until,
                    until_git=asked.until_git,
                    base_digest=digest,
                ),
                **({"value": value} if path else {}),
            )
            for place, (path, value) in enumerate(pairs)
        )
        check_overrides(overrides, self._state.accepted, self._kinds)
        effect = self._effect(ref, (*self._held(), *overrides))
        return Prepared(overrides, effect, zone, next(iter(follows), None), comes=True)

    def to_release(self, what: str) -> Prepared:
        """Find overrides by id or object and work out what their end does; nothing is written. Raises WrongUsage."""
        known = self._state.seen.overrides
        found = named(known, what)
        if not found:
            raise WrongUsage(
                f"there is no override {what!r}, and none of an object of that name",
                fix="envctl override list shows what there is",
            )
        if all(map(is_of_tag, found)):
            raise WrongUsage(
                f"{what!r} is the {found[0].reason} {found[0].ref.key}",
                fix="take the tag off; the next run ends it",
            )
        if len({override.ref for override in found}) > 1:
            refs = ", ".join(sorted({str(override.ref) for override in found}))
            raise WrongUsage(f"{what!r} may be each of {refs}", fix="name one of them")
        ref = found[0].ref
        gone = {override.id for override in found}
        effect = self._effect(
            ref, [override for override in self._held() if override.id not in gone]
        )
        follows = self._followed(ref)
        then = next(iter(follows), None)
        return Prepared(found, effect, _zone(follows), then, comes=False)

    def carry_out(self, prepared: Prepared, emit: Emit = discard_event) -> Done:
        """Write what was prepared, and bring the instances concerned to where they are wanted now.

        Raises ScopeBusy, Conflict, and as any write; what becomes of instances is the result.
        """
        installation = self._accounts.installation
        process = installation.master.process
        began = process.clock()
        claim = Claim(process.instance, wait_s=WAIT_S)
        name, trigger = self._requester
        request = ApplyRequest(
            actor=Actor(name, "", name, trigger),
            transaction=new_run_id(began),
            revision=self._state.accepted.revision,
        )
        storage = installation.storage()
        if prepared.comes:
            make_overrides(storage, prepared.overrides, request, claim, emit)
            overrides = [*self._held(), *prepared.overrides]
        else:
            endings = [
                Ending(override, f"released by {self._requester.name}")
                for override in prepared.overrides
            ]
            end_overrides(storage, endings, request, claim, emit)
            gone = {override.id for override in prepared.overrides}
            overrides = [held for held in self._held() if held.id not in gone]
        outcomes, refused = self._follow(
            prepared.effect, overrides, claim, request.transaction, emit
        )
        seconds = (process.clock() - began).total_seconds()
        return Done(request.transaction, outcomes, seconds, refused)

    def _follow(
        self,
        effect: Effect,
        overrides: Iterable[Override],
        claim: Claim,
        transaction: str,
        emit: Emit,
    ) -> tuple[tuple[ScopeOutcome, ...], tuple[Violation, ...]]:
        if not effect.objects or not effect.enforced:
            # Where no instance is switched a group may still get its sizes back.
            return (), ()
        moment = self._accounts.installation.master.process.clock()
        accepted = self._accounts.accepted(self._state.seen.scopes[0], moment, overrides)
        followed = Reconciler(live=self._accounts, clock=lambda: moment, emit=emit).follow(
            accepted,
            effect.scopes,
            LivePlanOptions(now=moment, targets=POWER, only=effect.objects),
            ReconcileRequest(requester=self._requester, claim=claim),
            transaction,
        )
        return followed.outcomes, followed.plan.refused

    def _effect(self, ref: ResourceRef, overrides: Iterable[Override]) -> Effect:
        tables = self._state.seen.scopes[0]
        after = self._accounts.accepted(tables, self._moment, overrides)
        look = partial(self._looked.around, ref)
        return effect_of(ref, after, look, self._accounts, self._moment)

    def _held(self) -> tuple[Override, ...]:
        return self._state.accepted.overrides

    def _followed(self, ref: ResourceRef) -> tuple[FollowedSchedule, ...]:
        """Return what an object follows without any override: its role's schedule, where it has one, then its environment's."""
        written = self._state.accepted.written
        if ref.kind not in LIVE:
            own = of_environment(ref.key, written) if ref.kind == "Environment" else None
            return (own,) if own else ()
        environment, role = self._place_of(ref)
        spec = roles_of(environment, written).get(role)
        found = (of_role(spec, written) if spec else None, of_environment(environment, written))
        return tuple(schedule for schedule in found if schedule is not None)

    def _place_of(self, ref: ResourceRef) -> tuple[str, str]:
        """Return the environment and role a group or an instance is of; empty texts where it is of none."""
        name = ref.key.rpartition("/")[2]
        for scope in self._looked.everywhere().scopes.values():
            found: Iterable[Evaluation | JudgedGroup] = (
                instance for instance in scope.instances if instance.instance.instance_id == name
            )
            if ref.kind == "Group":
                found = filter(None, [scope.groups.get(name)])
            for judged in found:
                return judged.environment, judged.role.facts.name if judged.role else ""
        return "", ""

    def _end(
        self, asked: OverrideAsked, ref: ResourceRef, zone: tzinfo, base_digest: BaseDigest
    ) -> tuple[datetime | None, str]:
        if (asked.until is None) == (not asked.until_git):
            raise WrongUsage(
                "an override has one end",
                fix="give --until 10:00 (or +2h, fri 18:00), or --until-git",
            )
        if asked.until is not None:
            try:
                return parse_until(asked.until, self._moment, zone), ""
            except InvalidSchedule as refusal:
                raise WrongUsage(f"--until: {refusal.message}", fix=f"{refusal.fix}") from None
        if ref.kind in LIVE:
            raise WrongUsage(f"{ref} is not in Git, so Git cannot end it", fix="give --until TIME")
        return None, base_digest(ref)


def _zone(follows: Iterable[FollowedSchedule]) -> tzinfo:
    """Return the zone of the first schedule that has one."""
    for followed in follows:
        if isinstance(followed.schedule, Schedule) and followed.schedule.fixed is None:
            return zone_of(followed.schedule.zone)
    return UTC
