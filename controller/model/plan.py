"""A plan is data: changes with their causes, what the guards say, and a digest over both.

Beside it what a plan's changes of schedules mean, how a plan is asked for, and what became of each change that was tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, NamedTuple

from controller.model.canonical import short
from controller.model.observed import ScopeState
from controller.model.ref import NO_REASON, Authorship, Origin, Reason, ResourceRef
from controller.model.review import NO_REVIEW, OpenRequest, Review, Since


@dataclass(frozen=True, slots=True)
class ScheduleShift:
    """Environments, or one role in each of them, that exchange one schedule for another, alike."""

    environments: tuple[str, ...]
    role: str
    """Empty: the environments as such, with the roles that follow them."""
    before: str
    """How people call the schedule: ``office-hours``, ``on``, or its text."""
    after: str
    hours_before: float | None
    """Hours on in an ordinary week, each; None where it is left alone (noschedule), or cannot be told."""
    hours_after: float | None
    instances: int
    """Instances that follow it, of all these environments together."""
    switches_now: str
    """``on`` or ``off``: what the exchange brings at once; empty for nothing."""
    first_difference: datetime | None
    """First moment at which the two differ, aware, in the new schedule's zone; None within a year."""
    followers: tuple[tuple[str, str], ...] = ()
    """Environment and role of all instances that follow it."""
    switched: int | None = None
    """Instances that are not yet as ``switches_now`` says, where they were looked at; None: all are taken for such."""


@dataclass(frozen=True, slots=True)
class ScheduleMeaning:
    """All shifts of a plan. Hours are a week's, more (or fewer, if negative) than before."""

    shifts: tuple[ScheduleShift, ...]
    now: datetime
    """The moment it was worked out for, aware, in the zone of the schedule that differs first."""
    environment_hours: float
    instance_hours: float
    instances_are: str
    """``desired sizes``, or ``found``: where the counts of instances are from."""

    @property
    def first_difference(self) -> datetime | None:
        """Return the earliest first difference."""
        return min(filter(None, (shift.first_difference for shift in self.shifts)), default=None)

    def switching(self, state: str) -> int:
        """Count the instances that are switched to a state at once."""
        return sum(
            shift.instances if shift.switched is None else shift.switched
            for shift in self.shifts
            if shift.switches_now == state
        )


FORMAT_VERSION = 1
"""Version of the plan's JSON and of what its digest covers."""

Action = Literal["create", "update", "delete", "start", "stop", "enterStandby", "exitStandby"]


class Cause(StrEnum):
    """Why a change is wanted."""

    EDITED = "edited"
    DRIFTED = "drifted"
    PRUNED = "pruned"
    SCHEDULED = "scheduled"
    ADOPTED = "adopted"
    OVERRIDDEN = "overridden"
    RESTORED = "restored"
    ROLLED_BACK = "rolledBack"
    REPLICATED = "replicated"
    IMAGE = "image"
    UPGRADED = "upgraded"


UNREVIEWED_CAUSES = frozenset({Cause.DRIFTED, Cause.UPGRADED, Cause.IMAGE, Cause.OVERRIDDEN})
"""Causes nobody saw in a pull request: their updates are counted by the share guard."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One attribute that differs. ``before`` or ``after`` is ABSENT where it does not exist."""

    path: str
    before: Any
    after: Any
    sensitive: bool = False


class Edit(NamedTuple):
    """What in the source caused a change: a place, and what was changed there in a few words."""

    origin: Origin
    what: str


