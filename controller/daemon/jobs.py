"""What the daemon's jobs do, with the engine that the commands use, and what each makes due next."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from threading import RLock
from types import MappingProxyType
from typing import Final

from controller.daemon.cadence import due_moment
from controller.daemon.worker import Handler
from controller.daemon_ports import WorkQueue
from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import new_run_id
from controller.engine.config.planner import Planner
from controller.engine.installation.signed_approvals import signed_lines
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.planner import LivePlanOptions
from controller.engine.notifications.merge_answer import outcome_of, outcome_of_error
from controller.engine.power.fleet import AcceptedNow, accepted_now
from controller.engine.reconcile.combined_plan import LastPlan, ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciled, Reconciler
from controller.engine.reconcile.tick import PowerAgenda
from controller.engine.state.looks import is_looked_at_since, just_now
from controller.engine.state.outcome_rows import RevisionOutcome, write_outcome
from controller.engine.state.rows import RETRIES, STATUS_PREFIX, status_of_row
from controller.errors import EnvctlError
from controller.events import Emit, RevisionApplied, WorkFailed
from controller.ledger.records import iso_ms
from controller.model.ledger_record import Requester
from controller.model.observed import CONFIG_SCOPE, ScopeStatus
from controller.model.work import Job, Work, dedup_id, time_bucket
from controller.ports import Source
from controller.settings import Settings
from controller.targets.power import TARGET

ACTOR: Final = "envctl"
"""Who the daemon is in records: what it does was asked for by a commit, a schedule, an override or nobody."""
TICK: Final = "tick"
SOURCE: Final = "source"
"""What asks where the source has changed: that is worth a try whatever came of the last."""
AGAIN: Final = "again"
_PATIENT: Final = frozenset({TICK, AGAIN})
"""What asks for something that a scope whose last try failed is not tried for before its time."""
SEQUENCE: Final = "sequence"
"""What a work's details say where it is asked for because something new was accepted: with which record of the config scope."""
_NO_DETAILS: Final[Mapping[str, str]] = MappingProxyType({})
_WAIT_S: Final = 5.0
"""So long a worker waits for who owns a scope; then it is left to the next try."""


