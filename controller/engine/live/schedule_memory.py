"""After each run, the schedules power worked by are remembered: the next run tells by them what the clock does from what edits do."""

from collections.abc import Iterable
from typing import Final

from controller.decisions.power_map import power_map
from controller.decisions.schedule_memory import ScheduleMemory, memory_of
from controller.engine.installation.installation import Installation
from controller.engine.live.observe import Part
from controller.engine.live.planner import LiveScopePlan
from controller.engine.live.scopes import environments_of
from controller.model.accepted import AcceptedState
from controller.model.observed import ScopeState
from controller.model.plan import Cause
from controller.targets.power import SCHEDULES, Power
from controller.targets.power_parts.master_rows import read_memory, write_memory

ENFORCED: Final = "enforce"


class LastAppliedSchedules:
    """What is remembered of each scope, written only where it changes. Made once per process."""

    def __init__(self, installation: Installation) -> None:
        """Take where the rows are."""
        self._client = installation.master.client
        self._prefix = installation.master.settings.resource_prefix
        self._known: dict[str, ScheduleMemory] = {}

    def keep(self, accepted: AcceptedState, plans: Iterable[LiveScopePlan]) -> None:
        """Remember for each scope in which power is enforced what it worked by. Raises as any read or write.

        Where a guard refused what an edit asks for, the schedules from before are kept: asked again, it is still the edit.
        """
        # An override ends by the clock, so what is remembered is what holds without it.
        current = memory_of(power_map(accepted.written))
        for plan in plans:
            part, scope = power_part(plan), plan.setup.scope
            if part is None:
                continue
            before = part.observed.facts.get(SCHEDULES) or self._known.get(scope.name)
            if before is None:
                before = read_memory(self._client, self._prefix, scope.name)
            names = environments_of(accepted, scope, accepted.options.default_region)
            refused = _refused(plan, part)
            now, kept = current.only({*map(str.lower, names)} - refused), before.only(refused)
            after = ScheduleMemory(
                {**now.environments, **kept.environments}, {**now.roles, **kept.roles}
            )
            if after != before:
                write_memory(self._client, self._prefix, scope.name, after)
            self._known[scope.name] = after


def power_part(plan: LiveScopePlan) -> Part | None:
    """Return how power saw a scope; None where it is not enforced, or saw nothing."""
    return next(
        (
            part
            for part in plan.view.parts
            if isinstance(part.target, Power) and part.mode == ENFORCED
        ),
        None,
    )


def _refused(plan: LiveScopePlan, part: Part) -> frozenset[str]:
    """Return the environments, in lower case, of which a guard let something lie that an edit or an override asks for."""
    return frozenset(
        part.projected.environments[change.ref].lower()
        for scope_plan in plan.plans
        if scope_plan.state is ScopeState.REFUSED
        for change in scope_plan.changes
        if change.target == part.target.name and change.cause is not Cause.SCHEDULED
    )