@dataclass(frozen=True, slots=True)
class Change:
    """One object of one target that is to become something else. Byte fields are canonical JSON, None if there is none.

    ``base`` is the state the change was planned from and is only applied to; ``because`` says in one line what an
    informed reader would ask first.
    """

    action: Action
    target: str
    ref: ResourceRef
    cause: Cause
    fields: tuple[FieldChange, ...]
    before: bytes | None
    after: bytes | None
    extra: bytes
    digest: str
    base: bytes
    origin: Origin | None = None
    authorship: Authorship | None = None
    edit: Edit | None = None
    because: str = ""
    depends_on: tuple[ResourceRef, ...] = ()
    overrides: tuple[str, ...] = ()
    """Ids of the overrides whose values it brings."""
    effects: Mapping[str, int] | None = None
    """Instances ``launched``, ``ended``, ``replaced``, ``stopped``; None where there are none."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A guard that stands in the way. Overriding needs ``guard@digest``; the digest covers the changes it counts."""

    guard: str
    scope: str
    message: str
    digest: str
    counted: tuple[ResourceRef, ...]
    hint: str = ""
    overridable: bool = True
    overridden: bool = False
    approved_by: str = ""
    """Who approved it by what: ``--approve by NAME``, ``a line of commit abc1234 of COMMITTER``; empty if nobody did."""
    in_commit: bool = False
    """Whether the commit that is planned approves it: so it does for whoever applies that commit."""
    has_token: bool = True
    """Whether what approves it is known: not where the plan compares with another source, which has other states."""

    @property
    def token(self) -> str:
        """What approves exactly this violation; empty where that is not known."""
        return f"{self.guard}@{short(self.digest)}" if self.has_token else ""


class Approval(NamedTuple):
    """Somebody's word that exactly one violation may stand: its guard and the first digits of its digest."""

    token: str
    """``maxDeletes@`` and digits."""
    by: str
    """As ``Violation.approved_by`` says it."""
    in_commit: bool = False
    """As ``Violation.in_commit``."""


class NoteCategory(StrEnum):
    """What kind of note; its value is what plans show."""

    BLOCKED = "blocked"
    FOREIGN = "foreign"
    UNMANAGED = "unmanaged"
    SUSPENDED = "suspended"
    LEAVING = "leaving"
    OVERRIDE = "override"
    """An override that holds."""
    APPROVAL = "approval"
    """A line of a commit that approves nothing, and why."""
    GUARD = "guard"
    """What would be refused where things are only observed."""
    MISSING = "missing"
    UNREAD = "unread"
    IMAGE = "image"
    ROLLOUT = "rollout"
    INVALID = "invalid"
    CANNOT_STOP = "cannot stop"
    POSTPONED = "postponed"
    WAITING = "waiting"
    STUCK = "stuck"
    SHORT = "short"
    """A group that has fewer instances than it was asked for."""
    LAG = "lag"
    """A copy that is behind."""


class Lack(NamedTuple):
    """Something an object needs and the account has not, and what to do; ``fix`` is "" where nobody has to do anything."""

    what: str
    fix: str = ""

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"{self.what}: {self.fix}" if self.fix else self.what


class Note(NamedTuple):
    """Something found that is not changed: unmanaged, foreign, blocked, suspended."""

    category: NoteCategory
    ref: ResourceRef
    text: str
    lacks: tuple[Lack, ...] = ()
    """Of what is missing: the same as the text says, each for itself."""

    @classmethod
    def of_lacks(cls, ref: ResourceRef, *lacks: Lack) -> "Note":
        """Return a note that says all of what an object lacks."""
        return cls(NoteCategory.MISSING, ref, "; ".join(map(str, lacks)), lacks)


@dataclass(frozen=True, slots=True)
class ScopePlan:
    """What one scope would see: its changes in the order they are applied."""

    scope: str
    state: ScopeState
    changes: tuple[Change, ...] = ()
    violations: tuple[Violation, ...] = ()
    notes: tuple[Note, ...] = ()
    reason: Reason = NO_REASON
    observed_count: Mapping[str, int] | None = None
    """Objects found per kind: what shares are shares of."""
    left_to_next_run: int = 0
    """Changes that only what was applied last holds: the run after this one makes them."""
    awaits_run: bool = False
    """Whether the way there has to be applied first: the run after this one looks."""


