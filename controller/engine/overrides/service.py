"""An override from what a person typed to what it would do, and done: checked, shown, written, followed at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from controller.decisions.power_map import (
    FollowedSchedule,
    of_environment,
    of_role,
    roles_of,
)
from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import ApplyRequest, new_run_id
from controller.engine.config.planner import Planner
from controller.engine.installation.installation import Installation
from controller.engine.live.apply_scope import ScopeOutcome
from controller.engine.live.planner import LivePlanOptions
from controller.engine.overrides.check import check_overrides, read_assignment
from controller.engine.overrides.effect import Effect, effect_of
from controller.engine.power.fleet import LIVE, AcceptedNow, CachedLook, find_object, zone_followed
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciler
from controller.engine.state.damaged_overrides import readable_rows, recorded_in, sorted_out, unread
from controller.engine.state.override_commit import Ending, end_overrides, make_overrides
from controller.engine.state.override_rows import OVERRIDE_PREFIX
from controller.errors import (
    EnvctlError,
    ExitCode,
    WrongUsage,
    exit_code_of,
    several_named,
    worst_exit_code,
)
from controller.events import Emit, discard_event
from controller.model.canonical import ABSENT, digest
from controller.model.ledger_record import Requester
from controller.model.override import Override
from controller.model.plan import Violation
from controller.model.ref import ResourceRef
from controller.planning.overrides import is_of_tag, named, wholes
from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.until import parse_until

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
    holding: tuple[Override, ...]
    """All that hold once these were written, or released."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was written, and what became of the instances concerned."""

    transaction: str
    outcomes: tuple[ScopeOutcome, ...]
    seconds: float = 0.0
    refused: tuple[Violation, ...] = ()
    """What guards did not let happen."""
    failed: tuple[EnvctlError, ...] = ()
    """What could not be done once it was written: the override holds, or is released, all the same."""

    @property
    def exit_code(self) -> ExitCode:
        """Return the exit code: what was refused goes before what failed."""
        codes = [outcome.exit_code for outcome in self.outcomes]
        codes += [ExitCode.REFUSED] if self.refused else []
        return worst_exit_code([*codes, *map(exit_code_of, self.failed)])


class Overrides:
    """Makes and releases overrides of one installation."""

    def __init__(self, now: AcceptedNow, moment: datetime, requester: Requester) -> None:
        """Take the accepted state, with the overrides that hold at the moment in it, and whose they are to be."""
        self._state = now
        self._moment = moment
        self._accounts = now.accounts
        self._requester = requester
        self._looked = CachedLook(now, moment)

    def prepare(self, asked: OverrideAsked, base_digest: BaseDigest) -> Prepared:
        """Check what was typed and work out what it does; nothing is written.

        Raises WrongUsage, InvalidDesiredState, and as looking at the tables.
        """
        ref = find_object(asked.what, self._state.accepted, self._looked.evaluate)
        follows = self._followed(ref)
        zone = zone_followed(followed.schedule for followed in follows)
        until, authored = self._end(asked, ref, zone, base_digest)
        pairs = [read_assignment(assignment) for assignment in asked.assignments] or [("", ABSENT)]
        # Two moments of one millisecond would be two overrides whose order nobody knows.
        overrides = tuple(
            Override(
                id=new_run_id(self._moment)[-_ID_LENGTH:],
                ref=ref,
                reason=asked.reason,
                actor=self._requester.name,
                since=self._moment + timedelta(milliseconds=place),
                path=path,
                value=value,
                until=until,
                until_git=asked.until_git,
                base_digest=authored,
            )
            for place, (path, value) in enumerate(pairs)
        )
        kinds = self._accounts.installation.master.kinds
        check_overrides(overrides, self._state.accepted, kinds)
        holding = (*self._state.accepted.overrides, *overrides)
        return self._prepared(overrides, follows, holding, comes=True)

    def to_release(self, what: str) -> Prepared:
        """Find overrides by id or object and work out what their end does; nothing is written. Raises WrongUsage."""
        known = self._state.seen.overrides
        found = those_named(known, what)
        if all(map(is_of_tag, found)):
            raise WrongUsage(
                f"{what!r} is the {found[0].reason} {found[0].ref.key}",
                fix="take the tag off; the next run ends it",
            )
        held = self._state.accepted.overrides
        remaining = tuple(override for override in held if override not in found)
        follows = self._followed(found[0].ref) if len(found) == 1 else ()
        return self._prepared(found, follows, remaining, comes=False)

    def _prepared(
        self,
        overrides: tuple[Override, ...],
        follows: Sequence[FollowedSchedule],
        holding: tuple[Override, ...],
        *,
        comes: bool,
    ) -> Prepared:
        """Work out what overrides, or their end, do once those ``holding`` hold: of one object, or the parts of one."""
        accounts, refs = self._accounts, frozenset(override.ref for override in overrides)
        after = accounts.accepted(self._state.seen.scopes[0], self._moment, holding)
        only = overrides[0].ref if len(refs) == 1 else None
        look = partial(self._looked.evaluate, only)
        effect = effect_of(refs, after, look, accounts, self._moment)
        zone = zone_followed(followed.schedule for followed in follows)
        return Prepared(overrides, effect, zone, next(iter(follows), None), comes, holding)

    def carry_out(self, prepared: Prepared, emit: Emit = discard_event) -> Done:
        """Write what was prepared, and bring the instances concerned to where they are wanted now.

        Raises ScopeBusy, Conflict, and as any write; what came once it was written is the result.
        """
        installation, effect = self._accounts.installation, prepared.effect
        process = installation.master.process
        began = process.clock()
        claim = Claim(process.instance, wait_s=WAIT_S)
        name = self._requester.name
        request = ApplyRequest(
            actor=self._requester.as_applier(author=name),
            transaction=new_run_id(began),
            revision=self._state.accepted.revision,
        )
        storage = installation.storage()
        if prepared.comes:
            make_overrides(storage, prepared.overrides, request, claim, emit)
        else:
            endings = [Ending(override, f"released by {name}") for override in prepared.overrides]
            end_overrides(storage, endings, request, claim, emit)
        moment = process.clock()
        if not effect.objects or not effect.enforced:
            # Where no instance is switched a group may still get its sizes back.
            return Done(request.transaction, (), (moment - began).total_seconds())
        tables = self._state.seen.scopes[0]
        try:
            followed = Reconciler(live=self._accounts, clock=lambda: moment, emit=emit).follow(
                self._accounts.accepted(tables, moment, prepared.holding),
                effect.scopes,
                LivePlanOptions(now=moment, targets=POWER, only=frozenset(effect.objects)),
                ReconcileRequest(requester=self._requester, claim=claim),
                request.transaction,
            )
        except EnvctlError as error:
            return Done(request.transaction, (), failed=(error,))
        return Done(
            request.transaction,
            followed.outcomes,
            (process.clock() - began).total_seconds(),
            followed.plan.refused,
            tuple(found.error for found in followed.not_kept),
        )

    def _followed(self, ref: ResourceRef) -> tuple[FollowedSchedule, ...]:
        """Return what an object follows without any override: its role's schedule, where it has one, then its environment's."""
        written = self._state.accepted.written
        if ref.kind not in LIVE:
            own = of_environment(ref.key, written) if ref.kind == "Environment" else None
            return (own,) if own else ()
        judged = self._looked.evaluate().judged(ref)
        if judged is None:
            return ()
        environment, role = judged.environment, judged.role
        spec = roles_of(environment, written).get(role.facts.name) if role else None
        found = (of_role(spec, written) if spec else None, of_environment(environment, written))
        return tuple(schedule for schedule in found if schedule is not None)

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


