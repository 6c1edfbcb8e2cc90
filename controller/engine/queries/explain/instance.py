"""Why an instance, a group or an environment is on or off: everything gathered for one explanation."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import repeat
from typing import Final

from controller.decisions.evaluator import LEFT_OUT, Evaluation, power_rules_of
from controller.decisions.power_map import power_map
from controller.engine.live.observe import ScopeSetup, Unobserved
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
    zone_followed,
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
from controller.errors import EnvctlError, WrongUsage
from controller.ledger.ownership import is_ours_by_history
from controller.ledger.records import POWER, EntityKey
from controller.ledger.summaries import newest_first
from controller.model.accepted import AcceptedState
from controller.model.live import FoundGroup, LiveLook
from controller.model.ref import ResourceRef
from controller.scheduling.decision import STOP_NOT_MADE, Decision, decide
from controller.scheduling.facts import EnvironmentFacts, InstanceFacts, Level, Source
from controller.scheduling.schedule import Schedule, ScheduleNeverRuns, State
from controller.scheduling.timeline import next_change
from controller.targets.group_parts.shortfall import read_activities, shortfall_text
from controller.targets.power_parts.power_changes import PARKING


@dataclass(frozen=True, slots=True)
class Found:
    """What is explained, as it was found. ``look`` holds nothing else."""

    ref: ResourceRef
    subject: Subject
    setup: ScopeSetup
    look: LiveLook
    lifecycle: str
    """The instance's state in its group."""
    groups: int
    """How many groups its instances are in."""


def found_object(ref: ResourceRef, state: AcceptedNow, fleet: FleetEvaluation) -> Found:
    """Return an object with what is around it. Raises WrongUsage for an environment whose place cannot be told."""
    accepted, judged = state.accepted, fleet.judged(ref)
    scope, _, name = ref.key.rpartition("/")
    if judged is None:
        setup = scope_of_environment(name, accepted, state.accounts.scopes(accepted))
        if setup is None:
            why = accepted.unreadable.get(ref, "its account cannot be told")
            raise WrongUsage(f"{ref}: {why}")
        nothing = LiveLook(setup.scope, datetime.min.replace(tzinfo=UTC))
        seen = fleet.scopes.get(setup.scope.name) or ScopeEvaluation(setup, nothing, (), {})
        subject = Subject(name)
        members = [member for member in seen.instances if member.environment == name]
    else:
        seen = fleet.scopes[scope]
        role = judged.role.facts.name if judged.role else ""
        if isinstance(judged, Evaluation):
            subject = Subject(judged.environment, role, judged.group, name)
            members = [judged]
        else:
            subject = Subject(judged.environment, role, name)
            members = [member for member in seen.instances if member.group == name]
    groups = {member.group for member in members if member.group}
    shown = groups | {subject.group}
    look = replace(
        seen.look,
        groups={name: group for name, group in seen.look.groups.items() if name in shown},
        instances={member.instance.instance_id: member.instance for member in members},
    )
    lifecycle = members[0].lifecycle if subject.instance else ""
    return Found(ref, subject, seen.setup, look, lifecycle or "", len(groups))


_AS_A_WHOLE: Final = InstanceFacts("", "running")
"""The member that stands for an environment as such."""
SHARED: Final = frozenset({"DeploymentMap", "Schedule", "Calendar"})
"""Kinds of which an override may change what many environments follow."""


SHOWN: Final = 3
"""Changes to come that are told."""
MOST_MOMENTS: Final = 80
"""Moments looked at: schedules that are not followed change too."""
_TOLD: Final = frozenset({State.ON, State.OFF, State.NOSCHEDULE})


