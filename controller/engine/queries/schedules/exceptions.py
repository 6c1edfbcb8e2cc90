"""What is on although its schedule says off, tags that keep things on for good, and environments that are always on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from controller.decisions.evaluator import Evaluation
from controller.decisions.power_map import PowerMap, power_map
from controller.engine.power.evaluate import FleetEvaluation, ScopeEvaluation
from controller.model.accepted import AcceptedState
from controller.model.canonical import parse_canonical
from controller.model.ref import ResourceRef
from controller.scheduling.decision import Rule, Verdict
from controller.scheduling.decision_sources import Source
from controller.scheduling.refusals import InvalidSchedule
from controller.scheduling.schedule import Schedule, State
from controller.scheduling.timeline import previous_event, state_at

UNKNOWN: Final = "unknown"
ON_OUTSIDE: Final = "on outside its schedule"
KEPT_BY_TAG: Final = "kept by an old tag"
ALWAYS_ON: Final = "always on"
LEFT_ALONE: Final = "left alone"
_FOR_GOOD: Final = frozenset({"on", "247", "noschedule"})
_TAGS: Final = (Source.INSTANCE, Source.GROUP)


class Belongs(NamedTuple):
    """Whose an environment is, for filters."""

    environment: str
    team: str
    type: str
    labels: Mapping[str, str]


class ScheduleException(NamedTuple):
    """One exception. ``since`` is when it began to be one, as far as that is known; ``by`` who made it, or unknown."""

    category: str
    ref: ResourceRef
    name: str
    belongs: Belongs
    why: str
    by: str
    since: datetime | None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show; empty for all. Labels must all fit."""

    team: str = ""
    type: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def fits(self, one: Belongs) -> bool:
        """Tell whether something of an environment is to be shown."""
        return (
            (not self.team or one.team == self.team)
            and (not self.type or one.type == self.type)
            and all(one.labels.get(name) == value for name, value in self.labels.items())
        )


def exceptions_of(
    sights: FleetEvaluation, accepted: AcceptedState, now: datetime, wanted: Filter
) -> tuple[ScheduleException, ...]:
    """Return the exceptions from what is written: an override is one. Pure."""
    power = power_map(accepted.written)
    found = [one for seen in sights.seen for one in _of_scope(seen, power, accepted, now)]
    found += _environments(accepted.written, power)
    return tuple(
        sorted(
            (one for one in found if wanted.fits(one.belongs)),
            key=lambda one: (_ORDER[one.category], one.belongs.environment, one.ref),
        )
    )


_ORDER: Final = {ON_OUTSIDE: 0, KEPT_BY_TAG: 1, ALWAYS_ON: 2, LEFT_ALONE: 3}


def _of_scope(
    seen: ScopeEvaluation,
    power: PowerMap,
    accepted: AcceptedState,
    now: datetime,
) -> Iterator[ScheduleException]:
    for judged in seen.instances:
        if not judged.environment:
            continue
        ref = ResourceRef("Instance", f"{seen.scope.name}/{judged.instance.instance_id}")
        name = judged.instance.tag("Name") or judged.group
        belongs = belongs_of(judged.environment, accepted.written)
        own = _own_schedule(judged, power)
        rule = next((r for r in judged.decision.chain if r.verdict is Verdict.DECIDES), None)
        if judged.instance.state == "running" and _is_off(own, now):
            assert isinstance(own, Schedule), "only a schedule is off"
            why, by = _why(judged, rule)
            override = _override_of(rule, judged, seen.scope.name, accepted)
            event = previous_event(own, now) if own.fixed is None else None
            yield ScheduleException(
                ON_OUTSIDE,
                ref,
                name,
                belongs,
                why,
                override.actor if override else by,
                override.since if override else event.at.astimezone(UTC) if event else None,
                override.until if override else None,
            )
            continue
        group = seen.groups.get(judged.group)
        ours = group is not None and group.tag_is_ours
        for tag in judged.decision.chain:
            if tag.source is Source.GROUP and ours:
                # What the role says, written on its group for those who look there.
                continue
            if tag.source in _TAGS and tag.text.lower() in _FOR_GOOD:
                where = "instance" if tag.source is Source.INSTANCE else f"group {judged.group}"
                text = f"tag Schedule = {tag.text} on the {where}"
                yield ScheduleException(
                    KEPT_BY_TAG, ref, name, belongs, text, UNKNOWN, judged.instance.launched_at
                )
                break


def _environments(written: AcceptedState, power: PowerMap) -> Iterator[ScheduleException]:
    for environment in power.environments.values():
        name = environment.facts.name
        schedule = environment.facts.schedule
        if not isinstance(schedule, Schedule) or schedule.fixed not in (State.ON, State.NOSCHEDULE):
            continue
        ref = ResourceRef("Environment", name)
        origin = written.resources[ref].origin._replace(column=0)
        yield ScheduleException(
            ALWAYS_ON if schedule.fixed is State.ON else LEFT_ALONE,
            ref,
            name,
            belongs_of(name, written),
            f"schedule {environment.facts.label} in {origin}",
            UNKNOWN,
            None,
        )


def belongs_of(environment: str, accepted: AcceptedState) -> Belongs:
    """Return whose an environment is."""
    ref = ResourceRef("Environment", environment)
    spec = accepted.spec("Environment", environment)
    if spec is None or ref not in accepted.resources:
        return Belongs(environment, "", "", {})
    metadata: dict[str, Any] = parse_canonical(accepted.resources[ref].document)["metadata"]
    return Belongs(
        environment, spec.owning_cluster, spec.environment_type, metadata.get("labels") or {}
    )


def _own_schedule(judged: Evaluation, power: PowerMap) -> Schedule | InvalidSchedule | None:
    environment = power.environments.get(judged.environment.lower())
    if environment is None:
        return None
    role = environment.role(judged.role.facts.name) if judged.role else None
    return (role.facts.schedule if role else None) or environment.facts.schedule


def _is_off(schedule: Schedule | InvalidSchedule | None, now: datetime) -> bool:
    return isinstance(schedule, Schedule) and state_at(schedule, now) is State.OFF


def _why(judged: Evaluation, rule: Rule | None) -> tuple[str, str]:
    if rule is None:
        return str(judged.decision.reason or ""), UNKNOWN
    if rule.source in _TAGS:
        where = "instance" if rule.source is Source.INSTANCE else f"group {judged.group}"
        return f"tag Schedule = {rule.text} on the {where}", UNKNOWN
    if rule.source is Source.OVERRIDE:
        return f"override {rule.text}: {rule.why}", UNKNOWN
    return str(judged.decision.reason or "it is about to be stopped"), "envctl"


def _override_of(rule: Rule | None, judged: Evaluation, scope: str, accepted: AcceptedState) -> Any:
    """Return the recorded override that decides; None where it is another rule, or a tag."""
    if rule is None or rule.source is not Source.OVERRIDE:
        return None
    refs = (
        ResourceRef("Instance", f"{scope}/{judged.instance.instance_id}"),
        ResourceRef("Group", f"{scope}/{judged.group}"),
        ResourceRef("Environment", judged.environment),
    )
    for ref in refs:
        mine = [
            override
            for override in accepted.overrides
            if override.ref == ref and rule.target == str(ref)
        ]
        if mine:
            return mine[-1]
    return None
