"""What is wrong in Defaults documents themselves, said there and not at every document they reach."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from controller.kinds.language.merge import merge
from controller.kinds.language.spec import Metadata
from controller.loading.cleared import cleared_issues
from controller.loading.closest import closest
from controller.loading.compiled import CompiledKinds
from controller.loading.defaults import DefaultsDocument
from controller.loading.draft import CompiledKind
from controller.loading.issue import Issue, PlacedIssue
from controller.loading.validation_issues import validation_issues
from controller.model.canonical import parse_canonical
from controller.model.problem import ProblemCode


def defaults_issues(
    documents: Iterable[DefaultsDocument], kinds: CompiledKinds
) -> Iterator[PlacedIssue]:
    """Yield the issues of every Defaults document; a missing field is none, documents may still give it."""
    given: dict[tuple[str, str], DefaultsDocument] = {}
    for document in documents:
        issues = list(_metadata_issues(document))
        for kind, partial in document.partial_specs().items():
            compiled = kinds.by_name.get(kind)
            first = given.setdefault((document.folder, kind), document)
            if compiled is None:
                meant = closest(kind, kinds.names)
                fix = (
                    f"did you mean {meant!r}?"
                    if meant
                    else f"one of {', '.join(sorted(kinds.names))}"
                )
                issues.append(
                    Issue(
                        ("spec", kind),
                        f"there is no kind {kind!r}",
                        fix,
                        at_key=True,
                        code=ProblemCode.UNKNOWN_KIND,
                    )
                )
            elif not isinstance(partial, dict):
                issues.append(
                    Issue(
                        ("spec", kind),
                        "expected a map of fields",
                        f"write '{kind}: {{field: value}}'",
                    )
                )
            elif first is not document:
                issues.append(
                    Issue(
                        ("spec", kind),
                        f"this folder's defaults for {kind} are already given at {first.origin}",
                        "merge the two",
                        at_key=True,
                        code=ProblemCode.DUPLICATE,
                    )
                )
            else:
                issues += _partial_issues(compiled, kind, partial)
        for issue in issues:
            yield PlacedIssue(document.origin.path, document.index, document.origin.line, issue)


def _metadata_issues(document: DefaultsDocument) -> Iterator[Issue]:
    try:
        Metadata.model_validate(parse_canonical(document.body)["metadata"])
    except ValidationError as error:
        yield from validation_issues(error, ("metadata",), Metadata)


def _partial_issues(compiled: CompiledKind, name: str, partial: dict[str, Any]) -> Iterator[Issue]:
    kind = compiled.kind
    yield from cleared_issues(kind, partial, ("spec", name))
    spec = merge({}, partial)
    for field, authored in kind.authored_fields.items():
        # Where no object uses it, expanding forgets it.
        try:
            authored.model.model_validate(authored.expand(spec.pop(field, {})))
        except ValidationError as error:
            yield from validation_issues(error, ("spec", name, field), authored.model, partial=True)
    try:
        compiled.validate(kind.expand(spec) if kind.expand else spec)
    except ValidationError as error:
        yield from validation_issues(error, ("spec", name), kind.spec, partial=True)