@dataclass(frozen=True, slots=True)
class PowerExplainer:
    """Explains one object at one moment, which may be to come."""

    state: AcceptedNow
    fleet: FleetEvaluation
    """What was seen and decided."""
    at: datetime
    """The moment asked about."""
    now: datetime
    """That of the look."""

    def explain(self, ref: ResourceRef) -> Explanation:
        """Return the answer. Raises WrongUsage for what is not there, and as asking the ledger."""
        found = found_object(ref, self.state, self.fleet)
        accepted, decision = self._decided(found, self.at)
        # As written: an override of its schedule is told as one.
        state, name = self.state.accepted, found.subject.environment
        known = power_map(state).environments.get(name.lower())
        written = power_map(state.written).environments.get(name.lower(), known)
        environment = written.facts if known and written else None
        power = self._power(found, decision, environment, accepted)
        if environment is None:
            why = Block(BlockCode.DECISION, detail=str(decision.reason or ""))
            nothing = LastChange(None)
            return Explanation(
                ref=ref, at=self.at, now=self.now, power=power, last=nothing, blocks=(why,)
            )
        ledger = LedgerQuestions.of(self.state, self.at)
        concerned = {
            ResourceRef(INSTANCE, f"{power.scope}/{found.subject.instance}"),
            ResourceRef(GROUP, f"{power.scope}/{found.subject.group}"),
            ResourceRef("Environment", name),
        }
        protecting = protecting_type(name, state)
        information = (
            (Block(BlockCode.MAINTENANCE), state.operational(name, "EnvironmentInMaintenance")),
            (Block(BlockCode.DEPLOYMENTS_LOCKED), state.operational(name, "DeploymentsLocked")),
            (Block(BlockCode.SCHEDULE_PROTECTED, protecting), protecting),
        )
        return Explanation(
            ref=ref,
            at=self.at,
            now=self.now,
            zone=zone_followed((environment.schedule, decision.schedule)),
            power=power,
            last=self._last_change(found, ledger),
            written=tuple(deciding_documents(power.owner, decision.deciding, accepted, ledger)),
            overrides=tuple(
                override for override in accepted.overrides if override.ref in concerned
            ),
            blocks=tuple(self._blocks(found, decision)),
            information=tuple(block for block, holds in information if holds),
            steps=tuple(self._steps(found, decision, protecting)),
            strays=ledger.strays(EntityKey(POWER, f"{power.scope}/{name}"), *ledger.entities(ref)),
        )

    def _decided(self, found: Found, at: datetime) -> tuple[AcceptedState, Decision]:
        """Return what is accepted at a moment, as overrides may end, and what is decided: at that of the look it was decided before."""
        accepted, fleet = self.state.accepted, self.fleet
        if at != self.now:
            seen, revision = self.state.seen, accepted.revision
            accepted = self.state.accounts.accepted(seen.scopes[0], at, seen.overrides, revision)
            looks = [(found.setup, found.look)]
            fleet = evaluate_looks(looks, accepted, at, self.fleet.deploying)
        judged = fleet.judged(found.ref)
        if judged is not None:
            return accepted, judged.decision
        power, rules = power_map(accepted), power_rules_of(accepted.options)
        name = found.subject.environment
        if rules.leave_out(name, found.setup.scope):
            return accepted, LEFT_OUT
        known = power.environments.get(name.lower())
        return accepted, decide(
            _AS_A_WHOLE,
            None,
            known.facts if known else None,
            at,
            overrides=power.overrides("", "", name.lower()),
            rules=rules,
        )

    def _power(
        self,
        found: Found,
        decision: Decision,
        environment: EnvironmentFacts | None,
        accepted: AcceptedState,
    ) -> PowerFacts:
        subject, instances = found.subject, found.look.instances
        own = ResourceRef("Environment", subject.environment)
        spec = accepted.specs.get(own)
        ends = {
            override.until
            for override in accepted.overrides
            if override.until and (override.ref == own or override.ref.kind in SHARED)
        }
        history = self.state.accounts.installation.ledger.of_item
        return PowerFacts(
            scope=found.setup.scope.name,
            subject=subject,
            environment_type=spec.environment_type if spec else "",
            instance=instances.get(subject.instance),
            group=found.look.groups.get(subject.group),
            groups=found.groups,
            short=() if subject.instance else self._short_groups(found),
            left_alone={} if subject.instance else self._left_alone(found),
            lifecycle=found.lifecycle,
            states=Counter(instance.state for instance in instances.values()),
            decision=decision,
            environment=environment,
            known_as_ours=environment is None
            and is_ours_by_history(history(found.ref.kind, found.ref.key, None)),
            owner=owner_of(decision.deciding, subject, accepted),
            choice=spec.schedule if spec else None,
            next=next_changes(decision, self.at, ends, lambda at: self._decided(found, at)[1])
            if environment
            else (),
        )

    def _last_change(self, found: Found, ledger: LedgerQuestions) -> LastChange:
        scope, instances = found.setup.scope.name, found.look.instances
        about = [ResourceRef(INSTANCE, f"{scope}/{name}") for name in instances]
        if found.ref.kind == GROUP:
            about.append(ResourceRef(PARKING, found.ref.key))
        groups = [found.ref.key] if found.ref.kind == GROUP else []
        if found.ref.kind == "Environment":
            about, groups = [], [f"{scope}/{name}" for name in found.look.groups]
        of_power = ledger.ended(POWER, f"{scope}/{found.subject.environment}", about)
        of_groups = map(ledger.ended, repeat(GROUP), groups)
        records = [record for record in (of_power, *of_groups) if record]
        record = next(iter(newest_first(records)), None)
        find = self.state.accounts.installation.ledger.find
        begun = next(iter(find(record.intended)), None) if record and record.intended else None
        launches = [instance.launched_at for instance in instances.values() if instance.launched_at]
        return LastChange(record, begun, max(launches, default=None))

    def _blocks(self, found: Found, decision: Decision) -> Iterator[Block]:
        scope = found.setup.scope.name
        mode = power_mode(self.state.accounts, found.setup)
        if mode != "enforce":
            yield Block(BlockCode.MODE, scope, mode)
        if dark := self.fleet.unreachable.get(scope):
            yield Block(BlockCode.NOT_OBSERVED, scope, dark.reason)
        reason = str(decision.reason or "")
        nothing_wanted = decision.source is None and decision.wanted is State.NONE
        held = decision.reason is not None and decision.reason.code in STOP_NOT_MADE
        if reason and (nothing_wanted or held):
            yield Block(BlockCode.DECISION, detail=reason)
        if reason and decision.schedule is None and decision.source is not None:
            yield Block(BlockCode.NOT_VALID, detail=reason)
        if found.ref.kind == GROUP and (short := self._short(found)):
            yield Block(BlockCode.SHORT, detail=short)

    def _short(self, found: Found) -> str:
        """Say of a group with fewer instances than it was asked for since when, and why AWS's last activity failed; else nothing."""
        group = found.look.groups[found.subject.group]
        lifecycles = [member.lifecycle for member in group.members]
        if not shortfall_text(lifecycles, group.desired, {}):
            return ""
        said: Mapping[str, str] = {}
        (reads,) = self.state.accounts.reads(self.state.accepted, (found.setup,))
        if not isinstance(reads, Unobserved):
            # What else is told does not wait for it.
            with suppress(EnvctlError):
                said = read_activities((group.name,), reads)[group.name]
        return shortfall_text(lifecycles, group.desired, said)

    def _short_groups(self, found: Found) -> tuple[str, ...]:
        """Return the groups of an environment, or the one that is explained, that are to be on and are not all there."""
        seen = self.fleet.scopes.get(found.setup.scope.name)
        group, environment = found.subject.group, found.subject.environment
        return tuple(
            sorted(
                judged.group.name
                for judged in (seen.groups.values() if seen else ())
                if judged.environment == environment
                and group in ("", judged.group.name)
                and judged.decision.wanted is State.ON
                and is_short(judged.group)
            )
        )

    def _left_alone(self, found: Found) -> Counter[str]:
        """Return the states of the instances of an environment or a group that are noschedule, whatever is wanted of it."""
        seen = self.fleet.scopes.get(found.setup.scope.name)
        return Counter(
            judged.instance.state
            for judged in (seen.instances if seen else ())
            if judged.instance.instance_id in found.look.instances
            and judged.decision.wanted is State.NOSCHEDULE
        )

    def _steps(self, found: Found, decision: Decision, protecting: str) -> Iterator[NextStep]:
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
        if not protecting:
            seen = self.fleet.scopes.get(found.setup.scope.name)
            members = seen.instances if seen else ()
            count = sum(instance.environment == name for instance in members)
            yield NextStep(StepKind.OVERRIDE, name, state=other, instances=count)
        own = found.subject.instance or found.subject.group
        if own:
            yield NextStep(StepKind.OVERRIDE, own, state=other)


