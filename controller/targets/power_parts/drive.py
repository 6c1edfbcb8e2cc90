"""Drives instances and groups of one scope to where they are wanted, as far as AWS gets within seconds.

A round is a look, the steps it gives, and a pause of seconds. What is refused for now is tried again with pauses that grow; what
is refused for good is given up alone. A round knows nothing of the one before but refusals: any other run may take over. So what
AWS takes longer with is handed back, and a later look tells what is next.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from typing import Final

from controller.errors import (
    EnvctlError,
    Interrupted,
    NotInTime,
    RefusedByAws,
)
from controller.model.backoff import Backoff
from controller.model.live import FoundInstance, LiveLook
from controller.scheduling.schedule import State
from controller.targets.power_parts.patience import START_UNDER_WAY_S, Patience, Setback
from controller.targets.power_parts.power_client import PowerClient
from controller.targets.power_parts.rounds import (
    THERE,
    Goals,
    Outcome,
    Outcomes,
    Round,
    look_again,
    round_of,
)
from controller.targets.power_parts.sending import REFUSALS, pools_of, send_all, start_pool
from controller.targets.power_parts.steps import Forget, GroupSteps, Remember, Step

AT_ONCE = 8
"""Requests of one scope under way side by side; botocore keeps ten connections open for a client."""
STOPS: Final = 500
"""Instances per StopInstances: AWS names no maximum, and recommends batches."""
TAGGED_GROUPS: Final = 25
"""Groups per CreateOrUpdateTags or DeleteTags (limit of EC2 Auto Scaling)."""
ON_ITS_WAY: Final = "on its way"
HOLD_S: Final = 15.0
"""So long, pauses added up, one drive waits until AWS has anything ready for the next request. Members enter standby within it."""
LONGEST_PAUSE_S: Final = 15.0
"""Between two looks while nothing can be sent."""
_UNDER_WAY: Final = {State.ON: "pending", State.OFF: "stopping"}
JUST_STARTED: Final = "pending since moments ago"
_ASKED_FOR: Final = {State.ON: (JUST_STARTED, "running"), State.OFF: ("stopping",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a drive takes its time. ``sleep`` takes seconds."""

    sleep: Callable[[float], None]
    look_again_s: float = 3.0
    hold_s: float = HOLD_S
    within_s: float = 900.0
    since_s: float | None = None
    """When, by the steady clock, the run began that waits ``within_s`` in all; None if nobody waits for it to end."""


