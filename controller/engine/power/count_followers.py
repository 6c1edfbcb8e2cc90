"""The instances that follow exchanged schedules, counted where a plan has looked at the accounts."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from controller.decisions.evaluator import Evaluation
from controller.engine.live.planner import LiveScopePlan
from controller.engine.live.scopes import environments_of
from controller.engine.power.fleet import evaluate_looks
from controller.model.accepted import AcceptedState
from controller.model.plan import ScheduleMeaning
from controller.planning.schedule_meaning import Counted, with_found
from controller.scheduling.decision import Decision, Verdict
from controller.scheduling.facts import Source
from controller.targets.power import Power

_RUNNING: Final = frozenset({"pending", "running"})
_SCHEDULED: Final = frozenset({Source.ROLE, Source.ENVIRONMENT})


def as_found(
    meaning: ScheduleMeaning,
    accepted: AcceptedState,
    scopes: Iterable[LiveScopePlan],
    now: datetime,
) -> ScheduleMeaning:
    """Return a meaning with the instances that were seen; as it is, unless all scopes it concerns were seen.

    Instances that a tag or an override decides about follow no schedule, so they do not count.
    """
    wanted = {name for shift in meaning.shifts for name in shift.environments}
    known: set[str] = set()
    found: dict[tuple[str, str], Counted] = {}
    for scope in scopes:
        part = next((part for part in scope.view.parts if isinstance(part.target, Power)), None)
        region = accepted.options.default_region
        here = frozenset(environments_of(accepted, scope.setup.scope, region))
        if part is None or not wanted & here:
            continue
        known |= here
        assert scope.view.look is not None, "power saw it"
        evaluated = evaluate_looks([(scope.setup, scope.view.look)], accepted, now, {})
        (seen,) = evaluated.scopes.values()
        for key, running in _followers(seen.instances):
            before = found.get(key, Counted())
            found[key] = Counted(before.total + 1, before.running + running)
    return with_found(meaning, found) if wanted <= known else meaning


def _followers(instances: Iterable[Evaluation]) -> Iterator[tuple[tuple[str, str], bool]]:
    for instance in instances:
        if _follows(instance.decision):
            role = instance.role.facts.name if instance.role else ""
            yield (instance.environment, role), instance.instance.state in _RUNNING


def _follows(decision: Decision) -> bool:
    return any(
        rule.verdict is Verdict.DECIDES and rule.source in _SCHEDULED for rule in decision.chain
    )
