"""What a plan deletes, ends, replaces or stops: said first, named as far as there is room, and always counted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.plan import Cause, Change, Edit, Plan
from controller.model.printable import in_short, printable
from controller.model.ref import Origin
from controller.planning.guards import instances_of
from controller.planning.wording import NAMES_SHOWN, TIMES
from controller.views.plan.wording import edit_title, effects_text

_EFFECTS: Final = ("ended", "replaced", "stopped")
_BESIDE: Final = {ScopeState.OBSERVE: "only observed", ScopeState.REFUSED: "refused"}
_LINE_WIDTH: Final = 110
_LONGEST_NAME: Final = 120
_LONGEST_PLACE: Final = 200


class _Kin(NamedTuple):
    """What destructive changes that are said together have in common; its order is that of a report: the worst first."""

    rank: int
    kind: str
    beside: str
    scope: str
    place: str


class _Found(NamedTuple):
    change: Change
    kin: _Kin
    name: str


def is_destructive(change: Change) -> bool:
    """Tell whether a change takes something away that no further change brings back: the clock's stops do not."""
    if change.cause is Cause.SCHEDULED:
        return False
    if change.action == "delete":
        return True
    # Of what touches no instance nothing more is asked: that is most of a large plan.
    touches = change.effects or change.action == "stop"
    return bool(touches) and any(instances_of(change, effect) for effect in _EFFECTS)


def destructive_forms(plan: Plan) -> Iterator[tuple[str, ...]]:
    """Yield the same changes in ever fewer lines; nothing if there are none.

    By edit with every name; by edit with the first names; by kind; none. Each line says what is refused or only observed, and
    which instances are ended, replaced and stopped.
    """
    found = [
        _found(change, scope.scope, _BESIDE.get(scope.state, ""))
        for scope in plan.scopes
        for change in scope.changes
        if is_destructive(change)
    ]
    if not found:
        return
    by_edit = _together(found, lambda one: one.kin)
    yield tuple(line for group in by_edit for line in _lines(group, shown=len(group)))
    yield tuple(line for group in by_edit for line in _lines(group, shown=NAMES_SHOWN))
    by_kind = _together(found, lambda one: one.kin._replace(scope="", place=""))
    yield tuple(_head(group, kind=group[0].kin.kind) for group in by_kind)
    yield ()


def destructive_counts(plan: Plan) -> str:
    """Return how much that is: ``3 objects deleted, 2 instances ended``; empty for nothing."""
    changes = [change for change in plan.changes if is_destructive(change)]
    deletes = sum(change.action == "delete" for change in changes)
    effects = {e: sum(instances_of(change, e) for change in changes) for e in _EFFECTS}
    return ", ".join(
        f"{count:,} {noun}{'' if count == 1 else 's'} {what}"
        for count, noun, what in (
            (deletes, "object", "deleted"),
            *((count, "instance", effect) for effect, count in effects.items()),
        )
        if count
    )


def _found(change: Change, scope: str, beside: str) -> _Found:
    deletes = change.action == "delete"
    rank = 0 if instances_of(change, "ended") else 1 if deletes else 2
    edit = change.edit or Edit(Origin(change.origin.path if change.origin else ""), "")
    place = printable(edit_title(edit, [change])[1]) if edit.origin.path else ""
    where = "" if scope == CONFIG_SCOPE else in_short(scope, _LONGEST_NAME)
    name = change.ref.key.removeprefix(f"{scope}/")
    kind = in_short(change.ref.kind, _LONGEST_NAME)
    kin = _Kin(rank, kind, beside, where, in_short(place, _LONGEST_PLACE))
    return _Found(change, kin, in_short(name, _LONGEST_NAME))


def _together(found: Iterable[_Found], kin_of: Callable[[_Found], _Kin]) -> list[list[_Found]]:
    groups: dict[_Kin, list[_Found]] = {}
    for one in found:
        groups.setdefault(kin_of(one), []).append(one)
    return [groups[kin] for kin in sorted(groups)]


def _lines(group: Sequence[_Found], *, shown: int) -> Iterator[str]:
    """Yield what is said of a group, then its names on lines of their own."""
    kin = group[0].kin
    if len(group) == 1:
        yield _head(group, kind=f"{kin.kind} {group[0].name}", where=kin)
        return
    yield _head(group, kind=kin.kind, where=kin)
    more = [f"and {len(group) - shown:,} more"] if len(group) > shown else []
    yield from _in_lines([*(one.name for one in group[:shown]), *more])


def _in_lines(names: Sequence[str]) -> Iterator[str]:
    line: list[str] = []
    width = 0
    for name in names:
        if line and width + len(name) > _LINE_WIDTH:
            yield f"      {', '.join(line)},"
            line, width = [], 0
        line.append(name)
        width += len(name) + 2
    yield f"      {', '.join(line)}"


def _head(group: Sequence[_Found], *, kind: str, where: _Kin | None = None) -> str:
    changes = [one.change for one in group]
    deletes = sum(change.action == "delete" for change in changes)
    sign = "-" if deletes or group[0].kin.rank == 0 else "!"
    count = f" {TIMES} {len(group):,}" if len(group) > 1 else ""
    verb = "deleted" if deletes == len(group) else f"{deletes:,} deleted" if deletes else ""
    besides = {one.kin.beside for one in group} - {""}
    place = () if where is None else (where.scope and f"in {where.scope}", where.place)
    parts = (verb, effects_text(changes), " or ".join(sorted(besides)), *place)
    return "  ".join(filter(None, (f"{sign} {kind}{count}", *parts)))
