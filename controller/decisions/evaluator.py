"""What is to be done with every instance and group of a scope now, and why. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from controller.decisions.power_map import EnvironmentPower, PowerMap, RolePower
from controller.decisions.tag_keys import SCHEDULE as OUR_SCHEDULE
from controller.model.accepted import LiveOptions
from controller.model.live import FoundGroup, FoundInstance, LiveLook, LiveScope
from controller.scheduling.decision import (
    ON_THE_WAY,
    Action,
    Decision,
    SkipCode,
    SkipReason,
    decide,
)
from controller.scheduling.facts import (
    DecisionRules,
    GroupFacts,
    InstanceFacts,
    Tags,
    tag_value,
)
from controller.scheduling.schedule import State

_RULES = DecisionRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class TagKeys:
    """Keys of the tags that are looked for on instances and groups. AWS's tags match them in any case."""

    environment: str = "Environment"
    role: str = "Role"
    schedule: str = _RULES.schedule_tag
    maintenance: str = _RULES.maintenance_tag
    override: str = _RULES.override_tag

    def schedule_is_ours(self, group: FoundGroup) -> bool:
        """Tell whether a group's schedule tag is as we wrote it for its role: any other value was put there by a person."""
        ours = group.tag(OUR_SCHEDULE)
        return ours is not None and ours.strip() == tag_value(group.tags, self.schedule)


def tag_keys_of(options: LiveOptions) -> TagKeys:
    """Return the keys to look for. A tag whose key the settings leave out is looked for by its usual key all the same."""
    renamed = options.tag_keys
    return TagKeys(
        environment=renamed.get("Environment") or "Environment",
        role=renamed.get("Role") or "Role",
        schedule=renamed.get("Schedule") or _RULES.schedule_tag,
        maintenance=renamed.get("Maintenance") or _RULES.maintenance_tag,
    )


GROUP_TAG: Final = "aws:autoscaling:groupName"
_ARRIVES: Final = {
    "pending": "running",
    "stopping": "stopped",
    "Pending": "InService",
    "EnteringStandby": "Standby",
}
_SETTLED: Final = ("running", "stopped", "InService", "Standby", None)
_AS_A_WHOLE: Final = InstanceFacts("", "running")
_NOBODY: Final = Decision(Action.SKIP, State.NONE, None, None)
LEFT_OUT: Final = Decision(Action.SKIP, State.NONE, None, SkipReason(SkipCode.LEFT_OUT))


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRules:
    """Tag keys and periods of an installation, and how far power may reach. Empty limits mean everywhere."""

    keys: TagKeys = field(default_factory=TagKeys)
    rules: DecisionRules = field(default_factory=DecisionRules)
    """The same keys, and periods."""
    only_environments: frozenset[str] = frozenset()
    """In lower case."""
    only_accounts: frozenset[str] = frozenset()
    """Names in lower case, or numbers."""

    def leave_out(self, environment: str, scope: LiveScope) -> bool:
        """Tell whether the settings keep power off an environment of a scope."""
        accounts, environments = self.only_accounts, self.only_environments
        if accounts and not accounts & {scope.account_name.lower(), scope.account}:
            return True
        return bool(environments) and environment.lower() not in environments


def power_rules_of(options: LiveOptions) -> PowerRules:
    """Return what an installation's settings make of tag keys, periods and limits."""
    keys, power = tag_keys_of(options), options.power
    return PowerRules(
        keys=keys,
        rules=DecisionRules(
            keys.schedule,
            keys.maintenance,
            keys.override,
            power.grace_period_s,
            power.deployment_postpones_s,
        ),
        only_environments=frozenset(map(str.lower, power.only_environments)),
        only_accounts=frozenset(map(str.lower, power.only_accounts)),
    )


class JudgedGroup(NamedTuple):
    """A group as such. ``environment`` is empty where it is not known."""

    group: FoundGroup
    environment: str
    role: RolePower | None
    decision: Decision
    tag_is_ours: bool = False
    """Whether its schedule tag is as we wrote it."""

    @property
    def scales(self) -> bool:
        """Whether off means no instances (``scaleToZero``), not stopped ones."""
        return self.role is not None and self.role.facts.when_off == "scaleToZero"


