"""Two who apply, one who overrides and one who changes things beside us, at random and in each other's midst.

What may happen to whoever applies: others act between plan and yes, or between two requests; it is killed, paused for longer than
a lease lasts, refused, or an answer gets lost. Every answer is compared with what tables, account and ledger then hold.
"""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from controller.engine.overrides.service import OverrideAsked, Overrides
from controller.engine.power.fleet import accepted_now
from controller.engine.reconcile.reconciler import Reconciled
from controller.errors import EnvctlError, ExitCode
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Requester
from controller.model.observed import CONFIG_SCOPE
from controller.model.plan import Change
from tests.support.extension_targets.owners import FOLDER
from tests.support.live_accounts import SCOPE, LiveEstate
from tests.support.people import Person
from tests.support.request_faults import RequestFaults
from tests.support.true_answers import broken_rules, owner_parameters, wrong_answers
from tests.support.walked_fleet import ALWAYS, WalkedFleet, without_twins

SETTINGS: Final = """
targets: {others: {owners: enforce}}
guards: {maxDeletes: 100, smallMaxDeletes: 100, maxDeleteShare: 1.0, maxUpdateShare: 1.0}
"""
APPLIERS: Final = ("ada", "bob")
LONGER_THAN_A_LEASE_S: Final = 70
TROUBLES: Final = (
    *("", "", "others", "others", "lost", "refused", "paused"),
    *("killed before", "killed after"),
)
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
    fleet: WalkedFleet = field(default_factory=WalkedFleet)
    story: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    waiting: dict[str, WalkedFleet] = field(default_factory=dict)
    """Of whoever has a plan and has not said yes: the fleet it is of."""

    def __post_init__(self) -> None:
        """Let both who apply begin."""
        self.random = Random(self.seed)
        self._lives = Counter[str]()
        self._meddled = 0
        self._applying = set[str]()
        self._deleted = set[str]()
        for name in APPLIERS:
            self._lives_anew(name)

    def step(self) -> None:
        """Do one thing, and see whether the accepted state obeys the rules."""
        acts: list[Callable[[], None]] = [
            *(partial(self._plans_or_says_yes, name) for name in APPLIERS * 4),
            *(self._overrides, self._releases, self._meddles_in_the_account),
            *(self._meddles_in_the_tables, self._time_passes),
        ]
        self.random.choice(acts)()
        self.untrue += broken_rules(self.accepted())

    def accepted(self) -> AcceptedState:
        """Return what is accepted now, overrides laid over it."""
        live = self.estate.live()
        return accepted_now(self.estate.installation, self.estate.clock.now, live).accepted

    def _says(self, what: str) -> None:
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
        before, meddled = self._written(), self._meddled
        self._says(f"{name} says yes{self._trouble(name)}")
        try:
            done = self._asked(person)
        except Killed:
            self._says(f"{name} is dead")
            self._lives_anew(name)
            return
        except EnvctlError as error:
            self._says(f"{name} is told: {error}")
            if self._meddled == meddled and self._written() != before:
                self.untrue.append(f"{name}: wrote something and was told only: {error}")
            return
        if done.report is None:
            self._says(f"{name} is refused: {done.refused}")
            return
        outcomes = done.report.outcomes
        told = ", ".join(f"{found.change.ref} {found.status.value}" for found in outcomes)
        self._says(f"{name} is told {done.exit_code.name}: {told} {done.report.stopped}")
        answers = wrong_answers(self.estate, done, alone=self._meddled == meddled)
        self.untrue += [f"{name}: {answer}" for answer in answers]
        if done.exit_code is ExitCode.DONE:
            self.fleet = fleet

    def _asked(self, person: Person) -> Reconciled:
        try:
            return person.says_yes()
        finally:
            self.faults.clear()

    def _trouble(self, name: str) -> str:
        """Let something happen at one of the next requests; say what."""
        kind, nth = self.random.choice(TROUBLES), self.random.randint(1, 30)

        def die() -> None:
            raise Killed

        def others() -> None:
            # What a process keeps of the thread it is in is no concern of another's.
            with ThreadPoolExecutor(1) as of_others:
                of_others.submit(self._others_act, name).result()

        at = partial(self.faults.at, "", nth)
        if kind == "killed before":
            at(times=None, before=die)
        elif kind == "killed after":
            at(after=die)
            self.faults.at("", nth + 1, times=None, before=die)
        elif kind == "paused":
            at(before=partial(self.estate.clock.sleep, LONGER_THAN_A_LEASE_S))
        elif kind == "others":
            at(before=others)
        elif kind == "lost":
            at(lose_answer=True)
        elif kind == "refused":
            at(code=self.random.choice(REFUSALS))
        return f" ({kind} at request {nth})" if kind else ""

    def _others_act(self, name: str) -> None:
        """Let the others do three things while somebody applies, half of the time for longer than a lease lasts."""
        self._meddled += 1
        if self.random.random() < 0.5:
            self.estate.clock.sleep(LONGER_THAN_A_LEASE_S)
        (other,) = (applier for applier in APPLIERS if applier != name)
        acts: list[Callable[[], None]] = [
            *[partial(self._plans_or_says_yes, other)] * 2,
            *(self._overrides, self._meddles_in_the_account, self._meddles_in_the_tables),
        ]
        for _ in range(3):
            self.random.choice(acts)()

    def _overrides(self) -> None:
        self._meddled += 1
        accepted = self.accepted()
        refs = [*accepted.of_kind("Environment"), *accepted.of_kind("Service")]
        clusters = [ref.key for ref in accepted.of_kind("Cluster")]
        if not refs:
            return
        ref, owner = self.random.choice(refs), self.random.choice(clusters)
        until = self.estate.clock.now + timedelta(seconds=self.random.randint(30, 600))
        asked = OverrideAsked(
            what=str(ref),
            assignments=(f"owningCluster={owner}",),
            until=until.isoformat(),
            until_git=False,
            reason="trial",
        )
        made = self._overrider()
        try:
            prepared = made.prepare(asked, lambda _: "")
            made.carry_out(prepared)
        except EnvctlError as error:
            self._says(f"an override of {ref} by {owner} is refused: {error}")
            return
        self._says(f"{ref} is overridden: owner {owner} until {until:%H:%M:%S}")
        known = {override.id for override in self.accepted().overrides}
        if not known >= {override.id for override in prepared.overrides}:
            self.untrue.append(f"the override of {ref} was made, and is not there")

    def _releases(self) -> None:
        self._meddled += 1
        held = self.accepted().overrides
        if not held:
            return
        override, made = self.random.choice(held), self._overrider()
        try:
            made.carry_out(made.to_release(override.id))
        except EnvctlError as error:
            self._says(f"the override of {override.ref} is not released: {error}")
            return
        self._says(f"the override of {override.ref} is released")
        if override.id in {left.id for left in self.accepted().overrides}:
            self.untrue.append(f"the override of {override.ref} was released, and holds")

    def _overrider(self) -> Overrides:
        estate, now = self.estate, self.estate.clock.now
        state = accepted_now(estate.installation, now, estate.live())
        return Overrides(state, now, Requester("olga", "override"))

    def _meddles_in_the_account(self) -> None:
        """Delete, change or replace a parameter of ours."""
        self._meddled += 1
        ssm, owners = self.estate.client("ssm"), owner_parameters(self.estate)
        if not owners:
            return
        name = self.random.choice(sorted(owners))
        what = self.random.choice(["deleted", "changed", "replaced"])
        if what == "deleted":
            ssm.delete_parameters(Names=[FOLDER + name])
        else:
            value = {**owners[name], "owner": "Mallory"}
            text = json.dumps(value) if what == "changed" else "Mallory"
            ssm.put_parameter(Name=FOLDER + name, Value=text, Type="String", Overwrite=True)
        self._says(f"somebody else has {what} the parameter of {name}")

    def _meddles_in_the_tables(self) -> None:
        """Change an attribute of a service's item, or delete it."""
        self._meddled += 1
        master = self.estate.installation.master
        accepted = {ref.key for ref in self.accepted().of_kind("Service")}
        found = {
            ref: item
            for ref, item in self._items_of_services().items()
            if item["ServiceName"]["S"] in accepted
        }
        if not found:
            return
        ref = self.random.choice(sorted(found))
        table, key = found[ref]["table"], found[ref]["key"]
        what = self.random.choice(["deleted", "changed"]) if "Solo" in ref else "changed"
        if what == "deleted":
            self._deleted.add(found[ref]["ServiceName"]["S"])
            master.client.delete_item(TableName=table, Key=key)
        else:
            master.client.update_item(
                TableName=table,
                Key=key,
                UpdateExpression="SET #value.RunbookUrl = :it",
                ExpressionAttributeNames={"#value": "Value"},
                ExpressionAttributeValues={":it": {"S": f"https://{self._meddled}.example"}},
            )
        self._says(f"somebody else has {what} the item of {ref}")

    def _items_of_services(self) -> dict[str, dict[str, Any]]:
        master = self.estate.installation.master
        (table,) = master.kinds["Service"].tables
        physical = table.prefixed(master.settings.resource_prefix).name
        names = [key.name for key in (table.hash_key, table.range_key) if key]
        return {
            json.dumps([item[name] for name in names], sort_keys=True): {
                "table": physical,
                "key": {name: item[name] for name in names},
                **item,
            }
            for item in master.client.scan(TableName=physical)["Items"]
        }

    def _time_passes(self) -> None:
        seconds = self.random.choice([5, 61, 300])
        self.estate.clock.sleep(seconds)
        self._says(f"{seconds} s pass")

    def last_merged(self) -> WalkedFleet:
        """Return a fleet that may be applied after all, with what branches brought that never were merged, and what others deleted."""
        accepted, fleet = self.accepted(), self._with_what_stays()
        there = {ref.key: accepted.specs[ref].owning_cluster for ref in accepted.of_kind("Service")}
        services = {**dict.fromkeys(self._deleted, ALWAYS[0]), **fleet.services, **there}
        return replace(fleet, services=services, clusters=fleet.clusters | set(there.values()))

    def _with_what_stays(self) -> WalkedFleet:
        """Return the fleet as it fits to what branches brought: environments, which end only retired, and ports, taken for good."""
        environments = {**self.wanted_owners(), **self.fleet.environments}
        services = self.fleet.services
        for item in self._items_of_services().values():
            services = without_twins(services, item["ServiceName"]["S"])
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
        return len(self.estate.records(CONFIG_SCOPE)) + len(self.estate.records(SCOPE))


def _listed(changes: tuple[Change, ...]) -> str:
    return ", ".join(f"{change.action} {change.ref}" for change in changes) or "nothing"
