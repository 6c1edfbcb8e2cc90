"""Documents held against each other until none of them breaks a rule: what cannot be mended stays as it is, unwritten.

Leaving an object out may take from others what they name, so this goes on until nothing changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from controller.kinds.language.fields import Shape, to_yaml_names
from controller.kinds.language.kind import Finding, Kinds, RuleSettings
from controller.kinds.parts.naming_pattern import matches
from controller.loading.authoring.fix_values import fix_values
from controller.loading.authoring.found import Items, LeftOut, Written
from controller.loading.positions import dotted
from controller.loading.resolve import all_clashes, resolve_all
from controller.loading.validated import ValidatedDocument, validate_document
from controller.model.canonical import canonical_bytes
from controller.model.ref import Origin, ProblemCode, ResourceRef
from controller.model.resource import Resource

MOST_ROUNDS: Final = 40
"""References are a few kinds deep; each round leaves out or mends at least one object."""
_NOWHERE: Final = Origin("")


@dataclass(frozen=True, slots=True)
class StableDocuments:
    """What can be written, what cannot, and the first as loading will make it."""

    written: Mapping[ResourceRef, Written]
    left_out: tuple[LeftOut, ...]
    resources: Mapping[ResourceRef, Resource]


def validate_until_stable(
    written: Mapping[ResourceRef, Written],
    whole: Mapping[ResourceRef, Items],
    kinds: Kinds,
    settings: RuleSettings,
    *,
    most_rounds: int = MOST_ROUNDS,
) -> StableDocuments:
    """Return the documents that are right together. ``whole`` are the items as found, for those that are left out.

    ``settings`` are what rules depend on besides the objects.
    """
    staying = dict(written)
    left: list[LeftOut] = []
    valid: dict[ResourceRef, ValidatedDocument] = {}

    def leave_out(ref: ResourceRef, reason: str) -> None:
        decide = "put that right, and take .left-out off its file's name"
        left.append(LeftOut(ref, reason, decide, whole[ref], staying.pop(ref)))

    for _ in range(most_rounds):
        for ref in list(staying):
            if ref in valid:
                continue
            body = canonical_bytes(staying[ref].document())
            made = validate_document(kinds[ref.kind], body, _NOWHERE, 0)
            if not isinstance(made, ValidatedDocument):
                leave_out(ref, _in_short(made[0]))
            elif made.ref != ref:
                leave_out(ref, f"its item goes by another name: {made.ref}, not {ref}")
            else:
                valid[ref] = made
        resources, issues = _resolved(valid, kinds, settings)
        if not issues:
            return StableDocuments(staying, tuple(left), resources)
        _loosen_patterns(staying, valid)
        for ref, wrong in issues.items():
            valid.pop(ref, None)
            # The last first: taking a member of a list away moves those behind it.
            stuck = [
                issue for issue in reversed(wrong) if not _fixed(staying, ref, issue, kinds, whole)
            ]
            if stuck:
                leave_out(ref, _in_short(stuck[-1]))
    # Rounds are as many as references are deep: this is for a chain nobody has thought of.
    for ref in list(staying):
        leave_out(ref, "it refers to what refers to it")
    return StableDocuments({}, tuple(left), {})


def _resolved(
    valid: Mapping[ResourceRef, ValidatedDocument],
    kinds: Kinds,
    settings: RuleSettings,
) -> tuple[dict[ResourceRef, Resource], dict[ResourceRef, list[Finding]]]:
    """Return the resources, and everything wrong with each that has something wrong."""
    resources: dict[ResourceRef, Resource] = {}
    issues: dict[ResourceRef, list[Finding]] = {}
    for ref, found in resolve_all(valid, kinds, settings).items():
        resources[ref] = found.resource
        wrong = [issue for issue in found.issues if not issue.warning]
        if wrong:
            issues[ref] = wrong
    if not issues:
        # Whoever is left out anyway takes nothing from others, so clashes come last.
        for ref, clash in all_clashes(valid, kinds):
            issues.setdefault(ref, []).append(clash)
    return resources, issues


def _loosen_patterns(
    staying: dict[ResourceRef, Written], valid: dict[ResourceRef, ValidatedDocument]
) -> None:
    """Drop naming patterns that existing environments do not match: the old product asked new names alone."""
    unlike: dict[ResourceRef, list[str]] = {}
    for ref, document in staying.items():
        if ref.kind == "Environment":
            owner = staying.get(document.named("EnvironmentType"))
            pattern = owner.spec.get("namingPattern") if owner is not None else None
            if owner is not None and pattern is not None and not matches(pattern, ref.key):
                unlike.setdefault(owner.ref, []).append(ref.key)
    for ref, environments in unlike.items():
        pattern = staying[ref].spec.pop("namingPattern")
        valid.pop(ref, None)
        staying[ref].note(
            f"namingPattern {pattern!r}, which {', '.join(sorted(environments))} do not match",
            "nothing: the pattern goes when it is adopted",
            "write a pattern that all names match",
        )


def _fixed(
    staying: Mapping[ResourceRef, Written],
    ref: ResourceRef,
    issue: Finding,
    kinds: Kinds,
    whole: Mapping[ResourceRef, Items],
) -> bool:
    """Change the document so that the issue is gone in the next round; False if that is a person's to do."""
    document = staying[ref]
    if ref.kind == "Environment" and issue.path == ("metadata", "name"):
        owner = staying.get(document.named("EnvironmentType"))
        if owner is not None and any("namingPattern" in odd.found for odd in owner.oddities):
            # It was the pattern, which is gone in the next round.
            return issue.code is ProblemCode.NAMING_PATTERN
    if issue.path == ("spec", "account"):
        return _account_by_number(staying, document, whole)
    return _declared_unmanaged(document, issue, kinds, whole)


