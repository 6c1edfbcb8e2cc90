"""From a loaded revision and what the tables hold to the plan of the ``config`` scope."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any, Final, NamedTuple

from controller.decisions.lifting import HOLDING, may_lift
from controller.engine.config.lifting import refuse_lifting
from controller.engine.config.observe import ObservedConfig, Recorded
from controller.engine.desired.find_edits import with_edits, yaml_field_names
from controller.engine.desired.load_revision import LoadedRevision
from controller.errors import InvalidDesiredState
from controller.kinds.environment import CONFIG, OPERATIONAL
from controller.kinds.environment_type import TABLE as TYPES
from controller.kinds.language.kind import Finding, Kind, Leaving
from controller.kinds.schedule import choice_of
from controller.loading.issues import PlacedIssue, placed
from controller.loading.text_problems import ProblemPlacer
from controller.model.canonical import Json, parse_canonical
from controller.model.observed import (
    Observation,
    ObservedState,
    Ownership,
    ScopeState,
    spec_value,
)
from controller.model.override import Override
from controller.model.plan import PlanOptions, ScopePlan
from controller.model.ref import (
    Authorship,
    Problem,
    ProblemCode,
    ResourceRef,
    in_file_order,
)
from controller.model.resource import DesiredState, Projection
from controller.planning.authors import (
    CONTROLLER,
    TIME_UP,
    Authors,
    with_authors,
)
from controller.planning.diff import DiffOptions, departing
from controller.planning.guards import GuardSettings
from controller.planning.immutables import KeptValue, find_kept_values
from controller.planning.leaving import left_with_retired
from controller.planning.overrides import left_fields, suspended
from controller.planning.scope_plan import Barrier, ScopeOptions, plan_scope
from controller.planning.wording import in_force
from controller.targets.table_items.item_form import found_references, with_references

SCHEDULE_ENVIRONMENT: Final = "SCHEDULE_ENVIRONMENT"


def schedule_barriers(
    desired: Mapping[ResourceRef, Projection], observed: ObservedState
) -> Iterator[Barrier]:
    """Yield a barrier for each environment that would get another schedule although its type protects it.

    Be it as applied last or as it is to be. Domain rule: for everyone, so nothing approves it; the type gives the protection
    up in a run of its own. Schedules go on being followed all the same.
    """
    types = {ref for ref in chain(desired, observed.objects) if ref.kind == _TYPE}
    if not types:
        return
    wanted = {ref: desired[ref].attributes for ref in types if ref in desired}
    applied = {ref: observed.objects[ref].attributes for ref in types if ref in observed.objects}
    now, before = _protecting(wanted), _protecting(applied)
    if not now | before:
        return
    for ref, projection in desired.items():
        found = observed.objects.get(ref)
        if ref.kind != "Environment" or found is None or found.digest == projection.digest:
            continue
        kinds = [
            str(_value(attributes, CONFIG.name).get(_TYPE))
            for attributes in (projection.attributes, found.attributes)
        ]
        held_by = next((kind for kind in kinds if kind in now | before), None)
        if held_by is not None and _schedule_differs(projection, found):
            because = (
                f"EnvironmentType/{held_by} is protected against {SCHEDULE_ENVIRONMENT}: its"
                " environments keep their schedules"
            )
            yield Barrier(
                guard="protectedActions",
                because=because,
                refs=frozenset({ref}),
                overridable=False,
                lifted=held_by not in now,
            )


_TYPE: Final = "EnvironmentType"


def _protecting(types: Mapping[ResourceRef, bytes]) -> AbstractSet[str]:
    """Return the names of those environment types, by their attributes, that protect schedules.

    One whose protected actions are no list, as somebody else wrote them, protects: what they were is not known.
    """
    protecting = set()
    for ref, attributes in types.items():
        actions = _value(attributes, TYPES.name).get("ProtectedActions")
        if actions is not None and (
            not isinstance(actions, list) or SCHEDULE_ENVIRONMENT in actions
        ):
            protecting.add(ref.key)
    return protecting


def _schedule_differs(projection: Projection, found: Observation) -> bool:
    wanted = parse_canonical(projection.attributes).get(OPERATIONAL.name, {}).get("Value", {})
    there = _value(found.attributes, OPERATIONAL.name)
    # Meanings are compared: an empty item is on, as one is that says so.
    if choice_of(wanted) != choice_of(there):
        return True
    if found.mark is None:
        return False
    authored = found.mark.extra
    paths = ("schedule", "schedule.use")
    now = parse_canonical(projection.extra)
    return any(spec_value(now, path) != spec_value(authored, path) for path in paths)


def _value(attributes: bytes, table: str) -> Mapping[str, Any]:
    items: Json = parse_canonical(attributes)
    value = items.get(table, {}).get("Value")
    return value if isinstance(value, dict) else {}


def _still_in_use(
    leaving: AbstractSet[ResourceRef],
    desired: Mapping[ResourceRef, Projection],
    observed: ObservedState,
    kinds: Mapping[str, Kind[Any]],
) -> Iterator[Barrier]:
    """Hold the leaving of what a virtual host sends requests to (domain rule: not while one names it).

    Be it somebody else's, or one whose document says that what it names has no document.
    """
    marked = {name for name, kind in kinds.items() if kind.leaving is Leaving.MARK_THEN_DELETE}
    leaving = frozenset(ref for ref in leaving if ref.kind in marked)
    naming: dict[ResourceRef, str] = {}
    for ref in sorted(observed.objects) if leaving else ():
        found, kind = observed.objects[ref], kinds.get(ref.kind)
        if kind is not None and found.ownership is not Ownership.OURS:
            for named in leaving.intersection(found_references(kind, found.attributes)):
                naming.setdefault(named, f"{ref}, which is not in the YAML,")
    for ref in sorted(desired) if leaving else ():
        for named in leaving.intersection(desired[ref].depends_on):
            if str(named) in parse_canonical(desired[ref].extra).get("metadata", {}).get(
                "unmanaged", ()
            ):
                naming.setdefault(named, str(ref))
    for ref, first in naming.items():
        because = f"{first} still names it"
        yield Barrier(guard="stillNamed", because=because, refs=frozenset({ref}))


MOST_ASKED_FOR = 50
"""Missing objects whose records are looked up. More are no accident but a first apply, or tables that were lost: then
the plan as a whole says enough."""


class PlanRules(NamedTuple):
    """What every plan of an installation goes by."""

    kinds: Mapping[str, Kind[Any]]
    limits: GuardSettings = GuardSettings()


def plan_config(
    revision: LoadedRevision,
    seen: ObservedConfig,
    observed: ObservedState,
    asked: PlanOptions,
    rules: PlanRules,
    *,
    overrides: Sequence[Override] = (),
    authors: Authors | None,
) -> ScopePlan:
    """Plan the config scope as ``observed`` among what was ``seen``; the revision has the ``overrides`` laid over it.

    The ledger is asked for what would be pruned, and for what is not there (a deletion behind our back is drift),
    ``authors`` once, for the documents the changes come from; None where there are none. Raises InvalidDesiredState for what
    only the tables can tell: values that must stay, or that something outside the YAML has taken.
    """
    desired, options = revision.desired, _options(revision, observed, asked, rules, overrides)
    projections = revision.loaded.projections
    schedules = held = tuple(schedule_barriers(projections, observed))
    if observed.state in (ScopeState.OK, ScopeState.OBSERVE):
        if kept := find_kept_values(projections, observed, options):
            raise InvalidDesiredState(_placed(kept, desired, revision))
        leaving = departing(projections, observed)
        if leaving:
            observed = with_references(observed, leaving, rules.kinds)
            found = {ref: observed.objects[ref].attributes for ref in leaving - options.suspended}
            held += tuple(_still_in_use(leaving, projections, observed, rules.kinds))
            options = replace(options, unrecorded=found.keys() - _recorded(found, seen.recorded))
        missing = projections.keys() - observed.objects.keys()
        if 0 < len(missing) <= MOST_ASKED_FOR:
            retired = {ref for ref, projection in projections.items() if projection.retired}
            gone = missing - left_with_retired(projections, retired).keys() - options.suspended
            wanted = {ref: projections[ref].attributes for ref in gone}
            options = replace(options, removed_outside=_recorded(wanted, seen.missed))
    guarded = ScopeOptions(
        diff=options,
        limits=rules.limits,
        approvals=None if seen.stands_in else asked.approvals,
        barriers=held,
        source_paths=frozenset(revision.tree.files),
        leaves=asked.leaves,
    )
    scope = plan_scope(projections, observed, guarded)
    if any(change.ref.kind in HOLDING for change in scope.changes) and may_lift(scope.changes):
        scope = refuse_lifting(scope, schedules, observed, projections, rules.kinds, asked.now)
    changes = with_edits(scope.changes, desired.resources, revision.origins)
    ended_by = partial(_ended_by, seen, observed, asked.now)
    changes = with_authors(changes, overrides, ended_by, authors)
    notes = tuple(sorted((*scope.notes, *in_force(overrides)))) if overrides else scope.notes
    return replace(scope, changes=changes, notes=notes)


def _ended_by(
    seen: ObservedConfig, observed: ObservedState, now: datetime, ref: ResourceRef
) -> Authorship:
    """Return who ended the overrides whose values an object still holds: the last to do so."""
    mark = observed.objects[ref].mark if ref in observed.objects else None
    ids = mark.made_by.overrides if mark is not None else ()
    left = {override.id for override in seen.overrides}
    ends = [
        TIME_UP._replace(date=now.isoformat()) if id_ in left else seen.ended_by(id_) for id_ in ids
    ]
    return max(ends, key=attrgetter("date"), default=CONTROLLER)


def _placed(
    kept: Sequence[KeptValue], desired: DesiredState, revision: LoadedRevision
) -> tuple[Problem, ...]:
    """Return values that must stay as problems, at the lines that say otherwise."""
    issues: list[PlacedIssue] = []
    for ref, path, message, fix in kept:
        resource = desired.resources[ref]
        finding = Finding(path, message, fix, code=ProblemCode.IMMUTABLE)
        issues += placed([finding], resource.origin, resource.place)
    placer = ProblemPlacer(revision.origins, revision.loaded.resources)
    return in_file_order(map(placer.place, issues))


def _options(
    revision: LoadedRevision,
    observed: ObservedState,
    asked: PlanOptions,
    rules: PlanRules,
    overrides: Sequence[Override],
) -> DiffOptions:
    """Return how the tables are compared, as far as the ledger need not be asked."""
    marks = (found.mark for found in observed.objects.values() if found.ownership is Ownership.OURS)
    options = DiffOptions(
        target="tables",
        # The id our marks carry; empty where nothing is ours yet.
        installation=next((mark.by for mark in marks if mark is not None), ""),
        now=asked.now,
        kinds=rules.kinds,
        adopt=asked.adopt,
        edited_as=asked.edited_as,
        overridden={ref: plain.projection for ref, plain in revision.beneath.items()},
        origins={ref: resource.origin for ref, resource in revision.loaded.resources.items()},
        names=yaml_field_names(rules.kinds),
    )
    if not overrides:
        return options
    return replace(options, suspended=suspended(overrides), left=left_fields(overrides))


def _recorded(objects: Mapping[ResourceRef, bytes], recorded: Recorded) -> frozenset[ResourceRef]:
    """Return those of the objects that a record says we made: a mark alone is not enough to delete."""
    refs = sorted(objects)
    with ThreadPoolExecutor(8, thread_name_prefix="ask-ledger") as pool:
        answers = list(pool.map(recorded, refs, [objects[ref] for ref in refs]))
    return frozenset(ref for ref, known in zip(refs, answers, strict=True) if known)
