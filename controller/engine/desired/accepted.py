"""From what the config tables hold to the accepted state, doing again only what changed since the last time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from controller.errors import WrongUsage
from controller.kinds.language.kind import Finding, Kinds, of_rules
from controller.loading.resolve import resolve_all
from controller.loading.validated import (
    ObjectsReadBack,
    ReadBack,
    StoredObject,
    ValidatedDocument,
    read_back,
    spec_of,
    validate_document,
)
from controller.model.accepted import AcceptedState, Items, LiveOptions
from controller.model.canonical import parse_canonical
from controller.model.observed import (
    BENEATH,
    NOBODY_KNOWN,
    Mark,
    Observation,
    ObservedState,
    Ownership,
)
from controller.model.override import Override
from controller.model.plan import ScopePlan
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Projection, Resource
from controller.planning.authors import made_by
from controller.planning.fields import keep_found
from controller.planning.overrides import by_object, patch, without_override
from controller.targets.table_items.item_form import load_plain

_ACCEPTED = frozenset({Ownership.OURS, Ownership.LOST_MARK})
_NO_MARK = (
    "its mark is lost, and with it what was authored beside its attributes; envctl apply heals it"
)

V = TypeVar("V")


@dataclass(frozen=True, slots=True, eq=False)
class LazyMapping(Mapping[ResourceRef, V]):
    """Values made when they are asked for, and then kept: ``refs`` are the keys there are, ``make`` gives the value of one."""

    refs: Mapping[ResourceRef, Any]
    make: Callable[[ResourceRef], V]
    _made: dict[ResourceRef, V] = field(default_factory=dict, init=False)

    def __getitem__(self, ref: ResourceRef) -> V:
        if ref not in self._made:
            if ref not in self.refs:
                raise KeyError(ref)
            self._made[ref] = self.make(ref)
        return self._made[ref]

    def __iter__(self) -> Iterator[ResourceRef]:
        return iter(self.refs)

    def __len__(self) -> int:
        return len(self.refs)


@dataclass(slots=True)
class AcceptedReader:
    """Reads the accepted state time and again; an object that the tables hold as before is not read again."""

    kinds: Kinds
    options: LiveOptions
    """What the settings say."""
    installation: str = ""
    """The installation's id."""
    _memory: Mapping[ResourceRef, ReadBack] = field(default_factory=dict, init=False)

    def read(
        self,
        observed: ObservedState,
        now: datetime,
        overrides: Iterable[Override] = (),
        revision: str = "",
        after: ObservedState | None = None,
        sequence: int = 0,
    ) -> AcceptedState:
        """Read what the tables hold of ours, with the overrides that hold at ``now`` laid over it.

        ``after`` are the tables as a plan leaves them: then that is what is accepted, and ``observed`` what was applied.
        An override that has ended is over here, whether the tables still hold its value or not. What cannot be read back is in
        ``unreadable``; nothing is raised for it. Whether Git has changed a document since an override was made is not known
        here: such overrides hold until their record goes.
        """
        holding = tuple(made for made in overrides if made.until is None or made.until > now)
        applied = self._read(observed, holding, revision, sequence)
        if after is None:
            return applied
        return replace(self._read(after, holding, revision, sequence), before=applied.applied)

    def _read(
        self,
        observed: ObservedState,
        holding: tuple[Override, ...],
        revision: str,
        sequence: int,
    ) -> AcceptedState:
        objects = observed.objects.items()
        mine = {ref: found for ref, found in objects if found.ownership in _ACCEPTED}
        stored = {
            ref: StoredObject(found.attributes, mark.extra, Origin(mark.path, mark.line))
            for ref, found in mine.items()
            if (mark := found.mark) is not None
        }
        known = read_back(stored, self.kinds, self._memory)
        self._memory = known.memory
        unreadable = {ref: _in_short(issues) for ref, issues in known.unreadable.items()}
        unreadable |= {ref: _NO_MARK for ref in mine if ref not in stored}

        bare = AcceptedState(
            resources=known.resources,
            specs=known.specs,
            items=LazyMapping(mine, lambda ref: load_plain(mine[ref].attributes)),
            unreadable=unreadable,
            made_by={
                ref: found.mark.made_by
                for ref, found in mine.items()
                if found.mark is not None and found.mark.made_by.author
            },
            revision=revision,
            sequence=sequence,
            installation=self.installation,
            options=self.options,
        )
        base = {
            ref: read.stored.extra[BENEATH]
            for ref, read in known.memory.items()
            if BENEATH in read.stored.extra
        }
        # What the tables hold because of overrides is first taken out: some may have ended since.
        plain = self._laid_over(bare, known, mine, base, ()) if base else bare
        if not holding:
            return plain
        return replace(self._laid_over(bare, known, mine, base, holding), beneath=plain)

    def _laid_over(
        self,
        bare: AcceptedState,
        known: ObjectsReadBack,
        mine: Mapping[ResourceRef, Observation],
        base: Mapping[ResourceRef, Any],
        overrides: tuple[Override, ...],
    ) -> AcceptedState:
        patched, wrong = self._patched(known, base, overrides)
        if not (patched or wrong or overrides):
            return bare
        resources: dict[ResourceRef, Any] = {**known.resources, **patched}
        specs = dict(known.specs)
        specs |= {ref: spec_of(resource, self.kinds) for ref, resource in patched.items()}
        for ref in wrong:
            del resources[ref], specs[ref]

        def items_of(ref: ResourceRef) -> Items:
            if ref in patched:
                return self._kept(mine[ref], patched[ref].projection)
            return bare.items[ref]

        return replace(
            bare,
            resources=resources,
            specs=specs,
            items=LazyMapping(mine, items_of),
            unreadable={**bare.unreadable, **wrong},
            overrides=overrides,
            before=bare,
        )

    def _kept(self, found: Observation, patched: Projection) -> Items:
        shared = self.kinds[found.ref.kind].shared
        wanted = parse_canonical(patched.attributes)
        kept: Items = keep_found(load_plain(found.attributes), wanted, shared, patched.owned)
        return kept

    def _patched(
        self,
        known: ObjectsReadBack,
        base: Mapping[ResourceRef, Any],
        overrides: Sequence[Override],
    ) -> tuple[dict[ResourceRef, Resource], dict[ResourceRef, str]]:
        """Return the objects with their overrides' values over their ``base``, and those whose overrides do not fit them, with the reason."""
        valid: dict[ResourceRef, ValidatedDocument] = {}
        wrong: dict[ResourceRef, str] = {}
        by_ref = by_object(overrides)
        touched = {override.ref for override in overrides if override.puts_value} | base.keys()
        for ref in sorted(touched & known.resources.keys()):
            resource = known.resources[ref]
            own, kind = by_ref.get(ref, ()), self.kinds[ref.kind]
            try:
                beneath = without_override(resource.document, base.get(ref, {}))
                document = patch(beneath, own, kind.expand)
            except WrongUsage as error:
                refusal = error.message
            else:
                made = validate_document(kind, document, resource.origin, 0)
                if isinstance(made, ValidatedDocument):
                    valid[ref] = made
                    continue
                refusal = _in_short(made)
            ids = ", ".join(override.id for override in own)
            wrong[ref] = f"an override does not fit it ({ids}): {refusal}"

        def facts(ref: ResourceRef) -> Any:
            if ref in valid:
                return valid[ref].facts
            return self.kinds[ref.kind].facts(ref.key, known.specs[ref])

        if not valid:
            return {}, wrong
        settings = of_rules(self.options)
        resolved = resolve_all(valid, self.kinds, settings, LazyMapping(known.specs, facts))
        return {ref: found.resource for ref, found in resolved.items()}, wrong