def those_named(known: Sequence[Override], what: str) -> tuple[Override, ...]:
    """Return one override, with all of its parts, or those of one object. Raises WrongUsage for a name of none or of several."""
    found = named(known, what)
    if not found:
        raise none_named(what)
    refs = {override.ref for override in found}
    if len(refs) > 1 and len(wholes(found)) > 1:
        raise several_named(what, refs)
    return found


def none_named(what: str) -> WrongUsage:
    """Return what refuses a name that means no override."""
    return WrongUsage(
        f"there is no override {what!r}, and none of an object of that name",
        fix="envctl override list shows what there is",
    )


def authored_digest(planner: Planner, ref: ResourceRef) -> str:
    """Return the ``BaseDigest`` of an object in a planner's source. Raises WrongUsage if there is none, and as loading it."""
    found = planner.load().desired.resources.get(ref)
    if found is None:
        raise WrongUsage(f"the source has no {ref}", fix="give --until TIME instead of --until-git")
    return digest(found.document)


def unread_override(installation: Installation, override_id: str) -> Prepared | None:
    """Return the release of an override of whose row nothing but its id can be told; None if there is no such row.

    Raises as any read.
    """
    master = installation.master
    row = master.store.get(master.state_table, {"Id": OVERRIDE_PREFIX + override_id})
    recorded = recorded_in(installation.ledger, master.state_table)
    _, damaged = sorted_out(readable_rows([row] if row else [], recorded))
    if override_id not in damaged:
        return None
    stand_in = unread(override_id, damaged[override_id])
    return Prepared((stand_in,), Effect(), UTC, None, comes=False, holding=())


def release_unread(
    installation: Installation, requester: Requester, prepared: Prepared, emit: Emit = discard_event
) -> Done:
    """Take such a row away, as it is on record then. Raises ScopeBusy, and as any write."""
    process = installation.master.process
    name = requester.name
    transaction = new_run_id(process.clock())
    request = ApplyRequest(actor=requester.as_applier(author=name), transaction=transaction)
    endings = [Ending(override, f"released by {name}") for override in prepared.overrides]
    claim = Claim(process.instance, wait_s=WAIT_S)
    end_overrides(installation.storage(), endings, request, claim, emit)
    return Done(transaction, ())
