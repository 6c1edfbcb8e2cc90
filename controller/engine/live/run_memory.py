"""What a run that enforces power leaves for the next: the schedules it worked by, what AWS refused to stop, and the tags that keep things on.

By the schedules the next run tells what the clock does from what edits do. The tags are on record as overrides are: listed,
announced, ended.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from controller.decisions.evaluator import Evaluator, power_rules_of
from controller.decisions.power_map import power_map
from controller.decisions.schedule_memory import ScheduleMemory, left_to_switch, memory_of
from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import ApplyRequest, new_run_id
from controller.engine.installation.installation import Installation
from controller.engine.live.apply_scope import ScopeOutcome
from controller.engine.live.observe import Part, environments_of
from controller.engine.live.planner import LiveScopePlan
from controller.engine.state.override_commit import MOST, Ending, end_overrides, make_overrides
from controller.errors import EnvctlError
from controller.events import Emit, RunStopped
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Actor, Requester
from controller.model.live import LiveLook, Tags
from controller.model.override import Override
from controller.model.plan import DONE
from controller.model.ref import ResourceRef
from controller.planning.overrides import ACTOR as TAG_MAKER
from controller.planning.overrides import override_of_tag, tags_to_record
from controller.scheduling.decision import tag_value
from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.until import parse_override_tag
from controller.targets.power import SCHEDULES, Power, read_memory, write_memory
from controller.targets.power_parts.patience import STOP_PROTECTED

GONE: Final = "its tag was taken off, or says something else"


@dataclass(slots=True)
class RunMemory:
    """What is remembered of each scope, written only where it changes. Made once per process; not for several threads at once."""

    installation: Installation
    _schedules: dict[str, ScheduleMemory] = field(default_factory=dict, init=False)
    """By scope."""
    _made: dict[str, Override] = field(default_factory=dict, init=False)
    """Records of tags, by id: an accepted state read before they were made does not have them."""

    def keep_schedules(
        self,
        accepted: AcceptedState,
        plans: Sequence[LiveScopePlan],
        outcomes: Sequence[ScopeOutcome],
    ) -> None:
        """Remember for each scope in which power is enforced what it worked by. Raises as any read or write.

        ``outcomes`` are those of the scopes, in their order. Where an edit has something left to switch, be it refused,
        postponed or failed, the schedules from before are kept for its environment: asked again, it is still the edit.
        """
        # An override ends by the clock, so what is remembered is what holds without it.
        current = memory_of(power_map(accepted.written))
        client = self.installation.master.client
        prefix = self.installation.master.settings.resource_prefix
        became = {
            plan.setup.scope.name: outcome for plan, outcome in zip(plans, outcomes, strict=True)
        }
        for plan, part in _power_parts(plans):
            scope = plan.setup.scope
            before = part.observed.facts.get(SCHEDULES) or self._schedules.get(scope.name)
            if before is None:
                before = read_memory(client, prefix, scope.name)
            names = {
                name.lower()
                for name in environments_of(accepted, scope, accepted.options.default_region)
            }
            after = replace(current.only(names), cannot_stop=before.cannot_stop)
            if after != before:
                left = self._left(accepted, plan, before, after, became[scope.name])
                now, kept = after.only(names - left), before.only(left)
                after = ScheduleMemory(
                    {**now.environments, **kept.environments}, {**now.roles, **kept.roles}
                )
            after = replace(after, cannot_stop=self._cannot_stop(before, plan, became[scope.name]))
            if after != before:
                write_memory(client, prefix, scope.name, after)
            self._schedules[scope.name] = after

    def _cannot_stop(
        self, before: ScheduleMemory, plan: LiveScopePlan, became: ScopeOutcome
    ) -> dict[str, datetime]:
        """Return what AWS refused to stop, now or before, as far as it is still there."""
        assert plan.view.look is not None, "power saw it"
        now, there = self.installation.master.process.clock(), plan.view.look.instances
        refused = (
            outcome.change.ref.key.rpartition("/")[2]
            for outcome in became.outcomes
            if outcome.change.target == Power.name and outcome.aws_code == STOP_PROTECTED
        )
        known = {name: at for name, at in before.cannot_stop.items() if name in there}
        return known | dict.fromkeys(refused, now)

    def _left(
        self,
        accepted: AcceptedState,
        plan: LiveScopePlan,
        before: ScheduleMemory,
        after: ScheduleMemory,
        became: ScopeOutcome,
    ) -> frozenset[str]:
        """Return the environments of a scope in which an edit has something left to switch after a run."""
        assert plan.view.look is not None, "power saw it"
        now = self.installation.master.process.clock()
        rules = power_rules_of(accepted.options)
        evaluator = Evaluator(plan.view.look, power_map(accepted), now, rules)
        status = {
            outcome.change.ref: outcome.status
            for outcome in became.outcomes
            if outcome.change.target == Power.name
        }
        # What AWS goes on with may still come to nothing.
        ended = became.again_at is None
        switched = {ref.key.rpartition("/")[2] for ref in status if ended and status[ref] in DONE}
        return left_to_switch(evaluator.instances, before, after, switched, now)

    def keep_tags(
        self,
        accepted: AcceptedState,
        plans: Iterable[LiveScopePlan],
        claim: Claim,
        requester: Requester,
        emit: Emit,
    ) -> None:
        """Keep the tags on record: write what changed since the last run.

        What cannot be written now the next run writes: the tag holds all the same.
        """
        now = self.installation.master.process.clock()
        # Where the time is up the end is recorded as that of any override.
        self._made = {name: made for name, made in self._made.items() if _holds(made, now)}
        # Whoever works on the tables is not put out for this.
        claim = replace(claim, take_over=False)
        for plan, _ in _power_parts(plans):
            if plan.view.look is None:
                continue
            scope, key = plan.setup.scope.name, power_rules_of(accepted.options).override_tag
            found = {
                ref: override_of_tag(ref, key, until, now)
                for ref, until in _tagged(plan.view.look, accepted)
                if until > now
            }
            known = {
                override.id: override for override in accepted.overrides if _holds(override, now)
            } | self._made
            new, gone = tags_to_record(found, known.values(), scope)
            if new or gone:
                try:
                    self._write(new, gone, claim, requester, emit)
                except EnvctlError as error:
                    text = f"its override tags are not on record yet: {error}"
                    emit(RunStopped(scope, text))

    def _write(
        self,
        new: Sequence[Override],
        gone: Sequence[Override],
        claim: Claim,
        requester: Requester,
        emit: Emit,
    ) -> None:
        # AWS does not say who puts a tag on.
        actor = Actor(TAG_MAKER, "", requester.name, "override")
        storage = self.installation.storage()
        request = ApplyRequest(actor=actor, transaction=new_run_id(storage.clock()))
        endings = [Ending(override, GONE) for override in gone]
        end_overrides(storage, endings, request, claim, emit)
        for override in gone:
            self._made.pop(override.id, None)
        for first in range(0, len(new), MOST):
            part = new[first : first + MOST]
            make_overrides(storage, part, request, claim, emit)
            self._made |= {override.id: override for override in part}


def _power_parts(plans: Iterable[LiveScopePlan]) -> Iterator[tuple[LiveScopePlan, Part]]:
    """Yield how power saw the scopes in which it is enforced and saw anything."""
    for plan in plans:
        for part in plan.view.parts:
            if isinstance(part.target, Power) and part.mode == "enforce":
                yield plan, part


def _holds(override: Override, now: datetime) -> bool:
    return override.until is not None and override.until > now


def _tagged(look: LiveLook, accepted: AcceptedState) -> Iterator[tuple[ResourceRef, datetime]]:
    """Yield what carries a tag that can be read, of environments that are known, and until when it holds."""
    rules = power_rules_of(accepted.options)
    known = {environment.key.lower() for environment in accepted.of_kind("Environment")}
    for kind, found in (("Instance", look.instances), ("Group", look.groups)):
        for name, tagged in found.items():
            tags = tagged.tags
            if not _has(tags, rules.override_tag):
                continue
            if tag_value(tags, rules.environment_tag).lower() in known:
                with suppress(InvalidSchedule):
                    until = parse_override_tag(tag_value(tags, rules.override_tag))
                    yield ResourceRef(kind, f"{look.scope.name}/{name}"), until


def _has(tags: Tags, key: str) -> bool:
    """Tell whether there is a tag of that key (in lower case), in any case. Of thousands few have one: lengths are compared before letters."""
    length = len(key)
    for name, _ in tags:  # noqa: SIM110  # twice as fast as any()
        if len(name) == length and name.lower() == key:
            return True
    return False
