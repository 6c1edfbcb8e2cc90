"""A plan as a reviewer reads it, before it becomes text, Markdown or HTML."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from controller.model.canonical import ABSENT, Json, parse_canonical
from controller.model.observed import ScopeState
from controller.model.plan import Change, FieldChange, Note, Plan, Violation
from controller.model.ref import ResourceRef
from controller.planning.edits import collapse, group_by_edit
from controller.planning.fields import (
    Difference,
    FieldNames,
    FieldPath,
    Member,
    field_changes,
    identity,
    member_key,
)
from controller.views.plan.schedule_text import TITLE, meaning_lines, tally_of
from controller.views.plan.wording import (
    DARK,
    SIGNS,
    edit_title,
    effects_text,
    names_text,
    scope_text,
    tally_text,
)


def fields_of(change: Change, names: FieldNames) -> tuple[FieldChange, ...]:
    """Return a change's fields; those of a create or delete are worked out only here, when somebody wants to see them."""
    image = {"create": change.after, "delete": change.before}.get(change.action)
    if image is None:
        return change.fields
    leaves = _leaves((), parse_canonical(image))
    if change.action == "create":
        found = (Difference(path, ABSENT, value) for path, value in leaves)
    else:
        found = (Difference(path, value, ABSENT) for path, value in leaves)
    return field_changes(change.ref, found, names)


def _leaves(path: FieldPath, value: Json) -> Iterator[tuple[FieldPath, Json]]:
    if isinstance(value, dict) and value:
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
    """One line about one object, or about several that change alike, with the fields below it."""

    sign: str
    title: str
    remarks: tuple[str, ...]
    fields: tuple[FieldChange, ...]
    more_fields: int = 0


class Section(NamedTuple):
    """What one edit causes; or, last of all, what the plan's changes of schedules mean."""

    sign: str
    title: str
    tally: str
    entries: tuple[Entry, ...]


class Aside(NamedTuple):
    """Something that is not of the change under review: its category, and lines about it."""

    category: str
    entries: tuple[Entry, ...]


class PlanView(NamedTuple):
    """Everything that is shown of a plan, in reading order."""

    sections: tuple[Section, ...]
    asides: tuple[Aside, ...]
    violations: tuple[Violation, ...]


def view(plan: Plan, names: FieldNames, *, expand: bool) -> PlanView:
    """Arrange a plan for reading. ``expand`` shows every name and every field, those of new objects too."""
    scope_of = {id(change): scope.scope for scope in plan.scopes for change in scope.changes}
    groups, others = group_by_edit(plan.changes)
    entry_of = partial(_entry, scope_of=scope_of, names=names, expand=expand)
    sections = []
    for group in groups:
        sign, title = edit_title(group.edit, group.changes)
        tally = tally_text(scope_of, group.changes)
        sections.append(Section(sign, title, tally, tuple(map(entry_of, collapse(group.changes)))))
    if plan.schedules is not None:
        entries = [
            Entry("", line.title, (line.remark,) if line.remark else (), ())
            for line in meaning_lines(plan.schedules, expand=expand)
        ]
        sections.append(Section("~", TITLE, tally_of(plan.schedules), tuple(entries)))
    by_cause: dict[str, list[Change]] = {}
    for change in others:
        by_cause.setdefault(change.cause.value, []).append(change)
    asides = (
        *(
            Aside(cause, tuple(map(entry_of, collapse(of_cause))))
            for cause, of_cause in sorted(by_cause.items())
        ),
        *_notes(plan, expand=expand),
        *_scopes(plan),
    )
    violations = tuple(v for scope in plan.scopes for v in scope.violations)
    return PlanView(tuple(sections), tuple(asides), violations)


def _entry(
    changes: Sequence[Change], scope_of: Mapping[int, str], names: FieldNames, *, expand: bool
) -> Entry:
    first = changes[0]
    scopes = {scope_of[id(change)] for change in changes}
    title = names_text([change.ref for change in changes], expand=expand, scopes=scopes)
    fields = fields_of(first, names) if expand and len(changes) == 1 else first.fields
    shown = fields if expand else fields[:FIELDS_SHOWN]
    where = scope_text(scopes)
    remarks = tuple(filter(None, (where, effects_text(changes), first.because)))
    return Entry(SIGNS[first.action], title, remarks, shown, len(fields) - len(shown))


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
            entries.append(Entry("", names_text(refs, expand=expand, scopes=scopes), remarks, ()))
        yield Aside(category, tuple(entries))


def _scopes(plan: Plan) -> Iterator[Aside]:
    seen = {scope.scope for scope in plan.scopes if scope.state not in DARK}
    for scope in plan.scopes:
        if scope.state in NOT_EXPLAINED:
            continue
        if scope.state is ScopeState.OBSERVE:
            outcome = "shown, not applied"
        elif scope.scope in seen:
            outcome = "the rest of the scope goes on"
        else:
            outcome = "nothing planned there"
        # The reason may go on with commands to type, on lines of their own.
        head = "; ".join(filter(None, (scope.reason.message, outcome)))
        why = "\n".join(filter(None, (head, scope.reason.below)))
        yield Aside(scope.state.value, (Entry("", scope.scope, (why,), ()),))
