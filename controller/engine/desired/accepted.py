"""From what the config tables hold to the accepted state, doing again only what changed since the last time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from controller.errors import WrongUsage
from controller.loading.compiled import CompiledKinds
from controller.loading.draft import Draft, draft
from controller.loading.issue import Issue
from controller.loading.recovered import Held, ReadBack, Recovered, recover, spec_of
from controller.loading.resolve import resolve
from controller.loading.world import TracingWorld
from controller.model.accepted import AcceptedState, Items
from controller.model.canonical import parse_canonical
from controller.model.extra import BENEATH
from controller.model.live_options import LiveOptions
from controller.model.observed import Mark, Observation, ObservedState, Ownership
from controller.model.origin import Origin
from controller.model.override import Override
from controller.model.plan import Change, ScopePlan
from controller.model.ref import ResourceRef
from controller.model.resource import Resource
from controller.planning.overrides import patch, patched_refs, uncovered
from controller.planning.shared import keep_found
from controller.targets.table_items.plain_json import load_plain

_ACCEPTED = frozenset({Ownership.OURS, Ownership.LOST_MARK})
_NO_MARK = (
    "its mark is lost, and with it what was authored beside its attributes; envctl apply heals it"
)
_NONE_BROKEN: frozenset[ResourceRef] = frozenset()

V = TypeVar("V")


class Made(Mapping[ResourceRef, V]):
    """Values made when they are asked for, and then kept."""

    def __init__(self, refs: Mapping[ResourceRef, Any], make: Callable[[ResourceRef], V]) -> None:
        """Take the keys there are, and what makes the value of one."""
        self._refs = refs
        self._make = make
        self._made: dict[ResourceRef, V] = {}

    def __getitem__(self, ref: ResourceRef) -> V:
        if ref not in self._made:
            if ref not in self._refs:
                raise KeyError(ref)
            self._made[ref] = self._make(ref)
        return self._made[ref]

    def __iter__(self) -> Iterator[ResourceRef]:
        return iter(self._refs)

    def __len__(self) -> int:
        return len(self._refs)


class AcceptedReader:
    """Reads the accepted state time and again; an object that the tables hold as before is not read again."""

    def __init__(self, kinds: CompiledKinds, options: LiveOptions, installation: str = "") -> None:
        """Take the kinds, what the settings say, and the installation's id."""
        self._kinds = kinds
        self._options = options
        self._installation = installation
        self._memory: Mapping[ResourceRef, ReadBack] = {}
        self._specs: dict[ResourceRef, tuple[bytes, Any]] = {}

    def read(
        self,
        observed: ObservedState,
        now: datetime,
        overrides: Iterable[Override] = (),
        revision: str = "",
    ) -> AcceptedState:
        """Read what the tables hold of ours, with the overrides that hold at ``now`` laid over it.

        An override that has ended is over here, whether the tables still hold its value or not. What cannot be read back is in
        ``unreadable``; nothing is raised for it. Whether Git has changed a document since an
        override was made is not known here: such overrides hold until their record goes.
        """
        holding = tuple(
            override for override in overrides if override.until is None or override.until > now
        )
        mine = {
            ref: found for ref, found in observed.objects.items() if found.ownership in _ACCEPTED
        }
        held = {ref: _held(found, found.mark) for ref, found in mine.items() if found.mark}
        recovered = recover(
            held, self._kinds, default_region=self._options.default_region, memory=self._memory
        )
        self._memory = recovered.memory
        unreadable = {ref: _said(issues) for ref, issues in recovered.unreadable.items()}
        unreadable |= {ref: _NO_MARK for ref in mine if ref not in held}
        covered = {ref: one.extra[BENEATH] for ref, one in held.items() if BENEATH in one.extra}
        made = AcceptedState(
            unreadable=unreadable,
            revision=revision,
            installation=self._installation,
            options=self._options,
        )
        plain = self._laid_over(made, mine, recovered, covered, ())
        if not holding:
            return plain
        return replace(self._laid_over(made, mine, recovered, covered, holding), beneath=plain)

    def _laid_over(
        self,
        made: AcceptedState,
        mine: Mapping[ResourceRef, Observation],
        recovered: Recovered,
        covered: Mapping[ResourceRef, Mapping[str, Any]],
        overrides: tuple[Override, ...],
    ) -> AcceptedState:
        patched, wrong = self._patched(recovered, overrides, covered)
        resources = {**recovered.resources, **patched}
        for ref in wrong:
            resources.pop(ref, None)
        return replace(
            made,
            resources=resources,
            specs=Made(resources, lambda ref: self._spec(resources[ref])),
            items=Made(mine, lambda ref: self._items(mine[ref], patched.get(ref))),
            unreadable={**made.unreadable, **wrong},
            overrides=overrides,
        )

    def _spec(self, resource: Resource) -> Any:
        known = self._specs.get(resource.ref)
        if known is None or known[0] != resource.document:
            known = self._specs[resource.ref] = resource.document, spec_of(resource, self._kinds)
        return known[1]

    def _items(self, found: Observation, patched: Resource | None) -> Items:
        items: Items = load_plain(found.attributes)
        if patched is None:
            return items
        wanted = parse_canonical(patched.projection.attributes)
        shared = self._kinds.by_name[found.ref.kind].kind.shared
        kept: Items = keep_found(items, wanted, shared, patched.projection.owned)
        return kept

    def _patched(
        self,
        recovered: Recovered,
        overrides: Sequence[Override],
        covered: Mapping[ResourceRef, Mapping[str, Any]],
    ) -> tuple[dict[ResourceRef, Resource], dict[ResourceRef, str]]:
        """Return the objects with their overrides' values, and those whose overrides do not fit them, with the reason.

        What the tables hold because of overrides is first taken out (``covered``): some may have ended since.
        """
        drafts: dict[ResourceRef, Draft] = {}
        wrong: dict[ResourceRef, str] = {}
        concerned = patched_refs(overrides) | covered.keys()
        for ref in sorted(concerned & recovered.resources.keys()):
            resource = recovered.resources[ref]
            own = [override for override in overrides if override.ref == ref]
            made = self._draft(resource, own, covered.get(ref, {}))
            if isinstance(made, Draft):
                drafts[ref] = made
            else:
                wrong[ref] = f"an override does not fit it ({', '.join(o.id for o in own)}): {made}"
        facts = {**recovered.facts, **{ref: one.facts for ref, one in drafts.items()}}
        world = TracingWorld(facts, "none", self._options.default_region)
        kinds = self._kinds.by_name
        return {
            ref: resolve(one, kinds[ref.kind].kind, world, _NONE_BROKEN).resource
            for ref, one in drafts.items()
        }, wrong

    def _draft(
        self, resource: Resource, overrides: Sequence[Override], covered: Mapping[str, Any]
    ) -> Draft | str:
        try:
            document = patch(uncovered(resource.document, covered), overrides)
        except WrongUsage as error:
            return error.message
        made = draft(self._kinds.by_name[resource.ref.kind], document, resource.origin, 0)
        return made if isinstance(made, Draft) else _said(made)


