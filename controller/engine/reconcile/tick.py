"""Ticks of power: what is due is looked at, planned and switched, at once and to its end; nothing due costs no call to AWS.

The agenda says when a scope is due: when a schedule, an override or a deployment ends something there, or it is not known how it stands.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, TypeVar

from controller.decisions.evaluator import power_rules_of
from controller.decisions.power_map import PowerMap, power_map
from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import new_run_id
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import ScopeSetup, environments_of
from controller.engine.live.planner import LivePlanOptions
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciler
from controller.engine.reconcile.run_report import Followed
from controller.events import Emit, discard_event
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Requester
from controller.model.live import LiveLook
from controller.model.observed import ScopeState, ScopeStatus
from controller.model.plan import NoteCategory
from controller.scheduling.decision import tag_value
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import InvalidSchedule, Schedule
from controller.scheduling.until import parse_override_tag
from controller.scheduling.wakeups import Wakeups
from controller.targets.power import TARGET

T = TypeVar("T")

POSTPONED_FOR: Final = timedelta(minutes=5)
"""What waits (a deployment, a grace period, something stuck) is looked at again after this."""


_WAITING: Final = frozenset({NoteCategory.POSTPONED, NoteCategory.STUCK, NoteCategory.WAITING})


class Watched(NamedTuple):
    """One schedule of one scope: of an environment, of a role of it (``c50/web``), or of a tag, by its text."""

    scope: str
    kind: str
    name: str


class WhyDue(NamedTuple):
    """What made a scope due: the same on every machine that watches, whenever its ticks come."""

    at: datetime | None = None
    """The last moment that has passed."""
    sequence: int | None = None
    """Of the config scope, where something new was accepted with it."""

    @property
    def bucket(self) -> str:
        """Return what the deduplication id of a work for it is made of. Of what is accepted whole looks are asked for besides."""
        return f"accepted-{self.sequence}" if self.at is None else f"at-{self.at.timestamp():.0f}"

    def also(self, other: "WhyDue") -> "WhyDue":
        """Return both as one."""
        moments = [at for at in (self.at, other.at) if at is not None]
        sequences = [known for known in (self.sequence, other.sequence) if known is not None]
        return WhyDue(max(moments, default=None), max(sequences, default=None))


class Asked(NamedTuple):
    """A scope that was asked for: why, and when."""

    why: WhyDue
    at: datetime

    def is_answered(self, status: ScopeStatus | None) -> bool:
        """Tell whether somebody has worked on it since it was due."""
        if status is None:
            return False
        if status.tried_at >= (self.why.at or self.at):
            return True
        # When another machine came to know of what is accepted is not known here.
        sequence = self.why.sequence
        return self.why.at is None and sequence is not None and status.planned_from >= sequence


class PowerAgenda:
    """A heap of the next changes of all schedules. Not for several threads at once."""

    def __init__(self) -> None:
        """Begin with nothing to watch."""
        self._wakeups: Wakeups[Watched] = Wakeups()
        self._schedules: dict[Watched, Schedule] = {}
        self._moments: dict[str, set[datetime]] = {}
        """Of each scope the moments besides: ends of overrides, ends of waiting."""
        self._due: dict[str, WhyDue] = {}
        self._asked: dict[str, Asked] = {}
        """Scopes that are asked for, and that nobody here has looked at."""

    def watch(self, accepted: AcceptedState, setups: Iterable[ScopeSetup], now: datetime) -> None:
        """Watch what the accepted state says; a scope of which it says something new is due at once."""
        power = power_map(accepted)
        wanted: dict[Watched, Schedule] = {}
        scopes = [setup.scope for setup in setups]
        for scope in scopes:
            for name in environments_of(accepted, scope, accepted.options.default_region):
                wanted |= _of_environment(scope.name, name.lower(), power)
        ends = {
            override.until
            for override in accepted.overrides
            if override.until is not None and override.until > now
        }
        names = {scope.name for scope in scopes}
        new = self._replace(wanted, {"environment", "role"}, names, now)
        for name in names:
            known = self._moments.setdefault(name, set())
            if not ends <= known:
                known |= ends
                new.add(name)
        for name in new:
            self._mark(name, WhyDue(sequence=accepted.sequence))

    def learn(self, look: LiveLook, accepted: AcceptedState, now: datetime, *, waits: bool) -> None:
        """Watch the tags a look showed. ``waits``: something is to be looked at again soon; else the scope is done for now."""
        rules = power_rules_of(accepted.options)
        scope = look.scope.name
        wanted: dict[Watched, Schedule] = {}
        moments = {at for at in self._moments.get(scope, ()) if at > now}
        every = {instance.tags for instance in look.instances.values()}
        every |= {group.tags for group in look.groups.values()}
        for tags in every:
            text = tag_value(tags, rules.schedule_tag)
            schedule = _parsed(parse_schedule, text)
            if schedule is not None and schedule.fixed is None:
                wanted[Watched(scope, "tag", text)] = schedule
            until = _parsed(parse_override_tag, tag_value(tags, rules.override_tag))
            if until is not None and until > now:
                moments.add(until)
        if waits:
            moments.add(now + POSTPONED_FOR)
        self._moments[scope] = moments
        self._replace(wanted, {"tag"}, {scope}, now)
        self._due.pop(scope, None)
        self._asked.pop(scope, None)

    def failed(self, scope: str, now: datetime) -> None:
        """Let a scope that could not be worked on be due again soon."""
        self._moments.setdefault(scope, set()).add(now + POSTPONED_FOR)
        self._due.pop(scope, None)
        self._asked.pop(scope, None)

    def learn_from(self, followed: Followed, accepted: AcceptedState, now: datetime) -> None:
        """Watch what a run found in the scopes it followed, and what it left to be looked at again."""
        for scope, outcome in zip(followed.scopes, followed.outcomes, strict=True):
            # Power alone was asked for: where it has no part it could not see the scope.
            look = scope.view.look if scope.view.parts else None
            if look is None or outcome.exit_code:
                self.failed(scope.setup.scope.name, now)
            if look is None:
                continue
            waits = any(note.category in _WAITING for note in scope.notes) or any(
                scope_plan.state is ScopeState.REFUSED for scope_plan in scope.plans
            )
            goes_on = outcome.again_at is not None or bool(outcome.exit_code)
            self.learn(look, accepted, now, waits=waits or goes_on)

    def due(self, now: datetime) -> Mapping[str, WhyDue]:
        """Return why something is due, by scope, in the order of names. They stay due until ``learn`` is told of a look at them."""
        for wakeup in self._wakeups.due(now):
            self._mark(wakeup.key.scope, WhyDue(wakeup.at.astimezone(UTC)))
        for scope, moments in self._moments.items():
            passed = {at for at in moments if at <= now}
            if passed:
                self._moments[scope] = moments - passed
                self._mark(scope, WhyDue(max(passed)))
        return dict(sorted(self._due.items()))

    def asked(self, scope: str, now: datetime) -> None:
        """Take a scope that is due for asked for: by whoever works on it. It is to be checked soon, unless it is learned of."""
        self._asked[scope] = Asked(self._due.pop(scope), now)

    def unanswered(self, now: datetime) -> Mapping[str, Asked]:
        """Return, by scope, what was asked for a while ago, and that nobody here has looked at; once each."""
        late = {
            scope: asked for scope, asked in self._asked.items() if asked.at + POSTPONED_FOR <= now
        }
        for scope in late:
            del self._asked[scope]
        return late

    def next_at(self) -> datetime | None:
        """Return when something is due next, as far as is known; None if nothing is."""
        known = [at for moments in self._moments.values() for at in moments]
        first = self._wakeups.next_at()
        return min([*known, *([first] if first else [])], default=None)

    def _mark(self, scope: str, why: WhyDue) -> None:
        self._due[scope] = why.also(self._due.get(scope, WhyDue()))

    def _replace(
        self, wanted: Mapping[Watched, Schedule], kinds: set[str], scopes: set[str], now: datetime
    ) -> set[str]:
        """Watch these schedules in place of those of the same kinds and scopes; return the scopes in which that is something new."""
        new = set[str]()
        mine = {key for key in self._schedules if key.kind in kinds and key.scope in scopes}
        for key in mine - wanted.keys():
            self._wakeups.remove(key)
            del self._schedules[key]
            new.add(key.scope)
        for key, schedule in wanted.items():
            if self._schedules.get(key) != schedule:
                self._schedules[key] = schedule
                self._wakeups.put(key, schedule, now)
                new.add(key.scope)
        return new


def _of_environment(scope: str, name: str, power: PowerMap) -> dict[Watched, Schedule]:
    environment = power.environments.get(name)
    if environment is None:
        return {}
    found = {Watched(scope, "environment", name): environment.facts.schedule} | {
        Watched(scope, "role", f"{name}/{role}"): own.facts.schedule
        for role, own in environment.roles.items()
    }
    return {key: schedule for key, schedule in found.items() if isinstance(schedule, Schedule)}


def _parsed(parse: Callable[[str], T], text: str) -> T | None:
    """Return what a tag says; None where there is none, or none that can be read."""
    try:
        return parse(text) if text else None
    except InvalidSchedule:
        return None


class PowerRun:
    """Keeps the agenda between ticks. Not for several threads at once."""

    def __init__(self, accounts: LiveAccounts, claim: Claim, requester: Requester) -> None:
        """Take the live accounts, how their scopes are asked for, and who asks."""
        self.accounts = accounts
        self._claim, self._requester = claim, requester
        self.agenda = PowerAgenda()

    def watch(self, accepted: AcceptedState, now: datetime) -> None:
        """Take note of a (new) accepted state: scopes of which it says something new are due."""
        self.agenda.watch(accepted, self.accounts.scopes(accepted), now)

    def tick(
        self, accepted: AcceptedState, now: datetime, emit: Emit = discard_event
    ) -> Followed | None:
        """Switch what is due; None if nothing is. What is wrong with one scope is its outcome. Raises as planning."""
        due = tuple(self.agenda.due(now))
        if not due:
            return None
        followed = Reconciler(live=self.accounts, clock=lambda: now, emit=emit).follow(
            accepted,
            due,
            LivePlanOptions(now=now, targets=(TARGET.name,)),
            ReconcileRequest(requester=self._requester, claim=self._claim),
            new_run_id(now),
        )
        self.agenda.learn_from(followed, accepted, now)
        return followed