def accepted_of(
    resources: Mapping[ResourceRef, Resource],
    kinds: Kinds,
    options: LiveOptions,
    revision: str = "",
    installation: str = "",
) -> AcceptedState:
    """Return the state as it would be once these objects have been applied in full, so that no tables are needed."""
    return AcceptedState(
        resources=resources,
        specs=LazyMapping(resources, lambda ref: spec_of(resources[ref], kinds)),
        items=LazyMapping(
            resources, lambda ref: parse_canonical(resources[ref].projection.attributes)
        ),
        revision=revision,
        installation=installation,
        options=options,
    )


def accepted_after(observed: ObservedState, scope_plan: ScopePlan) -> ObservedState:
    """Return the config scope as it will be once a plan of it has been applied, by ourselves and in full."""
    objects = dict(observed.objects)
    for change in scope_plan.changes:
        if change.after is None:
            objects.pop(change.ref, None)
            continue
        before = objects.get(change.ref)
        known = before.mark if before is not None else None
        revision = known.revision if known else ""
        origin = change.origin or (Origin(known.path, known.line) if known else Origin(""))
        extra = parse_canonical(change.extra) if change.extra else {}
        author = made_by(change, known.made_by if known else NOBODY_KNOWN)
        objects[change.ref] = Observation(
            ref=change.ref,
            attributes=change.after,
            digest=change.digest,
            mark=Mark("", "", revision, origin.path, origin.line, change.digest, extra, author),
            ownership=Ownership.OURS,
            base=change.base,
            depends_on=change.depends_on,
        )
    return replace(observed, objects=objects)


def _in_short(issues: Sequence[Finding]) -> str:
    first = issues[0]
    where = ".".join(map(str, first.path))
    more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
    return f"{f'{where}: ' if where else ''}{first.message}{more}"