def accepted_after(observed: ObservedState, scope_plan: ScopePlan) -> ObservedState:
    """Return the config scope as it will be once a plan of it has been applied, by ourselves and in full."""
    objects = dict(observed.objects)
    for change in scope_plan.changes:
        if change.after is None:
            objects.pop(change.ref, None)
        else:
            objects[change.ref] = _applied(change, objects.get(change.ref))
    return replace(observed, objects=objects)


def _applied(change: Change, before: Observation | None) -> Observation:
    known = before.mark if before is not None else None
    revision = known.revision if known else ""
    origin = change.origin or (Origin(known.path, known.line) if known else Origin(""))
    extra = parse_canonical(change.extra) if change.extra else {}
    after = change.after or b"{}"
    return Observation(
        ref=change.ref,
        attributes=after,
        digest=change.digest,
        mark=Mark("", "", revision, origin.path, origin.line, change.digest, extra),
        ownership=Ownership.OURS,
        base=change.base,
        depends_on=change.depends_on,
    )


def _held(found: Observation, mark: Mark) -> Held:
    return Held(found.attributes, mark.extra, Origin(mark.path, mark.line))


def _said(issues: Sequence[Issue]) -> str:
    first = issues[0]
    where = ".".join(map(str, first.path))
    more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
    return f"{f'{where}: ' if where else ''}{first.message}{more}"
