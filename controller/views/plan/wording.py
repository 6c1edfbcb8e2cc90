"""How a plan's parts are put into words, the same in text, Markdown and HTML."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.plan import Action, Change, Edit, Plan, Violation
from controller.model.printable import printable
from controller.model.ref import ResourceRef
from controller.planning.approvals import NOT_THE_TABLES
from controller.planning.edits import ADDED, REMOVED
from controller.planning.guards import instances_of
from controller.planning.wording import NAMES_SHOWN, TIMES, counted_kind

SIGNS: Final[Mapping[Action, str]] = {
    "create": "+",
    "update": "~",
    "delete": "-",
    "start": "^",
    "stop": "v",
    "enterStandby": "v",
    "exitStandby": "^",
}
AGREE: Final = "Must agree"
BESIDE: Final = "Beside other open pull requests"
SINCE: Final = "Since the earlier plan"
DARK: Final = (ScopeState.UNKNOWN, ScopeState.WAITING)
HEADLINE: Final = ("ended", "replaced", "stopped", "launched")
"""Effects on instances in the order of a headline."""
COUNTED_ACTIONS: Final[tuple[Action, ...]] = ("create", "update", "delete")


def names_text(refs: Sequence[ResourceRef], *, expand: bool, scopes: Collection[str] = ()) -> str:
    """Return ``Environment c07`` for one, kind, count and the first names for several of a kind.

    ``scopes`` are said beside it: several names are then shown without them.
    """
    kind = refs[0].kind
    if len(refs) == 1:
        return f"{kind} {refs[0].key}"
    keys = [ref.key for ref in refs]
    if not expand:
        keys = list(dict.fromkeys(_without_scope(key, scopes) for key in keys))
        if len(keys) > NAMES_SHOWN:
            keys = [*keys[:NAMES_SHOWN], "…"]
    return f"{kind} {TIMES} {len(refs)} ({', '.join(keys)})"


def _without_scope(key: str, scopes: Collection[str]) -> str:
    scope, name = "/".join(key.split("/", 2)[:2]), key.split("/", 2)[2:]
    return name[0] if name and scope in scopes else key


def effects_of(changes: Iterable[Change]) -> dict[str, int]:
    """Add up the instances ended, replaced, launched, and stopped by these changes; what is none is left out."""
    totals = {"ended": 0, "replaced": 0, "launched": 0, "stopped": 0}
    for change in changes:
        if change.effects is None and change.action != "stop":
            continue
        for effect in totals:
            totals[effect] += instances_of(change, effect)
    return {effect: count for effect, count in totals.items() if count}


def effects_text(changes: Iterable[Change]) -> str:
    """Return ``ENDS 2 INSTANCES, replaces 236 instances``; empty if no instance is touched."""
    verbs = {"ended": "ENDS", "replaced": "replaces", "launched": "launches", "stopped": "stops"}
    texts = []
    for effect, count in effects_of(changes).items():
        noun = "instance" if count == 1 else "instances"
        loud_noun = noun.upper() if effect == "ended" else noun
        texts.append(f"{verbs[effect]} {count:,} {loud_noun}")
    return ", ".join(texts)


def summary(plan: Plan) -> dict[str, int]:
    """Count the changes by action; create, update and delete are always there."""
    counts = Counter[str](dict.fromkeys(COUNTED_ACTIONS, 0))
    counts.update(change.action for change in plan.changes)
    return counts


def instances_text(plan: Plan) -> str:
    """Return what applying does to instances: ``Instances: 2 ended · 236 replaced · 0 stopped · 0 launched``."""
    effects = effects_of(applied(plan))
    if not effects:
        return "No instance is ended, replaced, stopped or launched"
    return f"Instances: {' · '.join(f'{effects.get(effect, 0):,} {effect}' for effect in HEADLINE)}"


def changes_text(plan: Plan) -> str:
    """Return ``0 create · 119 update · 15 delete``: what applying does, not what is only observed or refused."""
    return _counted(applied(plan), " · ", zeros=True)


def beside_text(plan: Plan) -> str:
    """Return what is shown and not applied: ``only observed: 2 update (4 replaced); refused: 62 delete``; empty for nothing."""
    parts = []
    for state, word in ((ScopeState.OBSERVE, "only observed"), (ScopeState.REFUSED, "refused")):
        changes = [
            change for scope in plan.scopes if scope.state is state for change in scope.changes
        ]
        if changes:
            effects = ", ".join(f"{n:,} {effect}" for effect, n in effects_of(changes).items())
            said = f"{word}: {_counted(changes, ', ', zeros=False)}"
            parts.append(f"{said} (instances: {effects})" if effects else said)
    return "; ".join(parts)


def applied(plan: Plan) -> tuple[Change, ...]:
    """Return the changes of scopes that are neither only observed nor refused."""
    beside = (ScopeState.OBSERVE, ScopeState.REFUSED)
    return tuple(
        change for scope in plan.scopes if scope.state not in beside for change in scope.changes
    )


def _counted(changes: Iterable[Change], separator: str, *, zeros: bool) -> str:
    counts = Counter[str](dict.fromkeys(COUNTED_ACTIONS, 0))
    counts.update(change.action for change in changes)
    return separator.join(f"{n:,} {action}" for action, n in counts.items() if n or zeros)


def counts_text(plan: Plan) -> str:
    """Return the headline on one line: what applying does, instances if any are touched, then what is not applied."""
    changes = applied(plan)
    effects = ", ".join(f"{n:,} {effect}" for effect, n in effects_of(changes).items())
    instances = f"Instances: {effects}" if effects else ""
    counts = _counted(changes, " · ", zeros=True)
    beside = beside_text(plan) if len(changes) < len(plan.changes) else ""
    return "      ".join(filter(None, (counts, instances, beside)))


def scopes_text(plan: Plan) -> str:
    """Return ``41 scopes, 1 unknown``: how many were planned and how many could not be."""
    # A scope has several plans where its targets differ in mode, or in what could be seen.
    states = {(scope.scope, scope.state.value) for scope in plan.scopes}
    counts = Counter(state for _, state in states if state != ScopeState.OK)
    odd = (f"{counts[state]} {state}" for state in sorted(counts))
    scopes = len({scope.scope for scope in plan.scopes})
    count = f"{scopes} scope{'' if scopes == 1 else 's'}"
    return ", ".join((count, *odd))


def edit_title(edit: Edit, changes: Sequence[Change], places: int = 1) -> tuple[str, str]:
    """Return the sign and the title of a group: ``~``, ``fleet/maps/web.yaml:17  roles.Web.ami …``.

    Of the same edit in many ``places`` it is the first, and how many more there are; the names stand below.
    """
    signs = {SIGNS[change.action] for change in changes}
    if edit.what == REMOVED:
        return "!", f"{edit.origin.path} {REMOVED}"
    if edit.what == ADDED:
        return "+", f"{edit.origin.path} {ADDED}"
    sign = signs.pop() if len(signs) == 1 else "~"
    place, what = str(edit.origin._replace(column=0)) or "no file", edit.what
    if places > 1:
        place += f" and {places - 1:,} more place{'' if places == 2 else 's'}"
        what = what.removeprefix(str(changes[0].ref)).strip()
    return sign, f"{place}  {what}" if what else place


def tally_text(scope_of: Mapping[int, str], changes: Iterable[Change]) -> str:
    """Return how many changes a group has: ``14 config, 59 groups``, those of live scopes by kind."""
    counts = Counter(
        CONFIG_SCOPE if scope_of[id(change)] == CONFIG_SCOPE else change.ref.kind
        for change in changes
    )
    return ", ".join(
        f"{count:,} {kind if kind == CONFIG_SCOPE else counted_kind(kind, count)}"
        for kind, count in counts.items()
    )


def scope_text(scopes: Iterable[str]) -> str:
    """Return in which live scopes something is: ``in <account>/<region>``, ``in 4 scopes``; empty for ``config``."""
    live = sorted({*scopes} - {CONFIG_SCOPE})
    if len(live) > 1:
        return f"in {len(live)} scopes"
    return f"in {live[0]}" if live else ""


class Asked(NamedTuple):
    """What a plan was asked for with, as it is typed again: quoted for a shell, each option behind a space."""

    settings: str = ""
    """`` --config FILE``."""
    source: str = ""
    """`` --source FOLDER``."""
    scopes: str = ""
    """`` --scope config``, of all of them."""
    out: str = ""
    """The plan file that was written, quoted."""
    command: str = "apply"
    """What takes an approval, with what else was typed of it; empty where only who typed it knows."""


AS_USUAL: Final = Asked()


def violation_lines(
    violation: Violation, asked: Asked = AS_USUAL, options: str = ""
) -> tuple[str, ...]:
    """Return what a refusal says below its headline: the hint, then how to approve exactly these changes.

    ``options`` are the plan's own, as they are typed.
    """
    hint = tuple(map(printable, violation.hint.split("\n"))) if violation.hint else ()
    if violation.overridden:
        return (*hint, f"Approved by: {printable(violation.approved_by)}")
    if not violation.overridable:
        return hint
    if not violation.token:
        return (*hint, f"What approves it is not known here: {NOT_THE_TABLES}.")
    count = len(violation.counted)
    noun = "delete" if violation.guard == "maxDeletes" else "change"
    what = f"this {noun}" if count == 1 else f"these {count:,} {noun}s"
    approve = f"--approve {violation.token}"
    if not asked.command:
        return (*hint, f"To approve exactly {what}: the same again with {approve}")
    command = f"envctl{asked.settings} {asked.command}{asked.source}{asked.scopes}{options}"
    return (*hint, f"To approve exactly {what}:", f"  {command} {approve}")


def guards_text(plan: Plan) -> str:
    """Return the line that says whether a guard stands in the way, with what the shares are of."""
    deletes = sum(change.action == "delete" for change in plan.changes)
    there = sum(sum((scope.observed_count or {}).values()) for scope in plan.scopes)
    approved = sum(v.overridden for scope in plan.scopes for v in scope.violations)
    if plan.refused:
        count = len(plan.refused)
        return f"Guards: refused by {count} violation{'' if count == 1 else 's'}"
    extra = f", {approved} approved" if approved else ""
    return f"Guards: ok (deletes {deletes:,} of {there:,}{extra})"


def options_text(plan: Plan) -> str:
    """Return the options that it would be another plan without, as they are typed: `` --adopt --deep``."""
    return "".join(f" --{option}" for option in plan.options)


def next_text(plan: Plan, asked: Asked = AS_USUAL) -> str:
    """Return what to type next, with all that was asked for."""
    if plan.refused:
        return "Next: approve exactly what is refused above, or change the source and plan again"
    if not plan.changes:
        dark = any(scope.state in DARK for scope in plan.scopes)
        return "Nothing to do in what could be seen." if dark else "Nothing to do."
    if not plan.to_apply:
        return "Nothing to apply: what is shown is only observed."
    # What was approved is approved again by whoever does it, but for what its commit approves.
    found = (violation for scope in plan.scopes for violation in scope.violations)
    approved = "".join(f" --approve {v.token}" for v in found if v.overridden and not v.in_commit)
    adopt = " --adopt" * ("adopt" in plan.options)
    # Changes alone are to end with 0 there, or what is behind && would not be reached.
    made = f"{asked.source}{asked.scopes}{options_text(plan)}{approved} --exit-zero --out plan.json"
    first = "" if asked.out else f"envctl{asked.settings} plan{made} && "
    apply = f"envctl{asked.settings} apply"
    typed = f"{first}{apply} {asked.out or 'plan.json'}{asked.source}{approved}{adopt}"
    then = next_run_text(plan)
    more = f" && {apply}{asked.source}   (the second {then})" if then else ""
    # Taking over is said again by whoever does it, and never done by a daemon.
    merging = "" if adopt else "     merge → the daemon applies it"
    return f"Next: {typed}{more}{merging}"


def next_run_text(plan: Plan) -> str:
    """Return what only the run after the one that applies a plan does; empty where one run does all.

    ``reaches <account>/<region> and goes on with 2 changes``.
    """
    scopes = sorted({scope.scope for scope in plan.scopes if scope.awaits_run})
    more = f" and {len(scopes) - NAMES_SHOWN:,} more" if len(scopes) > NAMES_SHOWN else ""
    held = sum(scope.left_to_next_run for scope in plan.scopes)
    said = [f"reaches {', '.join(scopes[:NAMES_SHOWN])}{more}"] if scopes else []
    said += [f"goes on with {held:,} change{'' if held == 1 else 's'}"] if held else []
    return printable(" and ".join(said))
