"""What is on although its schedule says off, tags that keep things on for good, and environments that are always on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from controller.decisions.evaluator import Evaluation
from controller.decisions.power_map import PowerMap, power_map
from controller.engine.power.fleet import AcceptedNow, CachedLook, FleetEvaluation
from controller.errors import WrongUsage
from controller.model.accepted import AcceptedState
from controller.model.canonical import parse_canonical
from controller.model.override import Override
from controller.model.ref import Origin, Reason, ResourceRef
from controller.scheduling.decision import Rule, Verdict
from controller.scheduling.facts import Source
from controller.scheduling.schedule import InvalidSchedule, Schedule, State
from controller.scheduling.timeline import previous_event, state_at


class ExceptionKind(StrEnum):
    """In what way something is an exception, in the order they are told."""

    ON_OUTSIDE = "on outside its schedule"
    KEPT_BY_TAG = "kept by an old tag"
    ALWAYS_ON = "always on"
    LEFT_ALONE = "left alone"


_FOR_GOOD: Final = frozenset({"on", "247", "noschedule"})
_TAGS: Final = (Source.INSTANCE, Source.GROUP)


class Belongs(NamedTuple):
    """Whose an environment is, for filters."""

    environment: str
    team: str
    type: str
    labels: Mapping[str, str]


class ScheduleException(NamedTuple):
    """One exception, and what makes it one: a rule of an instance's decision, or the schedule its environment has."""

    kind: ExceptionKind
    ref: ResourceRef
    name: str
    belongs: Belongs
    group: str = ""
    """Of an instance."""
    rule: Rule | None = None
    """The rule that decides, or the tag that keeps it on; None where none does."""
    reason: str = ""
    """Why nothing is done about an instance."""
    override: Override | None = None
    """The recorded override that decides."""
    schedule: str = ""
    """What an environment's schedule is called."""
    origin: Origin | None = None
    """Where that was written."""
    since: datetime | None = None
    """When it began to be one, as far as that is known."""

    @property
    def by_tag(self) -> bool:
        """Tell whether a tag makes it one."""
        return self.rule is not None and self.rule.source in _TAGS

    @property
    def until(self) -> datetime | None:
        """When it ends, where an override makes it one."""
        return self.override.until if self.override else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show; empty for all. Labels must all fit."""

    team: str = ""
    type: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def fits(self, belongs: Belongs) -> bool:
        """Tell whether something of an environment is to be shown."""
        return (
            (not self.team or belongs.team == self.team)
            and (not self.type or belongs.type == self.type)
            and all(belongs.labels.get(name) == value for name, value in self.labels.items())
        )


def filter_of(team: str | None, kind: str | None, labels: Iterable[str] | None) -> Filter:
    """Return the filter. Raises WrongUsage for a label that is no KEY=VALUE."""
    pairs = {}
    for label in labels or ():
        key, equals, value = label.partition("=")
        if not (key and equals):
            raise WrongUsage(f"label {label}: no KEY=VALUE", fix="write purpose=performance")
        pairs[key] = value
    return Filter(team=team or "", type=kind or "", labels=pairs)


class FoundExceptions(NamedTuple):
    """Exceptions, and why scopes could not be looked at for more, by name."""

    found: tuple[ScheduleException, ...]
    unknown: Mapping[str, Reason]


def find_exceptions(state: AcceptedNow, now: datetime, wanted: Filter) -> FoundExceptions:
    """Look at all accounts and return the exceptions."""
    fleet = CachedLook(state, now).evaluate()
    unknown = {name: scope.reason for name, scope in fleet.unreachable.items()}
    return FoundExceptions(exceptions_of(fleet, state.accepted, now, wanted), unknown)


def exceptions_of(
    fleet: FleetEvaluation, accepted: AcceptedState, now: datetime, wanted: Filter
) -> tuple[ScheduleException, ...]:
    """Return the exceptions from what is written: an override is one. Pure."""
    power = power_map(accepted.written)
    found = [
        exception
        for scope_name, scope in fleet.scopes.items()
        for judged in scope.instances
        if judged.environment
        and (exception := _of_instance(judged, scope_name, power, accepted, now))
    ]
    found += _environments(accepted.written, power)
    order = list(ExceptionKind)
    return tuple(
        sorted(
            (exception for exception in found if wanted.fits(exception.belongs)),
            key=lambda exception: (
                order.index(exception.kind),
                exception.belongs.environment,
                exception.ref,
            ),
        )
    )


def _of_instance(
    judged: Evaluation, scope: str, power: PowerMap, accepted: AcceptedState, now: datetime
) -> ScheduleException | None:
    deciding, own = judged.decision.deciding, _own_schedule(judged, power)
    rule = deciding if deciding and deciding.verdict is Verdict.DECIDES else None
    found = ScheduleException(
        ExceptionKind.ON_OUTSIDE,
        ResourceRef("Instance", f"{scope}/{judged.instance.instance_id}"),
        judged.instance.tag("Name") or judged.group,
        belongs_of(judged.environment, accepted.written),
        judged.group,
        rule,
        str(judged.decision.reason or ""),
    )
    running = judged.instance.state == "running"
    if running and isinstance(own, Schedule) and state_at(own, now) is State.OFF:
        recorded = rule.override if rule else ""
        override = next((held for held in accepted.overrides if held.id == recorded), None)
        event = previous_event(own, now) if own.fixed is None else None
        began, launched = event.at.astimezone(UTC) if event else None, judged.instance.launched_at
        if began and launched and began < launched <= now:
            # What was started since the schedule ended is outside of it from then on.
            began = launched
        return found._replace(override=override, since=override.since if override else began)
    for tag in judged.decision.chain:
        # What the role says is written on its group, too, for those who look there: nobody's tag keeps that on.
        persons = tag.source in _TAGS and tag.is_persons_tag
        if persons and tag.text.lower() in _FOR_GOOD:
            launched = judged.instance.launched_at
            return found._replace(kind=ExceptionKind.KEPT_BY_TAG, rule=tag, since=launched)
    return None


def _environments(written: AcceptedState, power: PowerMap) -> Iterator[ScheduleException]:
    for environment in power.environments.values():
        name = environment.facts.name
        schedule = environment.facts.schedule
        if not isinstance(schedule, Schedule) or schedule.fixed not in (State.ON, State.NOSCHEDULE):
            continue
        ref = ResourceRef("Environment", name)
        always = schedule.fixed is State.ON
        yield ScheduleException(
            ExceptionKind.ALWAYS_ON if always else ExceptionKind.LEFT_ALONE,
            ref,
            name,
            belongs_of(name, written),
            schedule=environment.facts.label,
            origin=written.resources[ref].origin._replace(column=0),
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