def is_short(group: FoundGroup) -> bool:
    """Tell whether a group that is to be on has fewer instances in service, or on their way, than it was asked for, or none."""
    lifecycles = [member.lifecycle for member in group.members]
    return not lifecycles or bool(shortfall_text(lifecycles, group.desired, {}))


def next_changes(
    decision: Decision,
    at: datetime,
    ends: Collection[datetime],
    decided: Callable[[datetime], Decision],
    most: int = SHOWN,
) -> tuple[NextChange, ...]:
    """Return the next moments, three if no other number is given, after ``at``, that of the decision, at which another state is wanted.

    ``ends`` are when overrides of documents end: only then is decided anew. In between the rules that were asked stay
    the same, and their own schedules and ends say when they ask for something else.
    """
    state, moment = decision.wanted_at(at), at
    found: list[NextChange] = []
    for _ in range(MOST_MOMENTS):
        coming = {end for end in ends if end > moment}
        for rule in decision.chain:
            schedule, until = rule.schedule, rule.until
            if until is not None and until > moment:
                coming.add(until)
            if isinstance(schedule, Schedule):
                with suppress(ScheduleNeverRuns):
                    if change := next_change(schedule, moment):
                        coming.add(change.at.astimezone(UTC))
        if not coming or len(found) == most:
            break
        moment = min(coming)
        if moment in ends:
            decision = decided(moment)
        after = decision.wanted_at(moment)
        if after is not state and after in _TOLD:
            found.append(NextChange(moment, after))
        state = after
    return tuple(found)
