"""Why an instance, a group or an environment is on or off: everything gathered for one explanation."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from controller.decisions.evaluator import LEFT_OUT, power_rules_of
from controller.decisions.power_map import power_map
from controller.engine.live.observe import ScopeSetup
from controller.engine.power.fleet import (
    GROUP,
    INSTANCE,
    AcceptedNow,
    FleetEvaluation,
    ScopeEvaluation,
    evaluate_looks,
    power_mode,
    protecting_type,
    scope_of_environment,
)
from controller.engine.queries.explain.explanation import (
    Block,
    BlockCode,
    Explanation,
    LastChange,
    LedgerQuestions,
    NextChange,
    NextStep,
    PowerFacts,
    StepKind,
    Subject,
    deciding_documents,
    owner_of,
)
from controller.errors import WrongUsage
from controller.ledger.ownership import is_ours_by_history
from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook
from controller.model.ref import ResourceRef
from controller.scheduling.decision import Decision, decide
from controller.scheduling.facts import EnvironmentFacts, InstanceFacts, Level, Source
from controller.scheduling.schedule import Schedule, ScheduleNeverRuns, State
from controller.scheduling.timeline import next_change
from controller.scheduling.wall_clock import zone_of
from controller.targets.power_parts.power_changes import PARKING


@dataclass(frozen=True, slots=True)
class Found:
    """What is explained, as it was found. ``look`` holds nothing else."""

    ref: ResourceRef
    subject: Subject
    setup: ScopeSetup
    look: LiveLook
    states: Mapping[str, int]
    """EC2 states of the instances it is, or has."""
    lifecycle: str = ""
    """The instance's state in its group."""
    groups: int = 0
    """How many groups an environment's instances are in."""


def found_object(ref: ResourceRef, state: AcceptedNow, fleet: FleetEvaluation) -> Found:
    """Return an object with what is around it. Raises WrongUsage for an environment whose place cannot be told."""
    if ref.kind == "Environment":
        return _environment(ref, state, fleet)
    scope, _, name = ref.key.rpartition("/")
    seen = fleet.scopes[scope]
    if ref.kind == GROUP:
        return _group(ref, seen, name)
    found = next(instance for instance in seen.instances if instance.instance.instance_id == name)
    group = seen.look.groups.get(found.group)
    role = found.role.facts.name if found.role else ""
    return Found(
        ref,
        Subject(found.environment, role, found.group, name),
        seen.setup,
        replace(
            seen.look,
            groups={found.group: group} if group else {},
            instances={name: found.instance},
        ),
        {found.instance.state: 1},
        found.lifecycle or "",
    )


def _group(ref: ResourceRef, seen: ScopeEvaluation, name: str) -> Found:
    found = seen.groups[name]
    members = {
        member.instance.instance_id: member.instance
        for member in seen.instances
        if member.group == name
    }
    role = found.role.facts.name if found.role else ""
    return Found(
        ref,
        Subject(found.environment, role, name),
        seen.setup,
        replace(seen.look, groups={name: found.group}, instances=members),
        Counter(member.state for member in members.values()),
    )


def _environment(ref: ResourceRef, state: AcceptedNow, fleet: FleetEvaluation) -> Found:
    accepted = state.accepted
    setup = scope_of_environment(ref.key, accepted, state.accounts.scopes(accepted))
    if setup is None:
        raise WrongUsage(f"{ref}: {accepted.unreadable.get(ref, 'its account cannot be told')}")
    seen = fleet.scopes.get(setup.scope.name)
    look = seen.look if seen else LiveLook(setup.scope, datetime.min.replace(tzinfo=UTC))
    members = [
        member for member in (seen.instances if seen else ()) if member.environment == ref.key
    ]
    groups = {member.group for member in members if member.group}
    return Found(
        ref,
        Subject(ref.key),
        setup,
        replace(
            look,
            groups={name: group for name, group in look.groups.items() if name in groups},
            instances={member.instance.instance_id: member.instance for member in members},
        ),
        Counter(member.instance.state for member in members),
        groups=len(groups),
    )


_AS_A_WHOLE: Final = InstanceFacts("", "running")
"""The member that stands for an environment as such."""
_SHARED: Final = frozenset({"DeploymentMap", "Schedule", "Calendar"})
"""Kinds of which an override may change what many environments follow."""


SHOWN: Final = 3
"""Changes to come that are told."""
MOST_MOMENTS: Final = 80
"""Moments looked at: schedules that are not followed change too."""
_TOLD: Final = frozenset({State.ON, State.OFF, State.NOSCHEDULE})


