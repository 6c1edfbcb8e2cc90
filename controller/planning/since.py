"""What is otherwise since an earlier plan of the same request: changes that are new, gone or want something else now."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from controller.model.canonical import ABSENT, canonical_bytes, short
from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.printable import in_short
from controller.model.review import Otherwise, Since
from controller.planning.wording import number, value_text

LINES_SHOWN: Final = 50
"""So many differences are named; all are counted."""
_DARK: Final = frozenset({ScopeState.UNKNOWN.value, ScopeState.WAITING.value})
_Document = Mapping[str, Any]
_Key = tuple[str, str, str]


class _Done(NamedTuple):
    """What a plan does to one object: its actions in their order, and each field's value before and after."""

    actions: tuple[str, ...]
    fields: Mapping[str, tuple[Any, Any]]


def since(then: _Document, now: _Document) -> Since:
    """Compare two plans, both as ``plan_schema`` has them; ``then`` may be written by anybody.

    Changes of a scope are compared where both plans know it: of one that could not be read nothing is new or gone.
    """
    found = [*_made_from(then, now)]
    states, states_now = _states(then), _states(now)
    blind = set[str]()
    for scope in sorted(states.keys() | states_now.keys()):
        before, after = states.get(scope, ()), states_now.get(scope, ())
        if before != after:
            found.append(Otherwise(scope, then=" and ".join(before), now=" and ".join(after)))
            if not before or not after or not _DARK.isdisjoint((*before, *after)):
                blind.add(scope)
    done, done_now = _done(then, blind), _done(now, blind)
    unchanged = 0
    for key in sorted(done.keys() | done_now.keys()):
        differing = [*_of_object(key, done.get(key), done_now.get(key))]
        unchanged += not differing
        found += differing
    return Since(then["digest"], unchanged, tuple(found))


def _made_from(then: _Document, now: _Document) -> Iterator[Otherwise]:
    """Yield where the source stood, and the last record of the tables, if they are others."""
    if then["revision"] != now["revision"]:
        there, here = short(then["revision"]), short(now["revision"])
        yield Otherwise("", field="revision", then=there, now=here)
    record, record_now = (plan.get("plannedFrom", {}).get("sequence") for plan in (then, now))
    if None not in (record, record_now) and record != record_now:
        yield Otherwise(CONFIG_SCOPE, field="record", then=str(record), now=str(record_now))


def _states(plan: _Document) -> dict[str, tuple[str, ...]]:
    """Return scope -> its states, one for each kind of state its parts are in."""
    found: dict[str, set[str]] = {}
    for scope in plan["scopes"]:
        found.setdefault(scope["scope"], set()).add(scope["state"])
    return {scope: tuple(sorted(states)) for scope, states in found.items()}


def _done(plan: _Document, blind: set[str]) -> dict[_Key, _Done]:
    """Return scope, kind and name -> what is done to it, but in scopes that cannot be compared."""
    found: dict[_Key, _Done] = {}
    for scope in plan["scopes"]:
        for change in () if scope["scope"] in blind else scope["changes"]:
            key = scope["scope"], change["kind"], change["key"]
            before = found.get(key, _Done((), {}))
            fields = {
                field["path"]: (field.get("before", ABSENT), field.get("after", ABSENT))
                for field in change["fields"]
            }
            found[key] = _Done((*before.actions, change["action"]), {**before.fields, **fields})
    return found


def _of_object(key: _Key, then: _Done | None, now: _Done | None) -> Iterator[Otherwise]:
    actions, actions_now = (() if done is None else done.actions for done in (then, now))
    if then is None or now is None or actions != actions_now:
        yield Otherwise(*key, then=" and ".join(actions), now=" and ".join(actions_now))
        return
    for path in sorted(then.fields.keys() | now.fields.keys()):
        before, after = then.fields.get(path), now.fields.get(path)
        if before is None or after is None or _bytes(before) != _bytes(after):
            yield Otherwise(*key, path, _values(before), _values(after))


def _bytes(values: tuple[Any, Any]) -> list[bytes | None]:
    return [None if value is ABSENT else canonical_bytes(value) for value in values]


def _values(values: tuple[Any, Any] | None) -> str:
    return "" if values is None else " → ".join(map(value_text, values))


def since_lines(found: Since) -> Iterator[str]:
    """Yield how much is as it was, then a line for each difference: ``new: update Service/a``; ``Service/a port: 1 → 2 then, 3 → 2 now``."""
    alike = f"{number(found.unchanged)} change{'' if found.unchanged == 1 else 's'} as then"
    yield f"plan {short(found.digest)}: {alike}, {number(len(found.differences))} otherwise"
    yield from map(_line, found.differences[:LINES_SHOWN])
    if len(found.differences) > LINES_SHOWN:
        yield f"and {number(len(found.differences) - LINES_SHOWN)} more"


def _line(one: Otherwise) -> str:
    what = f"{one.kind}/{one.key}" if one.kind else one.scope
    if one.kind and not one.field and not (one.then and one.now):
        word = "gone" if one.then else "new"
        return f"{word}: {in_short(one.then or one.now)} {in_short(what)}"
    missing = "not changed" if one.kind else "not planned"
    named = " ".join(in_short(text) for text in (what, one.field) if text)
    return f"{named}: {in_short(one.then) or missing} then, {in_short(one.now) or missing} now"
