"""One run of planning: a revision, what is there, what is to become of it, and what that means for schedules."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Final

from controller.decisions.power_map import FollowedSchedule, of_environment, of_role, roles_of
from controller.engine.config.compute_plan import PlanRules, plan_config
from controller.engine.config.observe import ObservedConfig, seen_in_desired
from controller.engine.desired.accepted import AcceptedReader, accepted_after
from controller.engine.desired.find_edits import yaml_field_names
from controller.engine.desired.load_revision import (
    LoadedRevision,
    RevisionLoader,
    apply_overrides,
    revision_of,
)
from controller.errors import ExitCode, InvalidDesiredState, WrongUsage, worst_exit_code
from controller.events import (
    DesiredLoaded,
    DesiredRejected,
    Emit,
    PlanComputed,
    PlanRefusedByGuard,
    discard_event,
)
from controller.kinds.language.fields import sensitive_values
from controller.kinds.language.kind import Kind, Kinds
from controller.kinds.parts.server_role import ServerRole
from controller.model.accepted import AcceptedState, LiveOptions
from controller.model.canonical import digest
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.override import Override
from controller.model.plan import Change, Plan, PlannedFrom, PlanOptions, ScheduleMeaning, ScopePlan
from controller.model.ref import Reason, ResourceRef
from controller.model.resource import DesiredState
from controller.planning.approvals import NO_LINES, Commit, CommitLines, lines_of
from controller.planning.authors import Authors
from controller.planning.fields import FieldNames
from controller.planning.overrides import active, next_end
from controller.planning.schedule_meaning import (
    EnvironmentFollowing,
    Following,
    RoleFollowing,
    schedule_meaning,
)
from controller.planning.scope_plan import plan
from controller.ports import DesiredSource, Source
from controller.redactor import REDACTOR
from controller.settings import Settings
from controller.targets.tables import DENIED

SCHEDULED: Final = frozenset({"Environment", "DeploymentMap", "Schedule", "Calendar"})
"""Kinds that decide when instances are on."""


def meaning_of(
    observed: ObservedState,
    made: ScopePlan,
    kinds: Kinds,
    options: LiveOptions,
    overrides: Iterable[Override],
    now: datetime,
) -> ScheduleMeaning | None:
    """Return what a plan of the config scope changes about schedules; None if it changes none of them.

    An override of a schedule is no change of it: it says itself what it does, and ends.
    """
    overridden = {override.ref for override in overrides if "schedule" in override.path.split(".")}
    made = replace(
        made,
        changes=tuple(
            change
            for change in made.changes
            if change.ref.kind in SCHEDULED and change.ref not in overridden
        ),
    )
    changed = frozenset(change.ref for change in made.changes if change.action == "update")
    if not changed:
        return None
    reader = AcceptedReader(kinds, options)
    wanted = {ref: found for ref, found in observed.objects.items() if ref.kind in SCHEDULED}
    before = replace(observed, objects=wanted)
    after = accepted_after(before, made)
    old, new = reader.read(before, now), reader.read(after, now)
    names = tuple(_concerned(changed, old, new))
    return schedule_meaning(_following(old, names), _following(new, names), now)


def _concerned(
    changed: frozenset[ResourceRef], before: AcceptedState, after: AcceptedState
) -> Iterator[str]:
    """Yield the environments whose schedules may be others: all of them, if a schedule itself is."""
    shared = any(ref.kind in ("Schedule", "Calendar") for ref in changed)
    for ref in after.of_kind("Environment"):
        if ref not in before.resources:
            continue
        on_map = ResourceRef("DeploymentMap", after.specs[ref].deployment_map)
        if shared or ref in changed or on_map in changed:
            yield ref.key


def _following(accepted: AcceptedState, names: Iterable[str]) -> Mapping[str, EnvironmentFollowing]:
    found = {}
    for name in names:
        own = _following_of(of_environment(name, accepted))
        if own is None:
            continue
        roles = {
            role: RoleFollowing(desired_count(spec), _following_of(of_role(spec, accepted)))
            for role, spec in roles_of(name, accepted).items()
        }
        found[name] = EnvironmentFollowing(own, roles)
    return found


def _following_of(own: FollowedSchedule | None) -> Following | None:
    return None if own is None else Following(own.label, own.schedule)


def desired_count(role: ServerRole) -> int:
    """Return how many instances a role has in one environment, all its slices together, while nothing is parked."""
    desired = role.auto_scaling_settings.desired_capacity
    if not role.fleet_per_slice:
        return desired
    if role.slices is None:
        return 2 * desired
    kept = (slice_ for slice_ in (role.slices.blue, role.slices.green) if slice_ is not None)
    return sum(
        desired if slice_.desired_capacity is None else slice_.desired_capacity for slice_ in kept
    )


@dataclass(frozen=True, slots=True)
class PlanRun:
    """A plan, the revision it is of with overrides laid over it, and how its fields are called."""

    revision: LoadedRevision
    plan: Plan
    names: FieldNames
    observed: tuple[ObservedState, ...]
    """The scopes that were planned, in the modes the settings give them."""
    asked: PlanOptions
    meaning: Callable[[datetime], ScheduleMeaning | None] | None
    """What the plan's changes of schedules mean at another moment; None where the config scope is not planned."""
    as_loaded: LoadedRevision
    """The revision with no override laid over it."""
    planned_from: PlannedFrom | None = None
    """None where no tables were read."""
    looks_before: int = 0
    """How many looks at the config scope were written before the one it was planned from."""
    lines: CommitLines = NO_LINES
    """What the revision's commit approves."""

    def exit_code(self, *, strict: bool) -> ExitCode:
        """Return that of a command that only plans; ``strict`` makes a scope that is not known an error among good ones."""
        unknown = [state for state in self.observed if state.state is ScopeState.UNKNOWN]
        codes = [ExitCode.REFUSED] if self.plan.refused else []
        codes += [ExitCode.CHANGES] if self.plan.to_apply else []
        if unknown and (strict or len(unknown) == len(self.observed)):
            codes += [
                ExitCode.DENIED if state.facts.get(DENIED) else ExitCode.TRY_AGAIN
                for state in unknown
            ]
        return worst_exit_code(codes)


