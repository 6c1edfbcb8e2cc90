"""Instances run, stand by or are stopped as schedules, tags and overrides say."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from controller.decisions.evaluator import Evaluator, asks_for_stops, power_rules_of
from controller.decisions.power_map import PowerMap, power_map
from controller.decisions.schedule_memory import from_json, to_json
from controller.errors import EnvctlError
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes
from controller.model.live import LiveLook, LiveScope
from controller.model.observed import ObservedState
from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.ports import ActResult, Batch, LiveActs, LiveReads, Projected, Shaping
from controller.targets.power_parts.changes import batches_of, goals_of, results_of
from controller.targets.power_parts.drive import Drive, Pace
from controller.targets.power_parts.look_facts import look_of
from controller.targets.power_parts.memory_rows import read_memory
from controller.targets.power_parts.observing import observed_of, projection_of
from controller.targets.power_parts.power_changes import INSTANCE, PARKING, PowerChange, wishes_of
from controller.targets.power_parts.power_client import Ec2PowerClient
from controller.targets.power_parts.running_deployments import read_running

FRESH: Final = timedelta(seconds=30)
"""A look older than this is not acted on. What has changed since a fresh one AWS refuses, and the next look shows."""
DEPLOYMENTS: Final = "deployments"
"""Asked for when something is to be stopped: since when deployments run."""
SCHEDULES: Final = "schedules"
"""Asked for when something is to be switched: the schedules power last worked by."""


class Power:
    """The target ``power``."""

    name = "power"
    kinds = (INSTANCE, PARKING)
    summary = "Instances run, stand by or are stopped as schedules, tags and overrides say."

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._read: tuple[AcceptedState, PowerMap] | None = None
        self._seen: dict[str, LiveLook] = {}
        """Of each scope the last look planned from: what is acted on at once need not be looked at once more."""

    def observe(self, look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
        """Take the look as it is; nothing else is read before something is due."""
        self._seen[look.scope.name] = look
        return observed_of(look)

    def project(
        self, accepted: AcceptedState, scope: LiveScope, observed: ObservedState, now: datetime
    ) -> Projected:
        """Decide for every instance and group of the scope."""
        facts = observed.facts
        look = look_of(facts["look"], scope)
        deploying = {
            name: datetime.fromisoformat(since)
            for name, since in facts.get(DEPLOYMENTS, {}).items()
        }
        power = self.power_map(accepted)
        judge = Evaluator(look, power, now, power_rules_of(accepted.options), deploying)
        found = wishes_of(judge, look, from_json(facts.get(SCHEDULES) or {}), now)
        if not found.wishes:
            self._seen.pop(scope.name, None)
        asks = set()
        if found.wishes and SCHEDULES not in facts:
            asks.add(SCHEDULES)
        if DEPLOYMENTS not in facts and asks_for_stops(judge):
            asks.add(DEPLOYMENTS)
        projections = {wish.ref: _projection(wish) for wish in found.wishes}
        return Projected(
            projections=projections,
            origins={
                wish.ref: accepted.resources[ref].origin
                for wish in found.wishes
                if (ref := ResourceRef("Environment", wish.environment)) in accepted.resources
            },
            notes=found.notes,
            left=frozenset(observed.objects.keys() - projections.keys()),
            shapings={
                wish.ref: Shaping(
                    action=wish.action,
                    cause=wish.cause,
                    because=wish.because,
                    effects=wish.effects or None,
                )
                for wish in found.wishes
            },
            environments={wish.ref: wish.environment for wish in found.wishes},
            asks=frozenset(asks),
        )

    def answer(
        self, asks: frozenset[str], look: LiveLook, observed: ObservedState, reads: LiveReads
    ) -> ObservedState:
        """Read running deployments and the schedules last worked by, both kept in the master account."""
        client, prefix = reads.master("dynamodb"), reads.options.resource_prefix
        facts = dict(observed.facts)
        if DEPLOYMENTS in asks:
            running = read_running(client, prefix)
            facts[DEPLOYMENTS] = {name: since.isoformat() for name, since in running.items()}
        if SCHEDULES in asks:
            facts[SCHEDULES] = to_json(read_memory(client, prefix, reads.scope.name))
        return replace(observed, facts=facts)

    def act(self, change: Change, acts: LiveActs) -> ActResult:
        """Bring one object to where it is wanted."""
        result = self.act_together((change,), acts)[change.ref]
        if isinstance(result, EnvctlError):
            raise result
        return result

    def batches(self, changes: Sequence[Change]) -> tuple[Batch, ...]:
        """Give each environment one record for what stops and one for what starts."""
        return batches_of(changes)

    def act_together(
        self, changes: Sequence[Change], acts: LiveActs
    ) -> Mapping[ResourceRef, ActResult | EnvctlError]:
        """Drive everything to where it is wanted, in one go."""
        options = acts.options.power
        pace = Pace(
            steady_s=lambda: acts.now().timestamp(),
            sleep=acts.sleep,
            look_again_s=options.look_again_s,
            within_s=options.within_s,
        )
        hands = Ec2PowerClient(acts.scope, acts.client, acts.check, acts.now)
        look = self._seen.pop(acts.scope.name, None)
        is_fresh = look is not None and abs(acts.now() - look.at) <= FRESH
        drive = Drive(goals_of(changes), hands, pace)
        return results_of(changes, drive.run(look if is_fresh else None))

    def power_map(self, accepted: AcceptedState) -> PowerMap:
        """Return what an accepted state says about power; asked again for the same state it is not read again."""
        known = self._read
        if known is None or known[0] is not accepted:
            known = self._read = accepted, power_map(accepted)
        return known[1]


def _projection(wish: PowerChange) -> Projection:
    return projection_of(wish.ref, canonical_bytes(wish.after), canonical_bytes(wish.extra))


TARGET = Power()
