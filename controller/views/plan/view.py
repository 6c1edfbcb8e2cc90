"""A plan as a reviewer reads it, before it becomes text, Markdown or HTML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple

from controller.model.canonical import ABSENT, Json, parse_canonical
from controller.model.observed import ScopeState
from controller.model.plan import Change, FieldChange, Note, Plan, ScopePlan, Violation
from controller.model.printable import printable
from controller.model.ref import Origin, ResourceRef
from controller.model.review import NO_REVIEW
from controller.planning.conflicts import conflict_lines
from controller.planning.edits import REMOVED, collapse, group_by_edit, join_alike
from controller.planning.fields import (
    EXTRA,
    Difference,
    FieldNames,
    FieldPath,
    Member,
    field_changes,
    identity,
    member_key,
)
from controller.planning.review import review_lines
from controller.planning.since import since_lines
from controller.views.plan.field_lines import OWN_NAME, ShownField, counted, shown_field
from controller.views.plan.schedule_text import TITLE, meaning_lines, tally_of
from controller.views.plan.wording import (
    AGREE,
    BESIDE,
    DARK,
    SIGNS,
    SINCE,
    edit_title,
    effects_text,
    names_text,
    scope_text,
    tally_text,
)


def fields_of(change: Change, names: FieldNames) -> tuple[FieldChange, ...]:
    """Return a change's fields; those of a create or delete are worked out only here, when somebody wants to see them.

    What was authored beside the attributes comes first: labels, protection, fields of the controller alone.
    """
    if change.action not in ("create", "delete"):
        return change.fields
    return field_changes(change.ref, _whole(change), names, whole=True)


def _whole(change: Change) -> tuple[Difference, ...]:
    """Return all that an object has which comes or goes."""
    is_new = change.action == "create"
    image = (change.after if is_new else change.before) or b"{}"
    extra = parse_canonical(change.extra or b"{}")
    authored = {part: extra[part] for part in ("metadata", "spec") if extra.get(part)}
    leaves = (*_leaves((EXTRA,), authored), *_leaves((), parse_canonical(image)))
    if is_new:
        return tuple(Difference(path, ABSENT, value) for path, value in leaves)
    return tuple(Difference(path, value, ABSENT) for path, value in leaves)


def _leaves(path: FieldPath, value: Json) -> Iterator[tuple[FieldPath, Json]]:
    if isinstance(value, dict) and (value or path in ((), (EXTRA,))):
        for name in sorted(value):
            yield from _leaves((*path, name), value[name])
    elif isinstance(value, list) and (attributes := identity(value, value)):
        for member in value:
            key = member_key(member, attributes)
            yield from _leaves((*path, Member(attributes, key)), member)
    else:
        yield path, value


FIELDS_SHOWN: Final = 6

NOT_EXPLAINED: Final = (ScopeState.OK, ScopeState.REFUSED)
"""Scopes in these states explain themselves by their changes and violations."""


class Entry(NamedTuple):
    """What is said of one object, or of several that change alike: a line, the lines below it, and fields. All of it is printable.

    ``more_fields`` counts fields that are not shown; of several objects those of the one that has most.
    """

    sign: str
    title: str
    remarks: tuple[str, ...]
    fields: tuple[ShownField, ...] = ()
    more_fields: int = 0
    below: tuple[str, ...] = ()
    kind: str = ""
    cause: str = ""
    scopes: tuple[str, ...] = ()
    """What readers look for it by; empty where it is of no change."""

    @property
    def more_text(self) -> str:
        """Return what is not shown of it, and what shows it; empty if nothing is missing."""
        more = "more " if self.fields else ""
        fields = counted(self.more_fields, f"{more}field") if self.more_fields else ""
        is_cut = any(field.hidden for field in self.fields) or self.title.endswith(", …)")
        return "  ".join(filter(None, (fields, "--expand" if fields or is_cut else "")))


class Section(NamedTuple):
    """What one edit causes; or, last of all, what the plan's changes of schedules mean."""

    sign: str
    title: str
    tally: str
    entries: tuple[Entry, ...]
    place: Origin | None = None
    """Where the edit stands in the source; None where it is not there any more."""


