"""Documents held against each other until none of them breaks a rule: what cannot be mended stays as it is, unwritten.

Leaving an object out may take from others what they name, so this goes on until nothing changes.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from controller.kinds.parts.environment_names import matches
from controller.loading.authoring.found import Items, LeftOut, Oddity, Written
from controller.loading.authoring.mending import is_valid
from controller.loading.compiled import CompiledKinds
from controller.loading.draft import Draft, draft
from controller.loading.issue import Issue
from controller.loading.positions import dotted
from controller.loading.resolve import resolve
from controller.loading.uniqueness import clashes
from controller.loading.world import TracingWorld
from controller.model.canonical import canonical_bytes
from controller.model.origin import Origin
from controller.model.problem import ProblemCode
from controller.model.ref import ResourceRef
from controller.model.resource import Resource

MOST_ROUNDS: Final = 40
"""References are a few kinds deep; each round leaves out or mends at least one object."""
_NOWHERE: Final = Origin("")
_NONE_BROKEN: Final[frozenset[ResourceRef]] = frozenset()
_MEMBERS_THAT_MAY_GO: Final = frozenset({"services"})
"""Lists that inform people and programs of what is there; without a member that names nothing they say as much."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What can be written, what cannot, and the first as loading will make it."""

    written: Mapping[ResourceRef, Written]
    left_out: tuple[LeftOut, ...]
    resources: Mapping[ResourceRef, Resource]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What rules depend on beside the objects, as the settings say."""

    compatibility: str
    default_region: str


def settle(
    written: Mapping[ResourceRef, Written],
    whole: Mapping[ResourceRef, Items],
    kinds: CompiledKinds,
    circumstances: Circumstances,
    *,
    most_rounds: int = MOST_ROUNDS,
) -> Settled:
    """Return the documents that are right together. ``whole`` are the items as found, for those that are left out."""
    staying = dict(written)
    left: list[LeftOut] = []
    drafts: dict[ResourceRef, Draft] = {}
    for _ in range(most_rounds):
        for ref in list(staying):
            if ref not in drafts:
                made = _draft(staying[ref], kinds)
                if isinstance(made, Draft) and made.ref == ref:
                    drafts[ref] = made
                else:
                    left.append(_left(staying.pop(ref), _reason(made, ref), whole))
        resources, issues = _resolved(drafts, kinds, circumstances)
        if not issues:
            return Settled(staying, tuple(left), resources)
        _loosen_patterns(staying, drafts)
        for ref, wrong in issues.items():
            drafts.pop(ref, None)
            # The last first: taking a member of a list away moves those behind it.
            stuck = [one for one in reversed(wrong) if not _mended(staying, ref, one, kinds, whole)]
            if stuck:
                left.append(_left(staying.pop(ref), _said(stuck[-1]), whole))
    # Rounds are as many as references are deep: this is for a chain nobody has thought of.
    left += [_left(one, "it refers to what refers to it", whole) for one in staying.values()]
    return Settled({}, tuple(left), {})


def _draft(one: Written, kinds: CompiledKinds) -> Draft | tuple[Issue, ...]:
    return draft(kinds.by_name[one.ref.kind], canonical_bytes(one.document()), _NOWHERE, 0)


def _resolved(
    drafts: Mapping[ResourceRef, Draft], kinds: CompiledKinds, circumstances: Circumstances
) -> tuple[dict[ResourceRef, Resource], dict[ResourceRef, list[Issue]]]:
    """Return the resources, and everything wrong with each that has something wrong."""
    facts = {ref: one.facts for ref, one in drafts.items()}
    world = TracingWorld(facts, circumstances.compatibility, circumstances.default_region)
    resources: dict[ResourceRef, Resource] = {}
    issues: dict[ResourceRef, list[Issue]] = {}
    for ref, one in drafts.items():
        found = resolve(one, kinds.by_name[ref.kind].kind, world, _NONE_BROKEN)
        resources[ref] = found.resource
        wrong = [issue for issue in found.issues if not issue.warning]
        if wrong:
            issues[ref] = wrong
    # Whoever is left out anyway takes nothing from others, so clashes come last.
    for compiled in kinds.by_name.values() if not issues else ():
        if compiled.kind.unique:
            mine = sorted((ref, facts[ref]) for ref in facts if ref.kind == compiled.kind.name)
            for ref, issue in clashes(compiled.kind, mine):
                issues.setdefault(ref, []).append(issue)
    return resources, issues


def _loosen_patterns(staying: dict[ResourceRef, Written], drafts: dict[ResourceRef, Draft]) -> None:
    """Drop naming patterns that existing environments do not match: the old product asked new names alone."""
    odd: dict[str, list[str]] = {}
    for ref, one in staying.items():
        if ref.kind == "Environment":
            name = str(one.spec.get("environmentType"))
            owner = staying.get(ResourceRef("EnvironmentType", name))
            pattern = owner.spec.get("namingPattern") if owner is not None else None
            if pattern is not None and not matches(pattern, ref.key):
                odd.setdefault(name, []).append(ref.key)
    for name, environments in odd.items():
        ref = ResourceRef("EnvironmentType", name)
        one = staying[ref]
        pattern = one.spec.pop("namingPattern")
        drafts.pop(ref, None)
        one.oddities.append(
            Oddity(
                ref,
                f"namingPattern {pattern!r}, which {', '.join(sorted(environments))} do not match",
                "nothing: the pattern goes when it is adopted",
                "write a pattern that all names match",
            )
        )


def _mended(
    staying: Mapping[ResourceRef, Written],
    ref: ResourceRef,
    issue: Issue,
    kinds: CompiledKinds,
    whole: Mapping[ResourceRef, Items],
) -> bool:
    one = staying[ref]
    if ref.kind == "Environment" and issue.path == ("metadata", "name"):
        owner = staying.get(ResourceRef("EnvironmentType", str(one.spec.get("environmentType"))))
        if owner is not None and any("namingPattern" in odd.found for odd in owner.oddities):
            # It was the pattern, which is gone in the next round.
            return issue.code is ProblemCode.NAMING_PATTERN
    if issue.path == ("spec", "account"):
        return _account_by_number(staying, one, whole)
    return issue.path[:1] == ("spec",) and _dropped(one, issue, kinds)


def _account_by_number(
    staying: Mapping[ResourceRef, Written], one: Written, whole: Mapping[ResourceRef, Items]
) -> bool:
    """Take the account that is meant: the name in another spelling, or the number beside it."""
    value = whole[one.ref]["ConfigEnvironmentTypes"].get("Value", {})
    number = str(value.get("AWSAccountNumber") or "").rjust(12, "0")
    named = str(one.spec.get("account"))
    accounts = [other for other in staying.values() if other.ref.kind == "Account"]
    meant = next(
        (other for other in accounts if other.spec.get("accountNumber") == number), None
    ) or next((other for other in accounts if other.name.lower() == named.lower()), None)
    if meant is None:
        return False
    one.spec["account"] = meant.name
    one.oddities.append(
        Oddity(
            one.ref,
            f"AWSAccountName {named!r}: no account goes by it",
            f"account: {meant.name}, whose number it has",
            "check that this account is meant",
        )
    )
    return True


def _dropped(one: Written, issue: Issue, kinds: CompiledKinds) -> bool:
    """Take an optional reference away that names nothing; a rule that is broken otherwise is a person's to decide."""
    if issue.code is not ProblemCode.UNKNOWN_REFERENCE:
        return False
    compiled = kinds.by_name[one.ref.kind]
    for path in _may_go(issue.path[1:]):
        spec = deepcopy(one.spec)
        _remove(spec, path)
        if is_valid(compiled, spec):
            one.spec = spec
            named = dotted(issue.path[1:])
            one.oddities.append(
                Oddity(
                    one.ref,
                    f"{named}: {issue.message}",
                    "nothing: the name goes when it is adopted",
                    "write what was meant, if it is missed",
                )
            )
            return True
    return False


def _may_go(path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    yield path
    for length in range(len(path) - 1, 0, -1):
        if isinstance(path[length - 1], int) and path[length - 2] in _MEMBERS_THAT_MAY_GO:
            yield path[:length]


def _remove(spec: Any, path: tuple[str | int, ...]) -> None:
    for step in path[:-1]:
        spec = spec[step]
    del spec[path[-1]]


def _reason(made: Draft | tuple[Issue, ...], ref: ResourceRef) -> str:
    if isinstance(made, Draft):
        return f"its item goes by another name: {made.ref}, not {ref}"
    return _said(made[0])


def _said(issue: Issue) -> str:
    return f"{'.'.join(map(str, issue.path))}: {issue.message}"


def _left(one: Written, reason: str, whole: Mapping[ResourceRef, Items]) -> LeftOut:
    return LeftOut(
        one.ref,
        reason,
        "put that right, and take .left-out off its file's name",
        whole[one.ref],
        one,
    )
