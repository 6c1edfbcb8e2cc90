"""What is to be done with every instance and group of a scope now, and why. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    tag_value,
)
from controller.scheduling.facts import (
    DecisionRules,
    GroupFacts,
    InstanceFacts,
    Level,
)
from controller.scheduling.schedule import State

GROUP_TAG: Final = "aws:autoscaling:groupName"
_ARRIVES: Final = {
    "pending": "running",
    "stopping": "stopped",
    "Pending": "InService",
    "EnteringStandby": "Standby",
}
_SETTLED: Final = frozenset({"running", "stopped", "InService", "Standby", None})
_AS_A_WHOLE: Final = InstanceFacts("", "running")
_UNKNOWN: Final = Decision(Action.SKIP, State.NONE, None, SkipReason(SkipCode.NO_ENVIRONMENT))
_NOBODY: Final = Decision(Action.SKIP, State.NONE, None, None)
LEFT_OUT: Final = Decision(Action.SKIP, State.NONE, None, SkipReason(SkipCode.LEFT_OUT))


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRules(DecisionRules):
    """Tag names and periods of an installation, and how far power may reach. Empty limits mean everywhere."""

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


_USUAL: Final = PowerRules()


def power_rules_of(options: LiveOptions) -> PowerRules:
    """Return what an installation's settings make of tag names, periods and limits.

    A tag whose key the settings leave out is looked for by its usual key all the same.
    """
    power, keys = options.power, options.tag_keys
    return PowerRules(
        environment_tag=keys.get("Environment") or _USUAL.environment_tag,
        role_tag=keys.get("Role") or _USUAL.role_tag,
        schedule_tag=keys.get("Schedule") or _USUAL.schedule_tag,
        maintenance_tag=keys.get("Maintenance") or _USUAL.maintenance_tag,
        grace_period_s=power.grace_period_s,
        deployment_postpones_s=power.deployment_postpones_s,
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
        acted_on = self.due.action is not Action.SKIP
        if acted_on or self.role is None or self.instance.state not in ("pending", "running"):
            return None
        due = launched + timedelta(seconds=self.role.wake_timeout_s)
        return due if due <= now else None


NOT_KNOWN: Final = ""
"""Among running deployments: stands for every environment that is not named."""


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
        """Take what was found, what is accepted, and since when deployments run, by environment in lower case.

        ``NOT_KNOWN`` stands there for all environments that are not named, where not all deployments could be read.
        """
        self._look = look
        self._power = power
        self._now = now.astimezone(UTC)
        self._rules = rules
        self._memory: dict[tuple[object, ...], tuple[Decision, Decision | None]] = {}
        deploying = deploying or {}
        if NOT_KNOWN in deploying:
            deploying = {**dict.fromkeys(power.environments, deploying[NOT_KNOWN]), **deploying}
        deployed_to = {
            name: replace(known, facts=replace(known.facts, deploying_since=since))
            for name, since in deploying.items()
            if (known := power.environments.get(name)) is not None
        }
        self._environments = (
            {**power.environments, **deployed_to} if deployed_to else power.environments
        )
        self.groups = {name: self._group(group) for name, group in look.groups.items()}
        places = {
            member.instance_id: (name, member.lifecycle)
            for name, group in look.groups.items()
            for member in group.members
        }
        # In the order of the look.
        self.instances = tuple(
            self._instance(instance, *places.get(instance_id, ("", None)))
            for instance_id, instance in look.instances.items()
        )

    def _instance(self, instance: FoundInstance, group: str, lifecycle: str | None) -> Evaluation:
        rules = self._rules
        tags = {name.lower(): value.strip() for name, value in reversed(instance.tags)}
        name = tags.get(rules.environment_tag.lower(), "").lower()
        environment = self._environments.get(name)
        group = group or dict(instance.tags).get(GROUP_TAG, "")
        if environment is None:
            return Evaluation(instance, group, lifecycle, "", None, _UNKNOWN)
        whole = self.groups.get(group)
        role = whole.role if whole else environment.role(tags.get(rules.role_tag.lower(), ""))
        if rules.leave_out(name, self._look.scope):
            return Evaluation(instance, group, lifecycle, environment.facts.name, role, LEFT_OUT)
        launched = instance.launched_at
        just_launched = launched and self._now - launched <= timedelta(seconds=rules.grace_period_s)
        recorded = (Level.INSTANCE, instance.instance_id) in self._power.recorded
        key = (
            name,
            group,
            lifecycle,
            instance.state,
            role.facts.name if role else None,
            tags.get(rules.schedule_tag.lower(), ""),
            tags.get(OUR_SCHEDULE, ""),
            tags.get(rules.maintenance_tag.lower(), ""),
            tags.get(rules.override_tag.lower(), ""),
            instance.lifecycle,
            instance.root_device,
            # Only the last minutes' launches differ in what is done about them.
            launched if just_launched else None,
            instance.instance_id if recorded else None,
        )
        if key not in self._memory:
            decision, then = self._decide(instance, group, lifecycle, environment, role), None
            state = _ARRIVES.get(instance.state, instance.state)
            place = _ARRIVES.get(lifecycle or "", lifecycle)
            # What goes away, or waits for a hook, does not arrive.
            on_its_way = decision.reason is not None and decision.reason.code in ON_THE_WAY
            if on_its_way and {state, place} <= _SETTLED:
                arrived = replace(instance, state=state)
                then = self._decide(arrived, group, place, environment, role)
            self._memory[key] = decision, then
        decision, then = self._memory[key]
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
        tags, key = instance.tags, self._rules.schedule_tag
        written = (dict(tags), dict(whole.group.tags) if whole else {})
        text = tag_value(tags, key)
        if text and text in {of.get(OUR_SCHEDULE, "").strip() for of in written}:
            # The group gave it a Schedule that we gave the group: nobody set it there.
            tags = tuple((name, value) for name, value in tags if name.lower() != key.lower())
        cannot_stop = ""
        if instance.lifecycle == "spot":
            cannot_stop = "a Spot request launched it"
        elif instance.root_device == "instance-store":
            cannot_stop = "its root device is an instance store"
        group_facts = GroupFacts(group, (), lifecycle) if group else None
        if whole:
            group_facts = GroupFacts(group, whole.group.tags, lifecycle, whole.tag_is_ours)
        name = environment.facts.name.lower()
        return decide(
            InstanceFacts(
                instance.instance_id, instance.state, tags, instance.launched_at, cannot_stop
            ),
            group_facts,
            environment.facts,
            self._now,
            role=role.facts if role else None,
            overrides=self._power.overrides(instance.instance_id, group, name),
            rules=self._rules,
        )

    def _group(self, group: FoundGroup) -> JudgedGroup:
        """Judge a group as if it were one running member without tags of its own."""
        rules = self._rules
        name = tag_value(group.tags, rules.environment_tag).lower()
        environment = self._environments.get(name)
        written = dict(group.tags).get(OUR_SCHEDULE)
        ours = written is not None and written.strip() == tag_value(group.tags, rules.schedule_tag)
        if environment is None:
            return JudgedGroup(group, "", None, _NOBODY, ours)
        runtime_role = tag_value(group.tags, rules.role_tag) or group.name.split("-", 2)[-1]
        role = environment.role(runtime_role)
        if rules.leave_out(name, self._look.scope):
            return JudgedGroup(group, environment.facts.name, role, LEFT_OUT, ours)
        recorded = (Level.GROUP, group.name) in self._power.recorded
        key = (
            name,
            role.facts.name if role else None,
            tag_value(group.tags, rules.schedule_tag),
            tag_value(group.tags, rules.override_tag),
            ours,
            group.name if recorded else None,
        )
        if key not in self._memory:
            # Whether it may go off now is asked as for stopped members: a deployment holds both alike.
            stands = None if role is None else replace(role.facts, when_off="standby")
            decision = decide(
                _AS_A_WHOLE,
                GroupFacts(group.name, group.tags, "InService", ours),
                environment.facts,
                self._now,
                role=stands,
                overrides=self._power.overrides("", group.name, name),
                rules=rules,
            )
            self._memory[key] = decision, None
        return JudgedGroup(group, environment.facts.name, role, self._memory[key][0], ours)
