"""Drives instances and groups of one scope to where they are wanted, in one go.

A round is a look, the steps it gives, and a pause of seconds. What is refused for now is tried again with pauses that grow; what
is refused for good is given up alone. A round knows nothing of the one before but refusals: any other run may take over.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from controller.errors import EnvctlError, RefusedByAws, Unreachable
from controller.model.live import FoundInstance, LiveLook
from controller.scheduling.schedule import State
from controller.targets.power_parts.goals import Goals, Outcome, Outcomes
from controller.targets.power_parts.looking_again import look_again
from controller.targets.power_parts.power_client import PowerClient
from controller.targets.power_parts.retrying import Patience
from controller.targets.power_parts.rounds import THERE, Round, round_of
from controller.targets.power_parts.sending import INSTANCES, TAGGED_GROUPS, send_all
from controller.targets.power_parts.steps import Forget, GroupSteps, Remember, Step

AT_ONCE = 8
"""Requests of one scope under way side by side; botocore keeps ten connections open for a client."""
_UNDER_WAY = {State.ON: frozenset({"pending", "running"}), State.OFF: frozenset({"stopping"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a drive takes its time. ``steady_s`` is a steady clock in seconds, ``sleep`` takes seconds."""

    steady_s: Callable[[], float]
    sleep: Callable[[float], None]
    look_again_s: float = 3.0
    longest_pause_s: float = 15.0
    within_s: float = 900.0
    """After so long what is still on its way is left to the next run."""


class Drive:
    """One drive. What it cannot go on without (the lease) ends it by being raised."""

    def __init__(self, goals: Goals, hands: PowerClient, pace: Pace) -> None:
        """Take where to bring what, and how."""
        self._goals = goals
        self._hands = hands
        self._pace = pace
        self._patience = Patience(pace.steady_s)
        self._replaced: set[str] = set()

    def run(self, look: LiveLook | None = None) -> Outcomes:
        """Go on until everything is there, given up, or time is up. A look made just before saves the first."""
        pace = self._pace
        until_s = pace.steady_s() + pace.within_s
        pause_s = pace.look_again_s
        look = look or self._hands.look()
        while True:
            asked = round_of(self._goals, look, self._patience)
            acted = self._act(asked)
            if not acted and not asked.waits:
                return self._outcomes(look, asked)
            if pace.steady_s() + pause_s > until_s:
                look = self._hands.look() if acted else look
                return self._outcomes(look, round_of(self._goals, look, self._patience))
            pace.sleep(pause_s)
            pause_s = pace.look_again_s if acted else min(pause_s * 1.5, pace.longest_pause_s)
            look = look_again(self._hands, self._goals, look, asked)

    def _act(self, asked: Round) -> bool:
        """Send everything; return whether anything was sent."""
        hands, keep = self._hands, self._patience.keep
        replaced = sorted(self._goals.replaced - self._replaced)
        for instance_id in replaced:
            self._replaced.add(instance_id)
            keep(send_all([instance_id], 1, lambda ids: hands.replace(ids[0])))
        if asked.groups or asked.start or asked.stop:
            # No group's steps wait for a start or stop of the same round: they are what the next look is for.
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="power") as pool:
                started = pool.submit(send_all, asked.start, INSTANCES, hands.start)
                stopped = pool.submit(send_all, asked.stop, INSTANCES, hands.stop)
                keep(self._chains(asked.groups, pool))
                keep(started.result())
                keep(stopped.result())
        return bool(replaced or asked.groups or asked.start or asked.stop)

    def _chains(self, groups: Mapping[str, GroupSteps], pool: Executor) -> dict[str, EnvctlError]:
        """Tag, then take each group's own steps, groups side by side, then take tags off; return the groups that failed."""
        hands = self._hands
        values = {
            name: str(step.parked)
            for name, steps in groups.items()
            for step in steps.chain
            if isinstance(step, Remember)
        }
        failed = send_all(
            tuple(values),
            TAGGED_GROUPS,
            lambda names: hands.remember({name: values[name] for name in names}),
        )
        chains: dict[str, list[Step]] = {
            name: [step for step in steps.chain if not isinstance(step, (Remember, Forget))]
            for name, steps in groups.items()
            if name not in failed
        }
        chains = {name: chain for name, chain in chains.items() if chain}
        for refused in pool.map(self._chain, chains, chains.values()):
            failed |= refused
        done = [
            name
            for name, steps in groups.items()
            if name not in failed and any(isinstance(step, Forget) for step in steps.chain)
        ]
        return failed | send_all(done, TAGGED_GROUPS, hands.forget)

    def _chain(self, group: str, steps: Iterable[Step]) -> dict[str, EnvctlError]:
        for step in steps:
            refused = send_all([group], 1, partial(self._step, step))
            if refused:
                return refused
        return {}

    def _step(self, step: Step, groups: Sequence[str]) -> None:
        self._hands.step(groups[0], step)

    def _outcomes(self, look: LiveLook, asked: Round) -> Outcomes:
        group_of = {
            member.instance_id: name
            for name in self._goals.groups
            if name in look.groups
            for member in look.groups[name].members
        }
        instances = {
            one: self._instance(one, wanted, look.instances.get(one), group_of.get(one), asked)
            for one, wanted in self._goals.power.items()
        }
        instances |= {one: self._refusal(one) or Outcome() for one in self._goals.replaced}
        groups = {name: self._group(name, asked) for name in self._goals.groups}
        return Outcomes(instances, groups)

    def _instance(
        self,
        instance_id: str,
        wanted: State,
        found: FoundInstance | None,
        group: str | None,
        asked: Round,
    ) -> Outcome:
        if found is None:
            if wanted is State.OFF:
                return Outcome(message="ended meanwhile")
            return Outcome(RefusedByAws(f"{instance_id}: it is no more there to be started"))
        if instance_id not in asked.waits and found.state == THERE[wanted]:
            known = self._patience.last(instance_id)
            tried = f"after {known.tries + 1} tries: {_first_line(known.error)}" if known else ""
            return Outcome(message=tried)
        refusal = self._refusal(instance_id)
        if refusal is None and group is not None:
            refusal = self._group(group, asked)
            refusal = refusal if refusal.error else None
        if refusal is not None:
            return refusal
        if found.state in _UNDER_WAY[wanted]:
            return Outcome(message=f"asked for; still {found.state}")
        return Outcome(_not_yet(instance_id, found.state, self._pace.within_s))

    def _group(self, name: str, asked: Round) -> Outcome:
        refusal = self._refusal(name)
        if refusal is not None and (name in asked.waits or self._patience.given_up(name)):
            return refusal
        if name in asked.stays:
            return Outcome(RefusedByAws(f"{name}: {asked.stays[name]}"))
        if name in asked.waits:
            return Outcome(_not_yet(name, "on its way", self._pace.within_s))
        return Outcome()

    def _refusal(self, thing: str) -> Outcome | None:
        known = self._patience.last(thing)
        if known is None:
            return None
        return Outcome(known.error, f"tried {known.tries} times" if known.tries > 1 else "")


def _first_line(error: EnvctlError) -> str:
    return str(error).partition("\n")[0]


def _not_yet(thing: str, state: str, within_s: float) -> Unreachable:
    return Unreachable(
        f"{thing}: still {state} after {within_s:.0f} s",
        fix="nothing, the next run goes on from there",
    )