class PowerExplainer:
    """Explains one object at one moment, which may be to come."""

    def __init__(
        self, state: AcceptedNow, fleet: FleetEvaluation, at: datetime, now: datetime
    ) -> None:
        """Take the accepted state, what was seen and decided, the moment asked about, and that of the look."""
        self._state = state
        self._fleet = fleet
        self._at = at
        self._now = now
        self._ledger = LedgerQuestions(state.accounts.installation, at)

    def explain(self, ref: ResourceRef) -> Explanation:
        """Return the answer. Raises WrongUsage for what is not there, and as asking the ledger."""
        found = found_object(ref, self._state, self._fleet)
        accepted = self._accepted(self._at)
        decision = self._decision(found, accepted, self._at)
        # As written: an override of its schedule is told as one.
        state, name = self._state.accepted, found.subject.environment.lower()
        known_environment = power_map(state).environments.get(name)
        written = power_map(state.written).environments.get(name, known_environment)
        environment = written.facts if known_environment and written else None
        if environment is None:
            known = is_ours_by_history(
                self._state.accounts.installation.ledger.of_item(ref.kind, ref.key, None)
            )
            power = self._power(found, decision, None, accepted, known_as_ours=known)
            blocks: tuple[Block, ...] = (
                Block(BlockCode.DECISION, detail=str(decision.reason or "")),
            )
            return Explanation(
                ref=ref,
                at=self._at,
                now=self._now,
                power=power,
                last=LastChange(None),
                blocks=blocks,
            )
        held = found.subject.refs(found.setup.scope.name)
        return Explanation(
            ref=ref,
            at=self._at,
            now=self._now,
            zone=next(
                (
                    zone_of(schedule.zone)
                    for schedule in (environment.schedule, decision.schedule)
                    if isinstance(schedule, Schedule) and schedule.fixed is None
                ),
                UTC,
            ),
            power=self._power(found, decision, environment, accepted),
            last=self._last_change(found),
            written=tuple(
                deciding_documents(decision.deciding, found.subject, accepted, self._ledger)
            ),
            overrides=tuple(override for override in accepted.overrides if override.ref in held),
            blocks=tuple(self._blocks(found, decision)),
            information=tuple(self._information(found.subject.environment)),
            steps=tuple(self._steps(found, decision)),
        )

    def _accepted(self, at: datetime) -> AcceptedState:
        """Return what is accepted at a moment: only overrides that end make it another one."""
        if at == self._now:
            return self._state.accepted
        seen = self._state.seen
        return self._state.accounts.accepted(
            seen.scopes[0], at, seen.overrides, self._state.accepted.revision
        )

    def _decision(self, found: Found, accepted: AcceptedState, at: datetime) -> Decision:
        """Return what is decided at a moment: at that of the look it was decided before."""
        if found.ref.kind == "Environment":
            power, rules = power_map(accepted), power_rules_of(accepted.options)
            name = found.subject.environment
            if rules.leave_out(name, found.setup.scope):
                return LEFT_OUT
            known = power.environments.get(name.lower())
            return decide(
                _AS_A_WHOLE,
                None,
                known.facts if known else None,
                at,
                overrides=power.overrides("", "", name.lower()),
                rules=rules,
            )
        fleet = self._fleet
        if at != self._now:
            looks = [(found.setup, found.look)]
            fleet = evaluate_looks(looks, accepted, at, self._fleet.deploying)
        seen = fleet.scopes[found.setup.scope.name]
        if found.ref.kind == GROUP:
            return seen.groups[found.subject.group].decision
        name = found.subject.instance
        return next(
            instance.decision
            for instance in seen.instances
            if instance.instance.instance_id == name
        )

    def _power(
        self,
        found: Found,
        decision: Decision,
        environment: EnvironmentFacts | None,
        accepted: AcceptedState,
        *,
        known_as_ours: bool = False,
    ) -> PowerFacts:
        spec = accepted.spec("Environment", found.subject.environment)
        own = ResourceRef("Environment", found.subject.environment)
        ends = {
            override.until
            for override in accepted.overrides
            if override.until and (override.ref == own or override.ref.kind in _SHARED)
        }

        def decided(at: datetime) -> Decision:
            return self._decision(found, self._accepted(at), at)

        return PowerFacts(
            scope=found.setup.scope.name,
            subject=found.subject,
            environment_type=spec.environment_type if spec else "",
            instance=found.look.instances.get(found.subject.instance),
            group=found.look.groups.get(found.subject.group),
            groups=found.groups,
            lifecycle=found.lifecycle,
            states=found.states,
            decision=decision,
            environment=environment,
            known_as_ours=known_as_ours,
            owner=owner_of(decision.deciding, found.subject, accepted),
            choice=spec.schedule if spec else None,
            next=next_changes(decision, self._at, ends, decided) if environment else (),
        )

    def _last_change(self, found: Found) -> LastChange:
        ledger, environment = self._ledger, found.subject.environment
        scope, instances = found.setup.scope.name, found.look.instances
        members = [ResourceRef(INSTANCE, f"{scope}/{name}") for name in instances]
        if found.ref.kind == "Environment":
            record = ledger.switched(scope, environment)
        elif found.ref.kind == INSTANCE:
            record = ledger.switched(scope, environment, members)
        else:
            parking = ResourceRef(PARKING, found.ref.key)
            switched = ledger.switched(scope, environment, [parking, *members])
            both = [record for record in (switched, ledger.live(found.ref)) if record is not None]
            record = max(both, key=lambda record: record.iso_timestamp, default=None)
        records = self._state.accounts.installation.ledger.records
        announced = next(records([record.intended]), None) if record else None
        launches = [instance.launched_at for instance in instances.values() if instance.launched_at]
        return LastChange(record, announced, max(launches, default=None))

    def _blocks(self, found: Found, decision: Decision) -> Iterator[Block]:
        mode = power_mode(self._state.accounts, found.setup)
        if mode != "enforce":
            yield Block(BlockCode.MODE, found.setup.scope.name, mode)
        dark = self._fleet.unreachable.get(found.setup.scope.name)
        if dark is not None:
            yield Block(BlockCode.NOT_OBSERVED, found.setup.scope.name, dark.reason)
        reason = str(decision.reason or "")
        nothing_wanted = decision.source is None and decision.wanted is State.NONE
        if reason and (nothing_wanted or decision.postponed):
            yield Block(BlockCode.DECISION, detail=reason)
        if reason and decision.schedule is None and decision.source is not None:
            yield Block(BlockCode.NOT_VALID, detail=reason)

    def _information(self, environment: str) -> Iterator[Block]:
        accepted = self._state.accepted
        if accepted.operational(environment, "EnvironmentInMaintenance"):
            yield Block(BlockCode.MAINTENANCE)
        if accepted.operational(environment, "DeploymentsLocked"):
            yield Block(BlockCode.DEPLOYMENTS_LOCKED)
        if kind := protecting_type(environment, accepted):
            yield Block(BlockCode.SCHEDULE_PROTECTED, kind)

    def _steps(self, found: Found, decision: Decision) -> Iterator[NextStep]:
        rule, tag = decision.deciding, None
        if rule and decision.source is rule.source and rule.is_persons_tag:
            # The tag that decides, or that nobody can read; not as we wrote it for a role.
            tag = rule
        if tag is not None:
            on_instance = tag.source is Source.INSTANCE or tag.level is Level.INSTANCE
            where = (found.subject.instance if on_instance else "") or found.subject.group
            if decision.schedule is None:
                yield NextStep(StepKind.CORRECT_TAG, where, tag.tag)
                return
            if decision.wanted is State.ON:
                yield NextStep(StepKind.REMOVE_TAG, where, tag.tag)
                return
        if decision.wanted not in (State.ON, State.OFF):
            return
        other = State.OFF if decision.wanted is State.ON else State.ON
        name = found.subject.environment
        if not protecting_type(name, self._state.accepted):
            seen = self._fleet.scopes.get(found.setup.scope.name)
            members = (
                sum(instance.environment == name for instance in seen.instances) if seen else 0
            )
            yield NextStep(StepKind.OVERRIDE, name, state=other, instances=members)
        own = found.subject.instance or found.subject.group
        if own:
            yield NextStep(StepKind.OVERRIDE, own, state=other)