@dataclass(frozen=True, slots=True)
class PlannedFrom:
    """What a plan was made from. Once it is another, or the clock has turned, what was planned need not be due any more."""

    sequence: int
    """That of the config scope's head, read before the tables were."""
    revision: str
    """The one last applied to the tables in full; empty if not known."""
    turns_at: datetime | None = None
    """When a schedule or an override asks for something else next, aware; None if none does."""

    def holds(self, sequence: int, now: datetime) -> bool:
        """Tell whether a plan made from this would be the same now, as far as tables, overrides and clock go."""
        return sequence == self.sequence and (self.turns_at is None or now < self.turns_at)


@dataclass(frozen=True, slots=True)
class Plan:
    """All scopes of one revision. ``digest`` covers changes, base states, violations and the format, not the revision."""

    revision: str
    label: str
    scopes: tuple[ScopePlan, ...]
    digest: str
    format_version: int = FORMAT_VERSION
    schedules: ScheduleMeaning | None = None
    """What its changes of schedules mean, for who reads it; no part of the digest, as it depends on the hour."""
    options: tuple[str, ...] = ()
    """How it was asked for, where that decides what it holds: ``adopt``, ``deep``. Its file is applied as it was asked for."""
    planned_from: PlannedFrom | None = None
    """What it was made from, for who reads it; no part of the digest. None where no tables were read."""
    review: Review = NO_REVIEW
    """Who must agree to it, for who reads it; no part of the digest."""
    beside: tuple[OpenRequest, ...] = ()
    """Other open pull requests it was compared with, for who reads it; no part of the digest."""
    since: Since | None = None
    """What is otherwise since an earlier plan, for who reads it; no part of the digest. None where none was named."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes, scope after scope."""
        return tuple(change for scope in self.scopes for change in scope.changes)

    @property
    def to_apply(self) -> tuple[Change, ...]:
        """The changes that applying is about: all but those of scopes and targets that only observe."""
        return tuple(
            change
            for scope in self.scopes
            if scope.state is not ScopeState.OBSERVE
            for change in scope.changes
        )

    @property
    def enforced(self) -> tuple[ScopePlan, ...]:
        """The scopes in which something is to be done: not those that are only observed, or refused."""
        return tuple(
            scope for scope in self.scopes if scope.changes and scope.state is ScopeState.OK
        )

    @property
    def refused(self) -> tuple[Violation, ...]:
        """The violations nobody has approved."""
        return tuple(v for scope in self.scopes for v in scope.violations if not v.overridden)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """``now`` is aware; ``approvals`` are of violations.

    ``edited_as`` is the cause of what differs from what was last applied: ``edited``, or ``restored``, ``rolledBack``
    where the desired state comes from a snapshot or the ledger. ``leaves`` is the revision accepted last, where the history of
    the one that is planned does not have it.
    """

    now: datetime
    approvals: Sequence[Approval] = ()
    adopt: bool = False
    edited_as: Cause = Cause.EDITED
    leaves: str = ""


class Status(StrEnum):
    """The end of one change in one run."""

    APPLIED = "applied"
    ALREADY_DONE = "already done"
    """Our own record was there, as the answer to an earlier try had been lost; or somebody else has done the same meanwhile."""
    CONFLICTED = "conflicted"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Something it depends on conflicted or failed, or the run ended before its turn."""
    STALE_EPOCH = "stale epoch"
    UNKNOWN = "unknown"
    """It may have been done: the answer was lost, or what followed could not be seen. The next run tells by looking."""


DONE: Final = frozenset({Status.APPLIED, Status.ALREADY_DONE})


@dataclass(frozen=True, slots=True)
class Outcome:
    """``audit_ids`` name the ledger records of the change, one per item written. ``aws_code`` is AWS's word where it refused."""

    change: Change
    status: Status
    message: Reason = NO_REASON
    audit_ids: tuple[str, ...] = ()
    transaction_id: str = ""
    aws_code: str = ""


class Progress(NamedTuple):
    """So many of the changes have an outcome."""

    done: int
    total: int