class Planner:
    """Plans one source, time and again; what did not change since the last time is not done again."""

    def __init__(
        self,
        open_source: Callable[[], Source | DesiredSource],
        settings: Settings,
        kinds: Mapping[str, Kind[Any]],
        signed: Callable[[str], CommitLines] | None = None,
    ) -> None:
        """Take what opens the source, once it is asked for anything, and what loading depends on.

        ``signed`` reads what a signed file approves of a revision; None where none counts.
        """
        self._open_source = open_source
        self._signed = signed
        self._settings = settings
        self._rules = PlanRules(kinds, settings.guards)
        self._kinds = kinds
        self._names = yaml_field_names(kinds)
        self._loader = RevisionLoader(self._kinds, settings.of_rules)
        self.loaded = ""
        """Id of the revision that was loaded last, right or wrong; empty before the first."""

    @cached_property
    def source(self) -> Source | DesiredSource:
        """Where the desired state comes from. Raises as opening it."""
        return self._open_source()

    def load(self, other: Source | None = None) -> LoadedRevision:
        """Fetch and load the current revision, whatever is wrong with it; of another source of the same files, if one is given.

        Raises SourceUnavailable, AccessDenied; InvalidDesiredState where the source is not YAML.
        """
        source = self.source if other is None else other
        if isinstance(source, DesiredSource):
            revision = revision_of(source.desired(), self._kinds, self._settings.of_rules)
        else:
            revision = self._loader.load(source)
        if other is None:
            self.loaded = revision.tree.revision.id
        resources = revision.loaded.resources.items()
        asked = ((ref, found.projection.attributes) for ref, found in resources)
        REDACTOR.tell(*sensitive_values(asked, self._kinds))
        return revision

    def edits(self, start: Source, end: Source, now: datetime) -> tuple[Change, ...]:
        """Return what turns one state of the source's files into another, with nobody asked who wrote it.

        Raises as loading them; what planning refuses is in no result.
        """
        before = seen_in_desired(self.load(start).desired)
        after, asked = self.load(end), PlanOptions(now=now)
        (state,) = before.scopes
        return plan_config(after, before, state, asked, self._rules, authors=None).changes

    def leaves(self, revision_id: str) -> bool:
        """Tell whether the history of what was loaded last does not have a revision. Raises as the source."""
        source = self.source
        return not isinstance(source, DesiredSource) and not source.follows(revision_id)

    def lines_of_commit(self, revision: LoadedRevision, judges: str) -> CommitLines:
        """Return what the lines of the revision's commit and a signed file approve; nothing where ``judges`` says what a plan is of."""
        found = revision.tree.revision
        commit = Commit(found.id, found.committer, found.message)
        lines = lines_of(commit, self._settings.approvals, judges)
        if self._signed is None or judges:
            return lines
        signed = self._signed(found.id)
        return lines._replace(signed=signed.signed, notes=(*lines.notes, *signed.notes))

    def plan(
        self,
        revision: LoadedRevision,
        seen: ObservedConfig,
        asked: PlanOptions,
        scopes: Sequence[str] = (),
        emit: Emit = discard_event,
    ) -> PlanRun:
        """Plan a revision against what was seen: the scopes named, or all.

        Raises InvalidDesiredState for a revision that is wrong, WrongUsage for a scope that does not exist.
        """
        accepted = self._accepted(revision, emit)
        for state in seen.scopes:
            found = ((ref, there.attributes) for ref, there in state.objects.items())
            REDACTOR.tell(*sensitive_values(found, self._kinds))
        states = _chosen(seen.scopes, scopes, self._settings)
        authors: Authors | None = None
        if isinstance(self.source, DesiredSource):
            asked = replace(asked, edited_as=self.source.cause)
        else:
            authors = self.source.authorship
        holding, laid = tuple[Override, ...](), revision
        if seen.overrides:
            holding = active(seen.overrides, asked.now, git_documents(revision, seen.overrides))
            laid = apply_overrides(revision, holding, self._kinds)
        planned = [
            plan_config(laid, seen, state, asked, self._rules, overrides=holding, authors=authors)
            for state in states
        ]
        meaning = next(
            (
                partial(meaning_of, state, scope, self._kinds, self._settings.options, holding)
                for state, scope in zip(states, planned, strict=True)
                if scope.scope == CONFIG_SCOPE
            ),
            None,
        )
        made = plan(planned, revision=accepted.revision, label=accepted.label)
        if meaning is not None:
            made = replace(made, schedules=meaning(asked.now))
        for violation in made.refused:
            emit(PlanRefusedByGuard(violation.scope, violation.guard, violation.token))
        emit(PlanComputed(made.revision, made.digest, len(made.changes)))
        known = seen.planned_from
        if known is not None and holding:
            known = replace(known, turns_at=next_end(holding, asked.now))
        parts = laid, made, self._names, tuple(states), asked, meaning, revision
        return PlanRun(*parts, planned_from=known, looks_before=seen.looks)

    def _accepted(self, revision: LoadedRevision, emit: Emit) -> DesiredState:
        name, found = self.source.name, revision.tree.revision.id
        warnings = sum(problem.warning for problem in revision.problems)
        try:
            desired = revision.desired
        except InvalidDesiredState as error:
            emit(DesiredRejected(name, found, len(error.problems), warnings))
            raise
        emit(DesiredLoaded(name, found, len(desired.resources), warnings))
        return desired