def next_changes(
    decision: Decision,
    at: datetime,
    ends: Collection[datetime],
    decided: Callable[[datetime], Decision],
) -> tuple[NextChange, ...]:
    """Return the next three moments after ``at``, that of the decision, at which another state is wanted.

    ``ends`` are when overrides of documents end: only then is decided anew. In between the rules that were asked stay
    the same, and their own schedules and ends say when they ask for something else.
    """
    state, moment = decision.wanted_at(at), at
    found: list[NextChange] = []
    for _ in range(MOST_MOMENTS):
        coming = [*_moments(decision, moment), *(end for end in ends if end > moment)]
        if not coming or len(found) == SHOWN:
            break
        moment = min(coming)
        if moment in ends:
            decision = decided(moment)
        after = decision.wanted_at(moment)
        if after is not state and after in _TOLD:
            found.append(NextChange(moment, after))
        state = after
    return tuple(found)


def _moments(decision: Decision, after: datetime) -> Iterator[datetime]:
    """Yield when each rule that was asked comes to ask for something else, or ends."""
    for rule in decision.chain:
        schedule, until = rule.schedule, rule.until
        if until is not None and until > after:
            yield until
        if isinstance(schedule, Schedule):
            try:
                change = next_change(schedule, after)
            except ScheduleNeverRuns:
                continue
            if change is not None:
                yield change.at.astimezone(UTC)