@dataclass(eq=False, kw_only=True)
class Jobs:
    """The jobs of one daemon, and what it knows between them. Thread-safe; ``clock`` gives aware time.

    ``planner`` is used by one work at a time, as all reconciling is of one scope; ``polled`` is a source of its own, asked
    beside it. What is accepted is read again when the head of the config scope has moved: one row is read to tell.
    """

    accounts: LiveAccounts
    planner: Planner
    polled: Callable[[], Source]
    queue: WorkQueue
    settings: Settings
    clock: Callable[[], datetime]
    instance: str
    emit: Emit
    last_plan: LastPlan | None = field(default=None, init=False)
    """Of the tables, as it was made last before it was done."""
    _lock: RLock = field(default_factory=RLock, init=False)
    _known: AcceptedNow | None = field(default=None, init=False)
    _sequence: int = field(default=-1, init=False)
    _known_at: datetime | None = field(default=None, init=False)
    _agenda: PowerAgenda = field(default_factory=PowerAgenda, init=False)
    _later: list[tuple[datetime, int, Work]] = field(default_factory=list, init=False)
    """What is to be put when its time has come, as a heap."""
    _ready: deque[Work] = field(default_factory=deque, init=False)
    """What has waited for its time: put one by one, as workers are free to do it."""
    _numbers: "count[int]" = field(default_factory=count, init=False)
    _looked_until: datetime | None = field(default=None, init=False)
    _found: str = field(default="", init=False)
    """The revision of the source that was asked for last."""

    @property
    def handlers(self) -> Mapping[Job, Handler]:
        """What does each job."""
        return {
            Job.RECONCILE: self.reconcile,
            Job.LOOK: self.look,
            Job.DEEP_LOOK: self.look,
            Job.POWER: self.switch,
        }

    # ------------------------------------------------------------ jobs

    def reconcile(self, work: Work) -> None:
        """Bring the tables to the source's revision; the accounts follow by looks of their own.

        Raises as the source, and InvalidDesiredState; then what was accepted last stays in force.
        """
        if not self._is_due(work, self.clock()):
            return
        announced_s = self.settings.overrides.announce_seconds
        reconciler = Reconciler(
            planner=self.planner,
            live=self.accounts,
            clock=self.clock,
            announce_within=timedelta(seconds=announced_s),
            emit=self.emit,
        )
        before = self._status(CONFIG_SCOPE)
        try:
            done = reconciler.reconcile(self._request(work, CONFIG_SCOPE))
            made = done.planned
            self.last_plan = LastPlan(self.clock(), made.plan, made.names, made.exit_code)
            self._tell_applied("" if before is None else before.revision, done)
            self._keep(outcome_of(done, self.clock()))
        except EnvctlError as error:
            with suppress(EnvctlError):
                self._keep(outcome_of_error(error, self.planner, self.clock()))
            # Its status need not say so: somebody else may own the scope, or the tables may be out of reach.
            self._put_again(work, self.clock() + timedelta(seconds=RETRIES.first_s))
            raise
        finally:
            self._try_again(work)
            self.refresh()

    def _keep(self, outcome: RevisionOutcome | None) -> None:
        """Write what became of a revision, where it is to be told. Raises as any read or write."""
        if outcome is not None and self.settings.notify.code_host is not None:
            master = self.accounts.installation.master
            write_outcome(master.store, master.state_table, outcome)

    def _tell_applied(self, before: str, done: Reconciled) -> None:
        """Tell of a revision that the tables did not hold before this run."""
        after, planned = self._status(CONFIG_SCOPE), done.planned.config
        if after is None or planned is None or after.revision in ("", before):
            return
        found = planned.revision.tree.revision
        if found.id == after.revision:
            self.emit(RevisionApplied(found.id, _seconds_since(found.date, self.clock())))

    def look(self, work: Work) -> None:
        """Look at a live scope, lightly or closely, and bring it to what is accepted."""
        self._follow(work, LivePlanOptions(now=self.clock(), deep=work.job is Job.DEEP_LOOK))

    def switch(self, work: Work) -> None:
        """Switch what is due in a live scope."""
        self._follow(work, LivePlanOptions(now=self.clock(), targets=(TARGET.name,)))

    def _follow(self, work: Work, options: LivePlanOptions) -> None:
        # Whoever asked may know of something newer than was read here.
        self._refresh(options.now)
        if not self._is_due(work, options.now):
            return
        accepted = self.known().accepted
        signed = signed_lines(self.accounts.installation.master, accepted.revision).signed
        options = replace(options, approvals=signed)
        reconciler = Reconciler(live=self.accounts, clock=self.clock, emit=self.emit)
        followed = reconciler.follow(
            accepted,
            (work.scope,),
            options,
            self._request(work, work.scope),
            new_run_id(options.now),
        )
        with self._lock:
            self._agenda.learn_from(followed, accepted, options.now)
        for outcome in followed.outcomes:
            if outcome.again_at is not None:
                # What AWS goes on with is the same job's: a look ends what a look began.
                self._put_again(work, outcome.again_at)
        self._try_again(work)

    # ------------------------------------------------------------ what is due

    def refresh(self) -> None:
        """Read what is accepted if it has moved; then every scope is to be looked at. Raises as any read."""
        self._refresh(self.clock())

    def _refresh(self, now: datetime) -> None:
        head = self.accounts.installation.leases.read(CONFIG_SCOPE)
        sequence = 0 if head is None else head.sequence
        with self._lock:
            known, known_at = self._known, self._known_at
            if known is not None and sequence == self._sequence:
                self._end_overrides(known, known_at or now, now)
                return
            is_first = known is None
            self._known = known = accepted_now(self.accounts.installation, now, self.accounts)
            self._sequence = sequence = known.accepted.sequence
            self._known_at = now
            scopes = self.accounts.scopes(known.accepted)
            self._agenda.watch(known.accepted, scopes, now)
        names = [setup.scope.name for setup in scopes]
        if is_first:
            fresh = self._looked_within(names, now)
            names = [name for name in names if name not in fresh]
        for name in names:
            details = {SEQUENCE: str(sequence)}
            self.put(Job.LOOK, name, f"accepted-{sequence}", now, details=details)

    def _end_overrides(self, known: AcceptedNow, since: datetime, now: datetime) -> None:
        """Take what overrides held back for accepted again, once they have ended; their end is recorded by reconciling."""
        ends = [override.until for override in known.seen.overrides if override.until is not None]
        passed = [until for until in ends if since < until <= now]
        if not passed:
            return
        config = known.seen.scopes[0]
        accepted = self.accounts.accepted(
            config, now, known.seen.overrides, known.accepted.revision
        )
        self._known, self._known_at = replace(known, accepted=accepted), now
        self._agenda.watch(accepted, self.accounts.scopes(accepted), now)
        at = max(passed)
        self.put(Job.RECONCILE, CONFIG_SCOPE, f"ended-{iso_ms(at)}", at)

    def tick_source(self) -> None:
        """Ask the source whether it has changed, and have it reconciled then; also where it does not answer: status says so."""
        self.refresh()
        now, known = self.clock(), self.known().accepted
        try:
            source = self.polled()
            if not source.changed_since(self._found or known.revision or None):
                return
            found, trigger = source.fetch().revision.id, SOURCE
            details = self.just_now(CONFIG_SCOPE)
            # The same revision is something new once others were accepted in between.
            bucket = f"{SOURCE}-{found}-{known.sequence}"
        except EnvctlError as error:
            self.emit(WorkFailed(CONFIG_SCOPE, Job.RECONCILE, str(error)))
            found, trigger, details = "", TICK, {}
            bucket = f"{TICK}-{time_bucket(now, self.settings.intervals.reconcile_seconds)}"
        self.put(Job.RECONCILE, CONFIG_SCOPE, bucket, now, trigger, details)
        self._found = found

    def tick_schedules(self) -> None:
        """Have switched what schedules make due; what has waited for its time is ready to be put."""
        self.refresh()
        now = self.clock()
        with self._lock:
            due = self._agenda.due(now)
            for scope in due:
                self._agenda.asked(scope, now)
            unanswered = self._agenda.unanswered(now)
            while self._later and self._later[0][0] <= now:
                self._ready.append(heapq.heappop(self._later)[2])
        for scope, why in due.items():
            self.put(Job.POWER, scope, why.bucket, why.at or now)
        for scope, asked in unanswered.items():
            if not asked.is_answered(self._status(scope)):
                self.put(Job.POWER, scope, f"{AGAIN}-{asked.why.bucket}", now)

    def put_one(self) -> None:
        """Put the first work that has waited for its time, if there is one. Raises as the queue; it is then put the next time."""
        with self._lock:
            if not self._ready:
                return
            work = self._ready.popleft()
        try:
            self.queue.put(work)
        except EnvctlError:
            with self._lock:
                self._ready.appendleft(work)
            raise

    def tick_looks(self) -> None:
        """Have every scope looked at whose moment has come since the last tick."""
        now, intervals = self.clock(), self.settings.intervals
        since, self._looked_until = self._looked_until or now, now
        names = [setup.scope.name for setup in self.accounts.scopes(self.known().accepted)]
        cadences = [(Job.LOOK, name, intervals.resync_seconds) for name in names]
        cadences += [(Job.DEEP_LOOK, name, intervals.deep_look_seconds) for name in names]
        cadences.append((Job.RECONCILE, CONFIG_SCOPE, intervals.resync_seconds))
        for job, scope, every_s in cadences:
            moment = due_moment(f"{job} {scope}", every_s, since, now)
            if moment is not None:
                self.put(job, scope, f"every-{int(moment.timestamp())}", moment)

    def known(self) -> AcceptedNow:
        """Return what is accepted, as far as this daemon has read. Raises as reading it the first time."""
        if self._known is None:
            self.refresh()
        assert self._known is not None, "refresh reads it or raises"
        return self._known

    def put_at(self, at: datetime, work: Work) -> None:
        """Put a work on the queue when its time has come. It is lost with this process: status tells the next."""
        with self._lock:
            heapq.heappush(self._later, (at, next(self._numbers), work))

    # ------------------------------------------------------------ status

    def _is_due(self, work: Work, now: datetime) -> bool:
        """Tell whether a work is still to be done: not if the scope was looked at since, or is left alone for a while."""
        status = self._status(work.scope)
        retry_at = None if status is None else status.retry_at
        if work.trigger in _PATIENT and retry_at is not None and retry_at > now:
            # Also for a daemon that has just started, and did not see the last try.
            self._try_again(work)
            return False
        if work.job is Job.DEEP_LOOK or status is None or status.looked_at is None:
            return True
        if work.scope != CONFIG_SCOPE and status.planned_from < self.known().accepted.sequence:
            return True
        return SEQUENCE not in work.details and not is_looked_at_since(work, status)

    def _try_again(self, work: Work) -> None:
        """Ask for the same again when a scope's status says that its next try is due."""
        status = self._status(work.scope)
        if status is not None and status.retry_at is not None:
            self._put_again(work, status.retry_at)

    def _put_again(self, work: Work, at: datetime) -> None:
        dedup = dedup_id(work.scope, work.job, f"later-{at.timestamp()}")
        again = Work(scope=work.scope, job=work.job, dedup=dedup, asked_at=at, trigger=AGAIN)
        self.put_at(at, again)

    def just_now(self, scope: str) -> dict[str, str]:
        """Return the details of a work that is asked for because of something that has just happened. Raises as any read."""
        master = self.accounts.installation.master
        return just_now(master.store, master.state_table, scope)

    def _status(self, scope: str) -> ScopeStatus | None:
        master = self.accounts.installation.master
        row = master.store.get(master.state_table, {"Id": STATUS_PREFIX + scope})
        return None if row is None else status_of_row(row)

    def _looked_within(self, names: Iterable[str], now: datetime) -> set[str]:
        """Return the scopes that somebody has looked at so lately that it is not due again."""
        fresh = set()
        for name in names:
            status = self._status(name)
            at = status.looked_at if status is not None else None
            if (
                at is not None
                and (now - at).total_seconds() < self.settings.intervals.resync_seconds
            ):
                fresh.add(name)
        return fresh

    def _request(self, work: Work, scope: str) -> ReconcileRequest:
        return ReconcileRequest(
            requester=Requester(ACTOR, work.trigger),
            # Each scope's worker is an owner of its own: a look that writes beside its scope, as override tags are recorded in
            # config, waits for who works there, and takes nothing from a thread of the same process.
            claim=Claim(f"{self.instance}/{scope}", wait_s=_WAIT_S),
            scopes=(scope,),
            wait=False,
        )

    def put(
        self,
        job: Job,
        scope: str,
        bucket: str,
        asked_at: datetime,
        trigger: str = TICK,
        details: Mapping[str, str] = _NO_DETAILS,
    ) -> None:
        """Ask for a job of a scope, once for a bucket; to be done unless it is looked at since ``asked_at``, or as its details say.

        Raises as the queue.
        """
        dedup = dedup_id(scope, job, bucket)
        self.queue.put(
            Work(
                scope=scope,
                job=job,
                dedup=dedup,
                asked_at=asked_at,
                trigger=trigger,
                details=details,
            )
        )


def _seconds_since(date: str, now: datetime) -> float | None:
    """Return how long ago a commit was made, by its own date; None where that is none."""
    try:
        made = datetime.fromisoformat(date)
    except ValueError:
        return None
    return max(0.0, (now - made).total_seconds()) if made.tzinfo is not None else None
