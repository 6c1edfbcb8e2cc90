"""Values in a form the old product let pass, brought into the one their kind asks for; what cannot be, is left out."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from controller.kinds.language.fields import Shape, fields_of
from controller.kinds.language.kind import Finding, Kind
from controller.loading.authoring.found import Oddity
from controller.loading.issues import validation_issues
from controller.loading.positions import dotted
from controller.loading.yaml_text import short_text
from controller.model.ref import ProblemCode, ResourceRef
from controller.scheduling.old_forms import old_meaning

MOST_MENDS = 300
"""An object with more wrong values than this is left to a person."""
_LONGEST_SHOWN = 60

_STORED_AS: Final = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    dict: "a map",
}

Json = Any
Path = tuple[str | int, ...]


class FixedSpec(NamedTuple):
    """A spec as far as it could be brought into form. ``missing`` says what keeps it from being valid; None if nothing."""

    spec: dict[str, Json]
    oddities: list[Oddity]
    missing: str | None


def fix_values(kind: Kind[Any], ref: ResourceRef, spec: dict[str, Json]) -> FixedSpec:
    """Return a spec (YAML names, short forms written out) that is valid, or as near to it as can be."""
    found: list[Oddity] = []
    spec = deepcopy(spec)
    for _ in range(MOST_MENDS):
        issue = next(_issues(kind, spec), None)
        if issue is None:
            return FixedSpec(spec, found, None)
        if not _fix(kind, ref, spec, issue, found):
            return FixedSpec(spec, found, f"{dotted(issue.path)}: {issue.message}")
    return FixedSpec(spec, found, "too much of it is not in the form of its kind")


def is_valid(kind: Kind[Any], spec: dict[str, Json]) -> bool:
    """Tell whether a spec is what its kind asks for, the rest of the world aside."""
    return next(_issues(kind, spec), None) is None


def in_short(kind: Kind[Any], path: Path, value: Json) -> str:
    """Return a value for a note: short, and only its type where it must not be shown."""
    return "(sensitive)" if is_secret(kind, path) else short_text(value, _LONGEST_SHOWN)


def is_secret(kind: Kind[Any], path: Path) -> bool:
    """Tell whether the value at a path inside the spec, or a part of it, must not be shown."""
    shape = Shape(model=kind.spec)
    for step in path:
        field = fields_of(shape.model).by_yaml.get(str(step)) if shape.model is not None else None
        if field is not None and field.sensitive:
            return True
        inner = field.shape if field is not None else shape.members or shape.values
        if inner is None:
            return False
        shape = inner
    return shape.model is not None and any(
        field.sensitive for field in fields_of(shape.model).by_yaml.values()
    )


def value_at(spec: Json, path: Sequence[str | int]) -> Json:
    """Return what stands at a path. Raises KeyError or IndexError where there is nothing."""
    for step in path:
        if not isinstance(spec, list if isinstance(step, int) else dict):
            raise KeyError(step)
        holder: Json = spec
        spec = holder[step]
    return spec


def drop(spec: Json, path: Path) -> None:
    """Take away what stands at a path. Raises as ``value_at``."""
    del value_at(spec, path[:-1])[path[-1]]


def _issues(kind: Kind[Any], spec: dict[str, Json]) -> Iterator[Finding]:
    try:
        kind.spec.model_validate(kind.expand(spec))
    except ValidationError as error:
        yield from validation_issues(error, (), kind.spec)


def _fix(
    kind: Kind[Any],
    ref: ResourceRef,
    spec: dict[str, Json],
    issue: Finding,
    found: list[Oddity],
) -> bool:
    """Change the spec so that the issue is gone, and say so; False if that is not possible."""
    path = issue.path
    try:
        value = value_at(spec, path)
    except (KeyError, IndexError):
        return False
    if not path or issue.code is ProblemCode.MISSING:
        return False
    where, shown = dotted(path), in_short(kind, path, value)
    holder = value_at(spec, path[:-1])
    for form in _other_forms(value):
        holder[path[-1]] = form
        if path not in {left.path for left in _issues(kind, spec)}:
            why = f"stored as {_STORED_AS.get(type(value), 'something else')}"
            if type(form) is type(value):
                why = "another way of writing what is written now, which means the same"
            written = f"{where}: {in_short(kind, path, form)}"
            found.append(Oddity(ref, f"{where} {shown}: {why}", written))
            return True
    holder[path[-1]] = value
    if kind.name == "Environment" and path[0] == "schedule":
        return _no_schedule(ref, spec, found)
    drop(spec, path)
    refusal = issue.message.replace(repr(value), shown)
    written = "nothing: it goes when the object is adopted"
    found.append(
        Oddity(ref, f"{where} {shown}: {refusal}", written, "keep it elsewhere if it is needed")
    )
    return True


def _no_schedule(ref: ResourceRef, spec: dict[str, Json], found: list[Oddity]) -> bool:
    """Leave an environment alone whose schedule cannot be read, as the old scheduler did."""
    schedule = spec["schedule"]
    text = schedule.get("expression") if isinstance(schedule, dict) else schedule
    automatic = not isinstance(schedule, dict) or schedule.get("mode") == "automatic"
    mode = "noschedule" if automatic else schedule["mode"]
    if schedule == {"mode": mode}:
        return False
    spec["schedule"] = {"mode": mode}
    reason = "no schedule that can be read" if text else "it is scheduled automatically, by none"
    written = f"schedule: {mode}"
    if automatic and old_meaning(str(text or "")).obeyed:
        reason = "the old scheduler obeyed it, but by accident: what it meant cannot be told"
        written += ", so it is left alone, which it was not before"
    elif automatic:
        written += ", so it is left alone as before"
    decide = "write the schedule that was meant"
    found.append(Oddity(ref, f"DefaultSchedule {text!r}: {reason}", written, decide))
    return True


def _other_texts(value: str) -> Iterator[Json]:
    text = value.strip()
    if text.lower() in {"true", "false"}:
        yield text.lower() == "true"
    if text.lstrip("-").isdecimal() and len(text) <= 18:
        yield int(text)
    if text != value and text:
        yield text
    if text != text.lower():
        yield text.lower()
    schedule, _ = old_meaning(text)
    if schedule is not None:
        yield schedule.text
    if text:
        yield [text]


def _other_forms(value: Json) -> Iterator[Json]:
    """Yield what a value may have been meant as, the likeliest first."""
    if isinstance(value, str):
        yield from _other_texts(value)
    elif isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, int):
        if value in {0, 1}:
            yield bool(value)
        yield str(value)
        yield [value]
    elif isinstance(value, float):
        if value.is_integer():
            yield int(value)
        yield repr(value)
    elif isinstance(value, dict):
        yield [value]