class Evaluation(NamedTuple):
    """One instance. ``environment`` is the name as documents have it, empty where it is not known."""

    instance: FoundInstance
    group: str
    lifecycle: str | None
    environment: str
    role: RolePower | None
    decision: Decision
    then: Decision | None = None
    """What is to be done once it is where it is going now; None if it is not on its way, or goes away."""

    @property
    def due(self) -> Decision:
        """The decision, or the one that waits for it to arrive: one run brings it to the end."""
        return self.decision if self.then is None else self.then

    def stuck_since(self, now: datetime) -> datetime | None:
        """Return since when it should have been in service; None if it need not be yet."""
        launched = self.instance.launched_at
        is_up = self.instance.state == "running" and self.lifecycle in (None, "InService")
        if self.decision.wanted is not State.ON or launched is None or is_up:
            return None
        if self.due.action is not Action.SKIP:
            return None
        if self.role is None or self.instance.state not in ("pending", "running"):
            return None
        due = launched + timedelta(seconds=self.role.wake_timeout_s)
        return due if due <= now else None


class Evaluator:
    """Judges one scope at one moment; instances alike in all that counts are judged once."""

    def __init__(
        self,
        look: LiveLook,
        power: PowerMap,
        now: datetime,
        rules: PowerRules,
        deploying: Mapping[str, datetime] | None = None,
    ) -> None:
        """Take what was found, what is accepted, and since when deployments run, by environment in lower case."""
        self._look = look
        self._power = power
        self._now = now.astimezone(UTC)
        self._grace = timedelta(seconds=rules.rules.grace_period_s)
        self._rules = rules
        self._deploying = deploying or {}
        self._unknown = decide(_AS_A_WHOLE, None, None, self._now, rules=rules.rules)
        self._memory: dict[tuple[object, ...], Decision] = {}
        self._then: dict[tuple[object, ...], Decision | None] = {}
        self._environments: dict[str, EnvironmentPower | None] = {}
        self.groups = {name: self._group(group) for name, group in look.groups.items()}

    def instances(self) -> Iterator[Evaluation]:
        """Yield every instance, in the order of the look."""
        places = {
            member.instance_id: (name, member.lifecycle)
            for name, group in self._look.groups.items()
            for member in group.members
        }
        for instance_id, instance in self._look.instances.items():
            group, lifecycle = places.get(instance_id, ("", None))
            yield self._instance(instance, group, lifecycle)

    def _instance(self, instance: FoundInstance, group: str, lifecycle: str | None) -> Evaluation:
        keys, tags = self._rules.keys, _by_key(instance.tags)
        name = tags.get(keys.environment.lower(), "")
        environment = self._environment(name)
        group = group or instance.tag(GROUP_TAG) or ""
        if environment is None:
            return Evaluation(instance, group, lifecycle, "", None, self._unknown)
        whole = self.groups.get(group)
        role = whole.role if whole else environment.role(tags.get(keys.role.lower(), ""))
        if self._rules.leave_out(name, self._look.scope):
            return Evaluation(instance, group, lifecycle, environment.facts.name, role, LEFT_OUT)
        launched = instance.launched_at
        key = (
            environment.facts.name,
            group,
            lifecycle,
            instance.state,
            role.facts.name if role else None,
            tags.get(keys.schedule.lower(), ""),
            tags.get(OUR_SCHEDULE, ""),
            tags.get(keys.maintenance.lower(), ""),
            tags.get(keys.override.lower(), ""),
            _cannot_stop(instance),
            # Only the last minutes' launches differ in what is done about them.
            launched if launched and self._now - launched <= self._grace else None,
            instance.instance_id if instance.instance_id in self._power.of_instances else None,
        )
        decision = self._memory.get(key)
        if decision is None:
            decision = self._decide(instance, group, lifecycle, environment, role)
            self._memory[key] = decision
            if is_on_its_way(decision):
                arrived = _arrived(instance, lifecycle)
                self._then[key] = arrived and self._decide(
                    arrived[0], group, arrived[1], environment, role
                )
        then = self._then.get(key) if is_on_its_way(decision) else None
        return Evaluation(instance, group, lifecycle, environment.facts.name, role, decision, then)

    def _decide(
        self,
        instance: FoundInstance,
        group: str,
        lifecycle: str | None,
        environment: EnvironmentPower,
        role: RolePower | None,
    ) -> Decision:
        whole = self.groups.get(group)
        found = whole.group if whole else None
        facts = InstanceFacts(
            instance.instance_id,
            instance.state,
            _of_its_own(instance, found, self._rules.keys.schedule),
            instance.launched_at,
            _cannot_stop(instance),
        )
        group_facts = GroupFacts(group, (), lifecycle) if group else None
        if whole:
            group_facts = GroupFacts(group, whole.group.tags, lifecycle, whole.tag_is_ours)
        name = environment.facts.name.lower()
        return decide(
            facts,
            group_facts,
            environment.facts,
            self._now,
            role=role.facts if role else None,
            overrides=self._power.overrides(instance.instance_id, group, name),
            rules=self._rules.rules,
        )

    def _group(self, group: FoundGroup) -> JudgedGroup:
        """Judge a group as if it were one running member without tags of its own."""
        keys, tags = self._rules.keys, _by_key(group.tags)
        environment = self._environment(tags.get(keys.environment.lower(), ""))
        ours = keys.schedule_is_ours(group)
        if environment is None:
            return JudgedGroup(group, "", None, _NOBODY, ours)
        role = environment.role(tags.get(keys.role.lower(), "") or group.name.split("-", 2)[-1])
        name = environment.facts.name.lower()
        if self._rules.leave_out(name, self._look.scope):
            return JudgedGroup(group, environment.facts.name, role, LEFT_OUT, ours)
        key = (
            name,
            role.facts.name if role else None,
            tags.get(keys.schedule.lower(), ""),
            tags.get(keys.override.lower(), ""),
            ours,
            group.name if group.name in self._power.of_groups else None,
        )
        decision = self._memory.get(key)
        if decision is None:
            # Whether it may go off now is asked as for stopped members: a deployment holds both alike.
            stands = None if role is None else replace(role.facts, when_off="standby")
            decision = self._memory[key] = decide(
                _AS_A_WHOLE,
                GroupFacts(group.name, group.tags, "InService", ours),
                environment.facts,
                self._now,
                role=stands,
                overrides=self._power.overrides("", group.name, name),
                rules=self._rules.rules,
            )
        return JudgedGroup(group, environment.facts.name, role, decision, ours)

    def _environment(self, name: str) -> EnvironmentPower | None:
        """Return a known environment, with the begin of a deployment that runs."""
        name = name.lower()
        if name not in self._environments:
            found, since = self._power.environments.get(name), self._deploying.get(name)
            if found is not None and since is not None:
                found = replace(found, facts=replace(found.facts, deploying_since=since))
            self._environments[name] = found
        return self._environments[name]