@dataclass(frozen=True, slots=True)
class Drive:
    """One drive. What it cannot go on without (the lease) ends it by being raised."""

    goals: Goals
    client: PowerClient
    pace: Pace
    patience: Patience

    def run(self, look: LiveLook | None = None) -> Outcomes:
        """Go on until everything is there or given up, or only AWS has something to do that takes longer.

        A look made just before saves the first. An interruption ends it: a look tells what was asked for by then. Raises what
        it cannot go on without, and as any look: what was sent before may have been done.
        """
        try:
            return self._rounds(look)
        except Interrupted as error:
            look = self.client.look()
            return self._ended_early(look, round_of(self.goals, look, self.patience), error)

    def _rounds(self, look: LiveLook | None) -> Outcomes:
        pace = self.pace
        between_looks = Backoff(pace.look_again_s, max(pace.look_again_s, LONGEST_PAUSE_S), 1.5)
        until_s = inf if pace.since_s is None else pace.since_s + pace.within_s
        waited_s, looks = 0.0, 1
        look = look or self.client.look()
        if self.goals.held:
            self.patience.give_up(self.goals.held)
        if self.goals.replaced:
            self._replace()
        while True:
            if self.patience.starts:
                self.patience.watch_starts(look.instances)
            asked = round_of(self.goals, look, self.patience)
            acted = self._act(asked, look.instances)
            if not acted and not asked.waits:
                return self._outcomes(look, asked)
            if acted:
                waited_s, looks = 0.0, 1
            pause_s = between_looks.pause_s(looks)
            if asked.waits <= self.patience.setbacks.keys():
                # AWS has nothing under way: no look shows anything new before the next try.
                pause_s = max(pause_s, self.patience.next_try_in_s)
            if self.patience.steady_s() + pause_s > until_s:
                if acted:
                    look = self.client.look()
                return self._ended_early(look, round_of(self.goals, look, self.patience), None)
            if waited_s + pause_s > pace.hold_s and not self.patience.waits_for_answers:
                return self._outcomes(look, asked)
            pace.sleep(pause_s)
            waited_s, looks = waited_s + pause_s, looks + 1
            look = look_again(self.client, self.goals, look, asked)

    def _replace(self) -> None:
        """End members for others, one by one."""
        left = sorted(self.goals.replaced)
        while left:
            try:
                self.client.replace(left[0])
            except REFUSALS as error:
                self.patience.keep({left[0]: error})
            except Interrupted as error:
                self.patience.keep(dict.fromkeys(left, error))
                raise
            del left[0]

    def _act(self, asked: Round, instances: Mapping[str, FoundInstance]) -> bool:
        """Send everything; return whether anything was sent."""
        client, keep = self.client, self.patience.keep
        pools, tried = pools_of(asked.start, instances), frozenset(self.patience.setbacks)
        if asked.groups or asked.start or asked.stop:
            # No group's steps wait for a start or stop of the same round: they are what the next look is for.
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="power") as pool:
                started = [
                    pool.submit(start_pool, kind, ids, tried, client.start)
                    for kind, ids in pools.items()
                ]
                stopped = pool.submit(send_all, asked.stop, STOPS, client.stop)
                keep(self._chains(asked.groups, pool))
                refused: dict[str, EnvctlError] = {}
                for one in started:
                    refused |= one.result()
                keep(refused)
                if asked.start:
                    self.patience.started(set(asked.start) - refused.keys())
                keep(stopped.result())
        return bool(asked.groups or asked.start or asked.stop)

    def _chains(self, groups: Mapping[str, GroupSteps], pool: Executor) -> dict[str, EnvctlError]:
        """Tag, then take each group's own steps, groups side by side, then take tags off; return the groups that failed."""
        client = self.client
        values = {
            name: step.parked
            for name, steps in groups.items()
            for step in steps.chain
            if isinstance(step, Remember)
        }
        failed = send_all(
            tuple(values),
            TAGGED_GROUPS,
            lambda names: client.remember({name: str(values[name]) for name in names}),
        )
        remembered = self.patience.remembered
        remembered.update((name, values[name]) for name in values.keys() - failed.keys())
        chains: dict[str, list[Step]] = {
            name: [step for step in steps.chain if not isinstance(step, (Remember, Forget))]
            for name, steps in groups.items()
            if name not in failed
        }
        for refused in pool.map(self._chain, chains, chains.values()):
            failed |= refused
        done = [
            name
            for name, steps in groups.items()
            if name not in failed and any(isinstance(step, Forget) for step in steps.chain)
        ]
        kept = send_all(done, TAGGED_GROUPS, client.forget)
        remembered.update((name, None) for name in done if name not in kept)
        return failed | kept

    def _chain(self, group: str, steps: Iterable[Step]) -> dict[str, EnvctlError]:
        """Take the steps of one group until one is refused."""
        try:
            for step in steps:
                self.client.step(group, step)
        except REFUSALS as error:
            return {group: error}
        return {}

    def _outcomes(self, look: LiveLook, asked: Round) -> Outcomes:
        groups = {name: self._group(name, asked) for name in self.goals.groups}
        of_members = _by_member(look, groups)
        instances = {
            instance_id: self._instance(instance_id, look, of_members.get(instance_id), asked)
            for instance_id in self.goals.power
        }
        for instance_id in self.goals.replaced:
            known = self.patience.setbacks.get(instance_id)
            instances[instance_id] = Outcome(known.error if known else None)
        return Outcomes(instances, groups)

    def _ended_early(self, look: LiveLook, asked: Round, why: Interrupted | None) -> Outcomes:
        """Return what came of everything: what AWS was asked for ends by itself, the rest is left to the next run.

        ``why`` is None where the time is up.
        """
        found = self._outcomes(look, asked)
        groups = {
            name: self._unfinished(name, ON_ITS_WAY, why) if outcome.goes_on else outcome
            for name, outcome in found.groups.items()
        }
        of_members = _by_member(look, groups)
        instances = {
            name: self._unfinished(name, self._end_state(name, look), why, of_members.get(name))
            if outcome.goes_on
            else outcome
            for name, outcome in found.instances.items()
        }
        return Outcomes(instances, groups)

    def _end_state(self, name: str, look: LiveLook) -> str:
        """Return how an instance stands at the end; a start that was asked for moments ago as what it is about to be."""
        found = look.instances[name]
        lately = found.launched_at is not None and (
            (look.at - found.launched_at).total_seconds() < START_UNDER_WAY_S
        )
        if found.state == "pending" and (lately or self.patience.just_started(name)):
            return JUST_STARTED
        return found.state

    def _unfinished(
        self, name: str, state: str, why: Interrupted | None, group: Outcome | None = None
    ) -> Outcome:
        known = self.patience.setbacks.get(name)
        if known is not None and name not in self.patience.starts:
            return _given_up(known)
        if group is not None and group.error:
            return group
        if name in self.goals.power and state in _ASKED_FOR[self.goals.power[name]]:
            return Outcome(message=f"asked for; still {state}")
        if why is not None:
            return Outcome(why)
        return Outcome(
            NotInTime(
                f"{name}: still {state} after {self.pace.within_s:.0f} s",
                fix="nothing, the next run goes on from there",
            )
        )

    def _instance(
        self, instance_id: str, look: LiveLook, group: Outcome | None, asked: Round
    ) -> Outcome:
        wanted, found = self.goals.power[instance_id], look.instances.get(instance_id)
        if found is None:
            if wanted is State.OFF:
                return Outcome(message="ended meanwhile")
            return Outcome(RefusedByAws(f"{instance_id}: it is no more there to be started"))
        known = self.patience.setbacks.get(instance_id)
        if instance_id not in asked.waits and found.state == THERE[wanted]:
            if known is None:
                return Outcome()
            return Outcome(message=f"after {known.tries + 1} tries: {known.error.message}")
        if known is not None and known.next_at_s is None:
            return _given_up(known)
        if group is not None and group.error:
            return group
        still = (
            f"asked for; still {found.state}" if found.state == _UNDER_WAY[wanted] else ON_ITS_WAY
        )
        return Outcome(message=still, goes_on=True)

    def _group(self, name: str, asked: Round) -> Outcome:
        known = self.patience.setbacks.get(name)
        if known is not None and known.next_at_s is None:
            return _given_up(known)
        if name in asked.stays:
            return Outcome(RefusedByAws(f"{name}: {asked.stays[name]}"))
        if name in asked.short and name not in asked.groups:
            said = self.client.failed_activity(name)
            if said:
                told = f"{name}: {asked.short[name]}; AWS's last activity failed: {said}"
                return Outcome(
                    RefusedByAws(told, fix="mend what AWS says; the next run looks again")
                )
        return Outcome(message=ON_ITS_WAY, goes_on=True) if name in asked.waits else Outcome()


def _by_member(look: LiveLook, groups: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Return what came of each member's group, by instance id."""
    return {
        member.instance_id: outcome
        for name, outcome in groups.items()
        if name in look.groups
        for member in look.groups[name].members
    }


def _given_up(known: Setback) -> Outcome:
    return Outcome(known.error, f"tried {known.tries} times" if known.tries > 1 else "")
