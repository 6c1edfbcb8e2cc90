"""Instances run, stand by or are stopped as schedules, tags and overrides say."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

import orjson

from controller.aws.items import to_wire
from controller.aws.tables import DynamoStore
from controller.aws.transactions import PutWrite
from controller.decisions.evaluator import Evaluator, power_rules_of
from controller.decisions.power_map import power_map
from controller.decisions.schedule_memory import NOTHING_KNOWN, ScheduleMemory, from_json, to_json
from controller.decisions.tag_keys import PARKED
from controller.errors import EnvctlError
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes, digest, parse_canonical
from controller.model.live import LiveLook
from controller.model.observed import Observation, ObservedState, Ownership, ScopeState
from controller.model.plan import Change, Note, NoteCategory
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.ports import ActResult, LiveActs, LiveReads, Projected, TargetCounts
from controller.targets.power_parts.drive import Drive, Pace
from controller.targets.power_parts.patience import Patience
from controller.targets.power_parts.power_changes import (
    INSTANCE,
    PARKING,
    instance_attributes,
    parking_attributes,
    power_changes_of,
)
from controller.targets.power_parts.power_client import Ec2PowerClient
from controller.targets.power_parts.rounds import batches_of, goals_of, results_of
from controller.targets.power_parts.running_deployments import DEPLOYMENTS_TABLE, read_running
from controller.targets.table_items.definitions import STATE_TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX: Final = "power#"


def read_memory(client: "DynamoDBClient", prefix: str, scope: str) -> ScheduleMemory:
    """Return what is remembered for a scope; nothing where there is no row. Raises as any read."""
    row = DynamoStore(client).get(prefix + STATE_TABLE.name, {"Id": PREFIX + scope})
    try:
        return from_json(orjson.loads(str(row["Schedules"]))) if row else NOTHING_KNOWN
    except (KeyError, orjson.JSONDecodeError):
        return NOTHING_KNOWN


def write_memory(client: "DynamoDBClient", prefix: str, scope: str, memory: ScheduleMemory) -> None:
    """Remember schedules for a scope. Not conditional: whoever worked last knows. Raises as any write."""
    text = orjson.dumps(to_json(memory)).decode()
    row = to_wire({"Id": PREFIX + scope, "Schedules": text})
    DynamoStore(client).write(PutWrite(prefix + STATE_TABLE.name, row))


DEPLOYMENTS: Final = "deployments"
"""Asked for when something is to be stopped: since when deployments run."""
UNREAD: Final = "deploymentsUnread"
"""Why not all of them could be read."""
JUDGED: Final = "judged"
"""What every instance and group is to be, while nothing is known of deployments."""
SCHEDULES: Final = "schedules"
"""Asked for when something is to be switched: the schedules power last worked by."""
_ON: Final = frozenset({"running", "pending"})
_BECOMES: Final = {"start": "running", "stop": "stopped"}


class Power:
    """The target ``power``."""

    name = "power"
    kinds = (INSTANCE, PARKING)
    summary = "Instances run, stand by or are stopped as schedules, tags and overrides say."

    def observe(self, look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
        """Take every instance and group of the look; nothing else is read before something is due.

        None is anybody's in particular: what may be switched is for schedules to say.
        """
        del reads, deep
        scope = look.scope.name
        places = {
            member.instance_id: member.lifecycle
            for group in look.groups.values()
            for member in group.members
        }
        objects = {}
        for instance_id, instance in look.instances.items():
            ref = ResourceRef(INSTANCE, f"{scope}/{instance_id}")
            attributes, sum_of = _observed_instance(instance.state, places.get(instance_id))
            objects[ref] = Observation(ref, attributes, sum_of, None, Ownership.OURS, attributes)
        for name, group in look.groups.items():
            ref = ResourceRef(PARKING, f"{scope}/{name}")
            parked = group.tag(PARKED) is not None
            found = parking_attributes(group.minimum, group.suspended, parked=parked)
            attributes = canonical_bytes(found)
            sum_of = digest(attributes)
            objects[ref] = Observation(ref, attributes, sum_of, None, Ownership.OURS, attributes)
        return ObservedState(scope, ScopeState.OK, objects)

    def project(
        self, accepted: AcceptedState, look: LiveLook, observed: ObservedState, now: datetime
    ) -> Projected:
        """Decide for every instance and group of the scope."""
        facts = observed.facts
        rules = power_rules_of(accepted.options)
        evaluator, deploying = facts.get(JUDGED), facts.get(DEPLOYMENTS)
        if evaluator is None or deploying:
            evaluator = Evaluator(look, power_map(accepted), now, rules, deploying)
        found = power_changes_of(evaluator, look, facts.get(SCHEDULES, NOTHING_KNOWN), now)
        notes = found.notes
        if facts.get(UNREAD):
            table = ResourceRef("Table", accepted.options.resource_prefix + DEPLOYMENTS_TABLE)
            text = f"stops wait an hour at most for deployments that are not known: {facts[UNREAD]}"
            notes = (*notes, Note(NoteCategory.UNREAD, table, text))
        asks = {SCHEDULES} if found.changes else set()
        if found.stops:
            asks.add(DEPLOYMENTS)
        members: dict[str, tuple[int, int]] = {}
        for judged in evaluator.instances:
            on, all_of_it = members.get(judged.environment, (0, 0))
            members[judged.environment] = (on + (judged.instance.state in _ON), all_of_it + 1)
        members.pop("", None)
        projections = {}
        for change in found.changes:
            attributes = canonical_bytes(change.after)
            extra = canonical_bytes({"environment": change.environment, **change.extra})
            # Never equal to what was found, as that would not be a change.
            sum_of = digest(attributes + extra)
            projections[change.ref] = Projection(change.ref, attributes, extra, sum_of)
        return Projected(
            projections=projections,
            origins={
                change.ref: accepted.resources[ref].origin
                for change in found.changes
                if (ref := ResourceRef("Environment", change.environment)) in accepted.resources
            },
            notes=notes,
            left=frozenset(observed.objects.keys() - projections.keys()),
            shapings={change.ref: change.shaping for change in found.changes},
            environments={change.ref: change.environment for change in found.changes},
            asks=frozenset(asks - facts.keys()),
            facts={JUDGED: evaluator},
            members=members,
            waits_for_environment=False,
        )

    def answer(
        self, asks: frozenset[str], look: LiveLook, observed: ObservedState, reads: LiveReads
    ) -> ObservedState:
        """Read running deployments and the schedules last worked by, both kept in the master account."""
        client, prefix = reads.master("dynamodb"), reads.options.resource_prefix
        facts = dict(observed.facts)
        if DEPLOYMENTS in asks:
            running = reads.once(DEPLOYMENTS, partial(read_running, client, prefix))
            facts |= {DEPLOYMENTS: running.since, UNREAD: running.unread}
        if SCHEDULES in asks:
            facts[SCHEDULES] = read_memory(client, prefix, look.scope.name)
        return replace(observed, facts=facts)

    batches = staticmethod(batches_of)

    def act_together(
        self, changes: Sequence[Change], acts: LiveActs
    ) -> Mapping[ResourceRef, ActResult | EnvctlError]:
        """Bring everything towards where it is wanted, as far as AWS gets within seconds; a later look tells the rest."""
        options = acts.options.power
        pace = Pace(
            sleep=acts.sleep,
            look_again_s=options.look_again_s,
            within_s=options.within_s,
            since_s=None if acts.waits_since is None else acts.waits_since.timestamp(),
        )
        patience = Patience(lambda: acts.now().timestamp())
        drive = Drive(goals_of(changes), Ec2PowerClient(acts), pace, patience)
        outcomes = drive.run(acts.look)
        return results_of(changes, outcomes, options.look_again_s)

    def counts(
        self, observed: ObservedState, left: Sequence[Change], done: Sequence[Change]
    ) -> TargetCounts:
        """Count the instances that are on and off, those still to be switched, and of them those to be started."""
        states = {
            ref: str(parse_canonical(found.attributes)["state"])
            for ref, found in observed.objects.items()
            if ref.kind == INSTANCE
        }
        for change in done:
            if change.ref in states and change.action in _BECOMES:
                states[change.ref] = _BECOMES[change.action]
        on = sum(state in _ON for state in states.values())
        to_switch = [change for change in left if change.ref.kind == INSTANCE]
        return TargetCounts(
            instances_on=on,
            instances_off=len(states) - on,
            to_switch=len(to_switch),
            to_start=sum(change.action == "start" for change in to_switch),
        )


@lru_cache(maxsize=256)
def _observed_instance(state: str, lifecycle: str | None) -> tuple[bytes, str]:
    attributes = canonical_bytes(instance_attributes(state, lifecycle))
    return attributes, digest(attributes)


TARGET = Power()