def _account_by_number(
    staying: Mapping[ResourceRef, Written], document: Written, whole: Mapping[ResourceRef, Items]
) -> bool:
    """Take the account that is meant: the name in another spelling, or the number beside it."""
    value = whole[document.ref]["ConfigEnvironmentTypes"].get("Value", {})
    number = str(value.get("AWSAccountNumber") or "").rjust(12, "0")
    named = str(document.spec.get("account"))
    accounts = [written for written in staying.values() if written.ref.kind == "Account"]
    meant = [account for account in accounts if account.spec.get("accountNumber") == number]
    meant += [account for account in accounts if account.name.lower() == named.lower()]
    if not meant:
        return False
    document.spec["account"] = meant[0].name
    document.note(
        f"AWSAccountName {named!r}: no account goes by it",
        f"account: {meant[0].name}, whose number it has",
        "check that this account is meant",
    )
    return True


def _declared_unmanaged(
    document: Written, issue: Finding, kinds: Kinds, whole: Mapping[ResourceRef, Items]
) -> bool:
    """Let the document name what no document has, as far as its kind may: nothing of it is taken away.

    Any other reference that leads nowhere, and a rule that is broken otherwise, are a person's to decide.
    """
    kind, key = issue.named
    if (
        issue.code is not ProblemCode.UNKNOWN_REFERENCE
        or kind not in kinds[document.ref.kind].unmanaged
    ):
        return False
    names = document.metadata.setdefault("unmanaged", [])
    if f"{kind}/{key}" not in names:
        names.append(f"{kind}/{key}")
    if document.ref.kind == "Upstream":
        # Its hosts' ports are nobody's to derive.
        _, found = kinds["Upstream"].recover(
            {table: dict(item) for table, item in whole[document.ref].items()}
        )
        hosts = to_yaml_names(
            Shape(model=kinds["Upstream"].spec), {"Hosts": found.get("Hosts", [])}
        )
        document.spec["hosts"] = fix_values(
            kinds["Upstream"], document.ref, {**document.spec, **hosts}
        ).spec["hosts"]
    document.note(
        f"{dotted(issue.path[1:])}: no {kind} named {key!r} is written",
        f"metadata.unmanaged: {kind}/{key}, so what names it stays as it is",
        "write a document for it, or remove the name, when nobody needs it",
    )
    return True


def _in_short(issue: Finding) -> str:
    return f"{'.'.join(map(str, issue.path))}: {issue.message}"