def git_documents(
    revision: LoadedRevision, overrides: Iterable[Override]
) -> Mapping[ResourceRef, str]:
    """Return the digests of the documents that overrides wait for, as Git has them with no override laid over them.

    What is not read from YAML says nothing of Git: there they are as they were.
    """
    waiting = [override for override in overrides if override.until_git]
    if not revision.is_yaml:
        return {override.ref: override.base_digest for override in waiting}
    resources = revision.loaded.memory.resources
    return {
        override.ref: digest(resources[override.ref].document)
        for override in waiting
        if override.ref in resources
    }


def _chosen(
    states: Sequence[ObservedState], wanted: Sequence[str], settings: Settings
) -> list[ObservedState]:
    """Return the scopes asked for, in the modes the settings give them."""
    known = [state.scope for state in states]
    for scope in wanted:
        if scope not in known:
            raise WrongUsage(
                f"there is no scope {scope!r}",
                fix=f"choose from {', '.join(known) or CONFIG_SCOPE}",
            )
    mode = settings.targets.tables
    return [
        replace(state, state=ScopeState.OBSERVE, reason=Reason("targets.tables: observe"))
        if mode == "observe" and state.state is ScopeState.OK
        else state
        for state in states
        if (not wanted or state.scope in wanted) and mode != "off"
    ]
