"""What is wrong inside one document, in the words of people who write YAML: what a reader found, and what pydantic did."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from controller.kinds.language.kind import Finding, Kinds
from controller.kinds.language.spec import HiddenWhereWrong, Metadata
from controller.loading.covered import NOTHING, CoveredNames
from controller.loading.documents import yaml_type
from controller.model.closest import did_you_mean
from controller.model.ref import Origin, ProblemCode

FIELDS: Final = frozenset({"apiVersion", "kind", "metadata", "spec"})
"""What a document has."""

MAX_ISSUES: Final = 100
"""How many of a sort are told of one document; the rest is counted."""

MANY: Final = 1000
"""With more findings than this the first ``MAX_ISSUES`` are told."""

_JSON: Final = json.JSONDecoder()

_BRANCH: Final = re.compile(r".*[\[(].*|str|int|bool|float|none", re.DOTALL)

_COUNTED: Final = {"too_short": ("min_length", "at least"), "too_long": ("max_length", "at most")}
"""What pydantic says of the length of lists and maps: its word for the limit, and ours."""

WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
}


def unknown_kind(
    path: tuple[str | int, ...], kind: object, kinds: Collection[str] = (), *, at_key: bool = False
) -> Finding:
    """Say that there is no kind of that name, and which of ``kinds`` is meant."""
    message = f"there is no kind {kind!r}"
    fix = did_you_mean(str(kind), kinds, f"one of {', '.join(kinds)}") if kinds else None
    return Finding(path, message, fix, at_key=at_key, code=ProblemCode.UNKNOWN_KIND)


def further(path: tuple[str | int, ...], others: int) -> Finding:
    """Return what stands for so many other issues below a path."""
    return Finding(
        path,
        f"{others:,} more of its fields are wrong",
        "mend the others first",
        others=others,
        code=ProblemCode.MORE,
    )


@dataclass(frozen=True, slots=True)
class PlacedIssue:
    """An issue with the document it is about. ``index`` counts documents of the file from 0."""

    path: str
    index: int
    line: int
    issue: Finding


def placed(issues: Iterable[Finding], origin: Origin, index: int) -> Iterator[PlacedIssue]:
    """Yield issues of one document with its place: the origin of the document, and which of its file it is."""
    for issue in issues:
        yield PlacedIssue(origin.path, index, origin.line, issue)


def unknown_field(
    path: tuple[str | int, ...], names: Collection[str], otherwise: str = ""
) -> Finding:
    """Say that the last step of a path is none of the fields there are, and which is meant, or ``otherwise`` those there are."""
    known = f"known fields: {', '.join(sorted(names))}" if names else ""
    fix = did_you_mean(str(path[-1]), names, otherwise or known) or None
    return Finding(
        path, f"unknown field {path[-1]!r}", fix, at_key=True, code=ProblemCode.UNKNOWN_FIELD
    )


def validation_issues(
    error: ValidationError,
    prefix: tuple[str | int, ...],
    model: type[BaseModel],
    *,
    partial: bool = False,
) -> Iterator[Finding]:
    """Yield one issue per finding; ``prefix`` leads to the validated part (``("spec",)``).

    With ``partial`` a missing field is none: another document may still give it. Of very many the last one says how
    many others there are.
    """
    seen = set()
    known = _findings(error)
    for detail in known:
        if partial and detail["type"] == "missing":
            continue
        # Pydantic adds steps for branches of unions and for keys, which are in no document.
        inside = tuple([step for step in detail["loc"] if not _BRANCH.fullmatch(str(step))])
        hidden = may_be_secret(model, inside)
        issue = _issue(detail, prefix, inside, model, hidden=hidden)._replace(hidden=hidden)
        if issue not in seen:
            seen.add(issue)
            yield issue
    others = error.error_count() - len(known)
    if others:
        yield further(prefix, others)


def _findings(error: ValidationError) -> list[ErrorDetails]:
    """Return what pydantic found; the first ones of very many, without the values that were found."""
    if error.error_count() <= MANY:
        return error.errors(include_url=False)
    # As text they take a tenth of the space; those that nobody will read are never more than that.
    text = error.json(include_url=False, include_input=False)
    found: list[Any] = []
    place = 1
    while len(found) < MAX_ISSUES:
        detail, end = _JSON.raw_decode(text, place)
        found.append({**detail, "loc": tuple(detail["loc"])})
        place = end + 1
    return found


def _issue(
    detail: ErrorDetails,
    prefix: tuple[str | int, ...],
    inside: tuple[str | int, ...],
    model: type[BaseModel],
    *,
    hidden: bool,
) -> Finding:
    kind, path = detail["type"], (*prefix, *inside)
    # What was found is not said where it may be a secret, or where there are too many findings to keep it.
    said = "" if hidden or "input" not in detail else f", found {_shown(detail['input'])}"
    if kind == "missing":
        fix = f"add '{path[-1]}: …' here or in a Defaults of this folder"
        return Finding.missing(path[:-1], str(path[-1]), "", fix)
    if kind == "extra_forbidden":
        return unknown_field(path, field_names(model, inside[:-1]))
    if kind.startswith("model_") and (
        shorter := getattr(model_in(_annotation_at(model, inside)), "shorter", "")
    ):
        wanted = f"{shorter} or a map"
        return Finding(path, f"expected {wanted}{said}", f"write {wanted}")
    return _misfit(detail, path, said)


def _misfit(detail: ErrorDetails, path: tuple[str | int, ...], said: str) -> Finding:
    """Say what is wrong with a value; what was found, as far as it may be ``said``, comes last."""
    kind, found = detail["type"], detail.get("input")
    context: dict[str, Any] = detail.get("ctx", {})
    if kind in WANTED:
        wanted = WANTED[kind]
        quote = " (quote it)" if kind == "string_type" and isinstance(found, int | float) else ""
        return Finding(path, f"expected {wanted}{said}", f"write {wanted}{quote}")
    if kind in _COUNTED:
        word, bound = _COUNTED[kind]
        limit = context[word]
        expected = f"{bound} {limit} {'entry' if limit == 1 else 'entries'}"
        counted = f", found {context['actual_length']}" if said else ""
        return Finding(path, f"expected {expected}{counted}", f"write {expected}")
    if kind == "literal_error":
        expected = context["expected"].replace("'", "")
        choices = [choice.strip() for choice in expected.replace(" or ", ", ").split(",")]
        fix = did_you_mean(str(found), choices, "write one of them, or leave the field out")
        return Finding(path, f"expected {expected}{said}", fix)
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        message = f"expected text that fits the pattern {pattern}{said}"
        return Finding(path, message, "write text of that form")
    if kind == "unfit":
        return Finding(path, context["message"], context["fix"])
    if kind in ("value_error", "assertion_error"):
        return Finding(path, str(context["error"]))
    message = (
        detail["msg"].replace("Input should", "it should").replace("String should", "it should")
    )
    fix = "write what is expected"
    if kind == "unexpected":
        _, such_as, example = context["expected"].partition("such as ")
        fix = f"write for example {example}" if such_as else f"write {context['expected']}"
    if found == "":
        fix = f"{fix}; for nothing leave the field out"
    return Finding(path, f"{message[:1].lower()}{message[1:]}{said}", fix)


def may_be_secret(model: Any, path: tuple[str | int, ...]) -> bool:
    """Tell whether the value at ``path`` inside a model is sensitive, or a secret where it is wrong.

    So may be what stands in the place of a map with such a value, or beside it under a name it may have been meant for.
    """
    for step in path:
        field = _fields(model).get(step)
        if field is not None and _hides(field):
            return True
        model = field.annotation if field is not None else model
    return any(map(_hides, _fields(model).values()))


@cache
def secret_names(*models: type[BaseModel]) -> CoveredNames:
    """Return the YAML names of all fields inside models, and of those whose values are sensitive, or secrets where they are wrong."""
    fields = [item for model in models for item in _fields(model).items()]
    inner = {model_in(field.annotation) for _, field in fields} - {None, *models}
    below = secret_names(*inner) if inner else NOTHING
    secret = {str(name) for name, field in fields if _hides(field)}
    known = {str(name) for name, _ in fields}
    holders = {
        str(name)
        for name, field in fields
        if any(map(_hides, _fields(model_in(field.annotation)).values()))
    }
    return CoveredNames(below.secret | secret, below.known | known, below.holders | holders)


def secret_names_of(kinds: Kinds) -> CoveredNames:
    """Return the YAML names of fields whose values are not shown, whatever kind they are of, and of those that may be."""
    models: list[type[BaseModel]] = [kind.spec for kind in kinds.values()]
    authored = [field.model for kind in kinds.values() for field in kind.authored_fields.values()]
    names = secret_names(*models, *authored, Metadata)
    return names._replace(
        known=names.known | {*FIELDS, *kinds}, holders=names.holders | {"spec", *kinds}
    )


def _hides(field: FieldInfo) -> bool:
    extra = field.json_schema_extra
    sensitive = isinstance(extra, dict) and bool(extra.get("x-sensitive"))
    marks = (*field.metadata, *_marks(field.annotation))
    return sensitive or any(isinstance(mark, HiddenWhereWrong) for mark in marks)


def _marks(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _marks(part)


def _shown(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return yaml_type(value)
    text = ("true" if value else "false") if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def field_names(model: Any, path: tuple[str | int, ...]) -> list[str]:
    """Return the YAML names of the fields at ``path`` inside a model; nothing where the path leads to no model."""
    return [str(name) for name in _fields(_annotation_at(model, path))]


def _annotation_at(model: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        field = _fields(model).get(step)
        model = field.annotation if field is not None else model
    return model


def _fields(annotation: Any) -> dict[str | int, FieldInfo]:
    """Return the fields of the model inside an annotation by their names in YAML; none where there is no model."""
    fields: dict[str, FieldInfo] = getattr(model_in(annotation), "model_fields", {})
    return {str(field.validation_alias or name): field for name, field in fields.items()}


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the model inside ``list[…]``, ``dict[str, …]``, ``… | None`` or ``Annotated[…]``."""
    types = (part for part in _marks(annotation) if isinstance(part, type))
    return next((part for part in types if issubclass(part, BaseModel)), None)
