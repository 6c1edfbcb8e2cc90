"""Two who apply, one who overrides and one who changes things beside us, at random and in each other's midst.

What may happen to whoever applies: others act between plan and yes, or between two requests; it is killed, paused for longer than
a lease lasts, refused, or an answer gets lost. Every answer is compared with what tables, account and ledger then hold.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from controller.engine.reconcile.reconciler import Reconciled
from controller.errors import EnvctlError, ExitCode
from controller.model.accepted import AcceptedState
from controller.model.observed import CONFIG_SCOPE
from controller.model.plan import Change
from tests.support.late_writes import LateWrites
from tests.support.live_accounts import LiveEstate
from tests.support.outsider import Outsider
from tests.support.overrider import Overrider, accepted_in
from tests.support.people import Person
from tests.support.request_faults import RequestFaults
from tests.support.true_answers import broken_rules, not_followed, wrong_answers
from tests.support.walked_estate import SCOPES, next_turn_of_schedules
from tests.support.walked_fleet import ALWAYS, WalkedFleet, without_twins

APPLIERS: Final = ("ada", "bob")
LONGER_THAN_A_LEASE_S: Final = 70
TROUBLES: Final = (
    *("", "", "others", "others", "others", "lost", "refused", "paused"),
    *("an item of it", "killed before", "killed after"),
)
WRITES: Final = ("TransactWriteItems", "PutItem", "UpdateItem")
"""Where trouble is looked for as often as at all other requests together: what is written to tables."""
REFUSALS: Final = ("AccessDeniedException", "ProvisionedThroughputExceededException")


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


@dataclass
class RandomWalk:
    """``story`` says what was done, ``untrue`` which answers were not what was found."""

    estate: LiveEstate
    folder: Path
    faults: RequestFaults
    seed: int
    troubles: Sequence[str] = TROUBLES
    where: Sequence[str] = ("", *WRITES)
    """The operations at whose requests they happen; empty: at any."""
    fleet: WalkedFleet = field(default_factory=WalkedFleet)
    story: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    waiting: dict[str, WalkedFleet] = field(default_factory=dict)
    """Of whoever has a plan and has not said yes: the fleet it is of."""

    def __post_init__(self) -> None:
        """Let everybody begin."""
        self.random = Random(self.seed)
        self._lives = Counter[str]()
        self._acts_of_others = 0
        self._applying = set[str]()
        self._outsider = Outsider(self.estate, self.random)
        self._overrider = Overrider(self.estate, self.random)
        self._late = LateWrites(self.estate)
        for name in APPLIERS:
            self._lives_anew(name)

    def step(self) -> None:
        """Do one thing, and see whether the accepted state obeys the rules."""
        acts: list[Callable[[], None]] = [
            *(partial(self._plans_or_says_yes, name) for name in APPLIERS * 5),
            *(self._overrides, self._releases, self._changes_what_is_live),
            *(self._changes_an_item, self._time_passes),
        ]
        self.random.choice(acts)()
        self._looks()

    def accepted(self) -> AcceptedState:
        """Return what is accepted now, overrides laid over it."""
        return accepted_in(self.estate).accepted

    def _looks(self) -> None:
        """See whether anything is not as it has to be at any time."""
        self.untrue += broken_rules(self.accepted())
        self.untrue += self._outsider.lost_unseen()
        self.untrue += self._late.found()

    def _says(self, what: str) -> None:
        if what:
            self.story.append(f"{len(self.story)}. {what}")

    def _lives_anew(self, name: str) -> None:
        self._lives[name] += 1
        life = f"{name}-{self._lives[name]}"
        self.people[name] = Person(self.estate, self.folder / life, life)
        self.waiting.pop(name, None)

    def _plans_or_says_yes(self, name: str) -> None:
        if name in self._applying:
            return
        if name in self.waiting:
            self._applying.add(name)
            self._says_yes(name)
            self._applying.discard(name)
        else:
            self._plans(name)

    def _plans(self, name: str) -> None:
        """Plan an edit: one that is merged, or one of a branch."""
        edited = self._with_what_stays().edited(self.random)
        person = self.people[name]
        files = edited.files()
        gone = {
            path.name: None for path in person.folder.glob("*-*.yaml") if path.name not in files
        }
        try:
            person.plans({**gone, **files})
        except EnvctlError as error:
            self._says(f"{name} could not plan: {error}")
            return
        self._says(f"{name} plans {_listed(person.planned.plan.to_apply)}")
        self.waiting[name] = edited
        if self.random.random() < 0.5:
            self.fleet = edited

    def _says_yes(self, name: str) -> None:
        person, fleet = self.people[name], self.waiting.pop(name)
        before, others, turns_at = self._written(), self._acts_of_others, self._turns_at()
        self._says(f"{name} says yes{self._trouble(name)}")
        try:
            done = self._asked(person)
        except Killed:
            self._says(f"{name} is dead")
            self._lives_anew(name)
            return
        except EnvctlError as error:
            self._says(f"{name} is told: {error}")
            if self._acts_of_others == others and self._written() != before:
                self.untrue.append(f"{name}: wrote something and was told only: {error}")
            return
        if done.report is None:
            self._says(f"{name} is refused: {done.refused}")
            return
        outcomes = done.report.outcomes
        told = ", ".join(f"{found.change.ref} {found.status.value}" for found in outcomes)
        self._says(f"{name} is told {done.exit_code.name}: {told} {done.report.stopped}")
        alone = self._acts_of_others == others
        answers = list(wrong_answers(self.estate, done, alone=alone))
        if alone and self.estate.clock.now < turns_at:
            answers += not_followed(self.estate, outcomes)
        self.untrue += [f"{name}: {answer}" for answer in answers]
        if done.exit_code is ExitCode.DONE:
            self.fleet = fleet

    def _turns_at(self) -> datetime:
        """Return when a schedule or an override asks for something else next."""
        now, overrides = self.estate.clock.now, self.accepted().overrides
        ends = [override.until for override in overrides if override.until]
        return min([next_turn_of_schedules(now), *ends])

    def _asked(self, person: Person) -> Reconciled:
        try:
            return person.says_yes()
        finally:
            self.faults.clear()

    def _trouble(self, name: str) -> str:
        """Let something happen at one of the next requests; say what."""
        kind, operation = self.random.choice(self.troubles), self.random.choice(self.where)
        nth = self.random.randint(1, 6 if operation else 60)

        def die() -> None:
            # Nothing that follows is sent either.
            self.faults.at("", times=None, before=die)
            raise Killed

        def by_others(act: Callable[[], None]) -> None:
            # What a process keeps of the thread it is in is no concern of another's.
            with ThreadPoolExecutor(1) as of_others:
                of_others.submit(act).result()

        at = partial(self.faults.at, operation, nth)
        if kind == "killed before":
            at(before=die)
        elif kind == "killed after":
            at(after=die)
        elif kind == "paused":
            at(before=partial(self.estate.clock.sleep, LONGER_THAN_A_LEASE_S))
        elif kind == "others":
            at(before=partial(by_others, partial(self._others_act, name)))
        elif kind == "an item of it":
            self._changes_what_is_applied(name)
        elif kind == "lost":
            at(lose_answer=True)
        elif kind == "refused":
            at(code=self.random.choice(REFUSALS))
        return f" ({kind} at {operation or 'request'} {nth})" if kind else ""

    def _others_act(self, name: str) -> None:
        """Let the others do three things while somebody applies, half of the time for longer than a lease lasts."""
        self._acts_of_others += 1
        if self.random.random() < 0.5:
            self.estate.clock.sleep(LONGER_THAN_A_LEASE_S)
        (other,) = (applier for applier in APPLIERS if applier != name)
        acts: list[Callable[[], None]] = [
            *[partial(self._plans_or_says_yes, other)] * 3,
            *(self._overrides, self._changes_what_is_live, self._changes_an_item),
        ]
        for _ in range(3):
            self.random.choice(acts)()
        self._looks()

    def _overrides(self) -> None:
        self._acts_of_others += 1
        self._says(self._overrider.overrides())
        self._takes_over(self._overrider.untrue)

    def _releases(self) -> None:
        self._acts_of_others += 1
        self._says(self._overrider.releases())
        self._takes_over(self._overrider.untrue)

    def _takes_over(self, untrue: list[str]) -> None:
        self.untrue += untrue
        untrue.clear()

    def _changes_what_is_live(self) -> None:
        self._acts_of_others += 1
        outsider = self._outsider
        act = self.random.choice([outsider.changes_a_parameter, outsider.changes_a_group])
        self._says(act())

    def _changes_an_item(self) -> None:
        self._acts_of_others += 1
        accepted = {ref.key for ref in self.accepted().of_kind("Service")}
        self._says(self._outsider.changes_an_item(accepted))

    def _changes_what_is_applied(self, name: str) -> None:
        self._acts_of_others += 1
        changes = self.people[name].planned.plan.to_apply
        self._says(self._outsider.changes_an_item({change.ref.key for change in changes}))

    def _time_passes(self) -> None:
        seconds = self.random.choice([5, 61, 300, 600])
        self.estate.clock.sleep(seconds)
        self._says(f"{seconds} s pass: {self.estate.clock.now:%H:%M:%S}")

    def last_merged(self) -> WalkedFleet:
        """Return a fleet that may be applied after all, with what branches brought that never were merged, and what others deleted."""
        accepted, fleet = self.accepted(), self._with_what_stays()
        there = {ref.key: accepted.specs[ref].owning_cluster for ref in accepted.of_kind("Service")}
        deleted = dict.fromkeys(self._outsider.deleted, ALWAYS[0])
        services = {**deleted, **fleet.services, **there}
        return replace(fleet, services=services, clusters=fleet.clusters | set(there.values()))

    def _with_what_stays(self) -> WalkedFleet:
        """Return the fleet as it fits to what branches brought: environments, which end only retired, and ports, taken for good."""
        environments = {**self.wanted_owners(), **self.fleet.environments}
        services = self.fleet.services
        for name in self._outsider.services():
            services = without_twins(services, name)
        return replace(
            self.fleet,
            environments=environments,
            services=services,
            clusters=self.fleet.clusters | set(environments.values()),
        )

    def wanted_owners(self) -> dict[str, str]:
        """Return who owns each environment, as is accepted."""
        accepted = self.accepted()
        refs = accepted.of_kind("Environment")
        return {ref.key: accepted.specs[ref].owning_cluster for ref in refs}

    def _written(self) -> int:
        """Return how many records there are, of all scopes."""
        return sum(len(self.estate.records(scope)) for scope in (CONFIG_SCOPE, *SCOPES.values()))


def _listed(changes: tuple[Change, ...]) -> str:
    return ", ".join(f"{change.action} {change.ref}" for change in changes) or "nothing"