class Aside(NamedTuple):
    """Something that is not of the change under review: its category, and lines about it."""

    category: str
    entries: tuple[Entry, ...]


class PlanView(NamedTuple):
    """Everything that is shown of a plan, in reading order. Every text in it is printable: on one line, and with nothing in it that is not seen."""

    label: str
    sections: tuple[Section, ...]
    asides: tuple[Aside, ...]
    violations: tuple[Violation, ...]
    told: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What is said to who reviews it, each under its title, where there is any: who must agree and what the author may not, with
    which open pull requests it conflicts, what is otherwise since an earlier plan."""


def view(plan: Plan, names: FieldNames, *, expand: bool) -> PlanView:
    """Arrange a plan for reading. ``expand`` shows every name and every field, those of new objects too."""
    scope_of = {id(change): scope.scope for scope in plan.scopes for change in scope.changes}
    groups, others = group_by_edit(plan.changes)
    entries_of = partial(_entries, scope_of=scope_of, names=names, expand=expand)
    sections = []
    for group in join_alike(groups) if len(groups) > 1 else groups:
        sign, title = edit_title(*group)
        tally = printable(tally_text(scope_of, group.changes))
        place = None if group.edit.what == REMOVED else group.edit.origin
        entries = entries_of(group.changes)
        sections.append(Section(sign, printable(title), tally, entries, place))
    if plan.schedules is not None:
        meant = tuple(
            Entry("", printable(line.title), (printable(line.remark),) if line.remark else ())
            for line in meaning_lines(plan.schedules, expand=expand)
        )
        sections.append(Section("~", TITLE, tally_of(plan.schedules), meant))
    by_cause: dict[str, list[Change]] = {}
    for change in others:
        by_cause.setdefault(change.cause.value, []).append(change)
    asides = (
        *(Aside(cause, entries_of(of_cause)) for cause, of_cause in sorted(by_cause.items())),
        *(_notes(plan, expand=expand) if any(scope.notes for scope in plan.scopes) else ()),
        *(_odd_scope(scope, plan) for scope in plan.scopes if scope.state not in NOT_EXPLAINED),
    )
    violations = tuple(
        replace(violation, scope=printable(violation.scope), message=printable(violation.message))
        for scope in plan.scopes
        for violation in scope.violations
    )
    reviewed = () if plan.review == NO_REVIEW else review_lines(plan.review)
    beside = conflict_lines(plan.beside) if plan.beside else ()
    earlier = () if plan.since is None else since_lines(plan.since)
    titled = ((AGREE, reviewed), (BESIDE, beside), (SINCE, earlier))
    told = [(title, tuple(map(printable, lines))) for title, lines in titled]
    said = tuple((title, lines) for title, lines in told if lines)
    return PlanView(printable(plan.label), tuple(sections), asides, violations, said)


def _entries(
    changes: Sequence[Change], scope_of: Mapping[int, str], names: FieldNames, *, expand: bool
) -> tuple[Entry, ...]:
    """Return what is said of changes, those alike together.

    What comes or goes is alike where what protects it and what only the controller has are the same; expanded, where all is.
    """
    wholes = {
        id(change): _whole(change) for change in changes if change.action in ("create", "delete")
    }
    nameless = {
        id(change): _nameless(change, wholes[id(change)])
        for change in changes
        if id(change) in wholes
    }
    told: dict[int, Sequence[Difference] | Sequence[FieldChange]] = {
        id(change): change.fields for change in changes
    }
    for of_change, whole in nameless.items():
        shown = whole if expand else [d for d in whole if _stands_out(d.path)]
        told[of_change] = told[of_change] or shown
    return tuple(
        _entry(
            group,
            [nameless[id(change)] for change in group if id(change) in nameless],
            wholes.get(id(group[0]), ()),
            scope_of,
            names,
            expand=expand,
        )
        for group in collapse(changes, lambda change: told[id(change)])
    )


def _stands_out(path: FieldPath) -> bool:
    return path[:2] == (EXTRA, "spec") or path[:3] == (EXTRA, "metadata", "protect")


def _nameless(change: Change, whole: Sequence[Difference]) -> tuple[Difference, ...]:
    """Return all that an object has, with its own name said as such, so that others can be alike."""
    name = change.ref.key.rpartition("/")[2]
    if change.action == "create":
        return tuple(d._replace(after=OWN_NAME) if d.after == name else d for d in whole)
    return tuple(d._replace(before=OWN_NAME) if d.before == name else d for d in whole)


def _entry(
    changes: Sequence[Change],
    nameless: Sequence[Sequence[Difference]],
    whole: Sequence[Difference],
    scope_of: Mapping[int, str],
    names: FieldNames,
    *,
    expand: bool,
) -> Entry:
    """Return what is said of a group; of what comes or goes with all that each has without its name, and ``whole`` that the first has."""
    first = changes[0]
    scopes = {scope_of[id(change)] for change in changes}
    title = names_text([change.ref for change in changes], expand=expand, scopes=scopes)
    fields, count = first.fields, len(first.fields)
    if nameless:
        count = max(map(len, nameless))
        alike = _alike(first, nameless, whole, expand=expand)
        told = field_changes(first.ref, alike, names, whole=True)
        # A name that several of its items have is told once.
        fields = tuple({repr(field): field for field in told}.values())
        count -= len(told) - len(fields)
    shown = fields if expand else fields[:FIELDS_SHOWN]
    remarks = (scope_text(scopes), effects_text(changes), first.because)
    return Entry(
        SIGNS[first.action],
        printable(title),
        tuple(map(printable, filter(None, remarks))),
        tuple(shown_field(field, first.action, expand=expand) for field in shown),
        count - len(shown),
        kind=printable(first.ref.kind),
        cause=first.cause.value,
        scopes=tuple(printable(scope) for scope in sorted(scopes)),
    )


def _alike(
    first: Change,
    nameless: Sequence[Sequence[Difference]],
    whole: Sequence[Difference],
    *,
    expand: bool,
) -> Sequence[Difference]:
    """Return what is shown of objects that come or go: what all of them have alike; not expanded, the first of it, of what goes nothing."""
    if first.action == "delete" and not expand:
        return ()
    alike = whole
    if len(nameless) > 1:
        common = set.intersection(*({repr(found) for found in of_object} for of_object in nameless))
        alike = [found for found in nameless[0] if repr(found) in common]
    if expand:
        return alike
    # The title has the name already.
    own = (OWN_NAME, first.ref.key.rpartition("/")[2])
    return sorted(alike, key=lambda found: found.after in own)[:FIELDS_SHOWN]


def _notes(plan: Plan, *, expand: bool) -> Iterator[Aside]:
    scope_of = {note.ref: scope.scope for scope in plan.scopes for note in scope.notes}
    grouped: dict[str, list[Note]] = {}
    for note in sorted(note for scope in plan.scopes for note in scope.notes):
        grouped.setdefault(note.category, []).append(note)
    for category, of_category in grouped.items():
        alike: dict[tuple[str, str], list[ResourceRef]] = {}
        for note in of_category:
            alike.setdefault((note.ref.kind, note.text), []).append(note.ref)
        entries = []
        for (_, text), refs in alike.items():
            # The name of a single object has its scope already.
            scopes = {scope_of[ref] for ref in refs} if len(refs) > 1 else set()
            remarks = tuple(filter(None, (scope_text(scopes), text)))
            title = names_text(refs, expand=expand, scopes=scopes)
            entries.append(Entry("", printable(title), tuple(map(printable, remarks))))
        yield Aside(category, tuple(entries))


def _odd_scope(odd: ScopePlan, plan: Plan) -> Aside:
    """Return why a scope is not planned as others are, and what becomes of it."""
    if odd.state is ScopeState.OBSERVE:
        outcome = "shown, not applied"
    elif any(part.scope == odd.scope and part.state not in DARK for part in plan.scopes):
        outcome = "the rest of the scope goes on"
    else:
        outcome = "nothing planned there"
    why = printable("; ".join(filter(None, (odd.reason.message, outcome))))
    # The reason may go on with commands to type, on lines of their own.
    below = tuple(map(printable, odd.reason.below.split("\n"))) if odd.reason.below else ()
    return Aside(odd.state.value, (Entry("", printable(odd.scope), (why,), below=below),))