def is_on_its_way(decision: Decision) -> bool:
    """Tell whether it is of something that is neither here nor there."""
    return decision.reason is not None and decision.reason.code in ON_THE_WAY


def _arrived(
    instance: FoundInstance, lifecycle: str | None
) -> tuple[FoundInstance, str | None] | None:
    """Return an instance and its place in its group as they will be in moments; None for one that goes away, or waits for a hook."""
    state = _ARRIVES.get(instance.state, instance.state)
    place = _ARRIVES.get(lifecycle or "", lifecycle)
    if state not in _SETTLED or place not in _SETTLED:
        return None
    return replace(instance, state=state), place


def _by_key(tags: Tags) -> dict[str, str]:
    """Return tags by key in lower case; the first of equal keys counts."""
    return {name.lower(): value.strip() for name, value in reversed(tags)}


def _of_its_own(instance: FoundInstance, group: FoundGroup | None, key: str) -> Tags:
    """Return an instance's tags without a Schedule that its group gave it and that we gave the group: nobody set it there."""
    text = tag_value(instance.tags, key)
    ours = (instance.tag(OUR_SCHEDULE), group.tag(OUR_SCHEDULE) if group else None)
    if not text or text not in {value.strip() for value in ours if value is not None}:
        return instance.tags
    return tuple((name, value) for name, value in instance.tags if name.lower() != key.lower())


def _cannot_stop(instance: FoundInstance) -> str:
    if instance.lifecycle == "spot":
        return "a Spot request launched it"
    if instance.root_device == "instance-store":
        return "its root device is an instance store"
    return ""
