"""Values in a form the old product let pass, brought into the one their kind asks for; what cannot be, is left out."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from pydantic import ValidationError

from controller.kinds.language.kind import Kind
from controller.kinds.language.walk import Shape, by_yaml
from controller.loading.authoring.found import Oddity
from controller.loading.draft import CompiledKind
from controller.loading.issue import Issue
from controller.loading.positions import dotted
from controller.loading.validation_issues import validation_issues
from controller.loading.yaml_text import scalar_text
from controller.model.problem import ProblemCode
from controller.model.ref import ResourceRef

MOST_MENDS = 300
"""An object with more wrong values than this is left to a person."""
_LONGEST_SHOWN = 60

Json = Any
Path = tuple[str | int, ...]


class Mended(NamedTuple):
    """A spec as far as it could be brought into form. ``missing`` says what keeps it from being valid; None if nothing."""

    spec: dict[str, Json]
    oddities: list[Oddity]
    missing: str | None


def mend(compiled: CompiledKind, ref: ResourceRef, spec: dict[str, Json]) -> Mended:
    """Return a spec (YAML names, short forms written out) that is valid, or as near to it as can be."""
    found: list[Oddity] = []
    spec = deepcopy(spec)
    for _ in range(MOST_MENDS):
        issue = next(_issues(compiled, spec), None)
        if issue is None:
            return Mended(spec, found, None)
        if not _mend(compiled, ref, spec, issue, found):
            return Mended(spec, found, f"{dotted(issue.path)}: {issue.message}")
    return Mended(spec, found, "too much of it is not in the form of its kind")


def is_valid(compiled: CompiledKind, spec: dict[str, Json]) -> bool:
    """Tell whether a spec is what its kind asks for, the rest of the world aside."""
    return next(_issues(compiled, spec), None) is None


def said(kind: Kind[Any], path: Path, value: Json) -> str:
    """Return a value for a note: short, and only its type where it must not be shown."""
    if is_secret(kind, path):
        return "(sensitive)"
    text = repr(value) if isinstance(value, dict | list) else scalar_text(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def is_secret(kind: Kind[Any], path: Path) -> bool:
    """Tell whether the value at a path inside the spec, or a part of it, must not be shown."""
    shape = Shape(model=kind.spec)
    for step in path:
        field = by_yaml(shape.model).get(str(step)) if shape.model is not None else None
        if field is not None and field.sensitive:
            return True
        inner = field.shape if field is not None else shape.members or shape.values
        if inner is None:
            return False
        shape = inner
    return shape.model is not None and any(one.sensitive for one in by_yaml(shape.model).values())


def value_at(spec: Json, path: Sequence[str | int]) -> Json:
    """Return what stands at a path. Raises KeyError or IndexError where there is nothing."""
    for step in path:
        if not isinstance(spec, dict | list) or isinstance(spec, list) is not isinstance(step, int):
            raise KeyError(step)
        spec = spec[step]  # type: ignore[index]  # dicts of texts and lists of numbers, asked above
    return spec


def _issues(compiled: CompiledKind, spec: dict[str, Json]) -> Iterator[Issue]:
    kind = compiled.kind
    try:
        compiled.validate(kind.expand(spec) if kind.expand else spec)
    except ValidationError as error:
        yield from validation_issues(error, (), kind.spec)


def _mend(
    compiled: CompiledKind,
    ref: ResourceRef,
    spec: dict[str, Json],
    issue: Issue,
    found: list[Oddity],
) -> bool:
    """Change the spec so that the issue is gone, and say so; False if that is not possible."""
    kind, path = compiled.kind, issue.path
    try:
        value = value_at(spec, path)
    except (KeyError, IndexError):
        return False
    if not path or issue.code is ProblemCode.MISSING:
        return False
    for other in _other_forms(value):
        _put(spec, path, other)
        if issue.path not in {one.path for one in _issues(compiled, spec)}:
            found.append(
                Oddity(
                    ref,
                    f"{dotted(path)} {said(kind, path, value)}: {_form(value)}",
                    f"{dotted(path)}: {said(kind, path, other)}",
                )
            )
            return True
    _put(spec, path, value)
    if kind.name == "Environment" and path[0] == "schedule":
        return _no_schedule(ref, spec, found)
    _drop(spec, path)
    shown = said(kind, path, value)
    found.append(
        Oddity(
            ref,
            f"{dotted(path)} {shown}: {issue.message.replace(repr(value), shown)}",
            "nothing: it goes when the object is adopted",
            "keep it elsewhere if it is needed",
        )
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
    found.append(
        Oddity(
            ref,
            f"DefaultSchedule {text!r}: {reason}",
            f"schedule: {mode}" + (", so it is left alone as before" if automatic else ""),
            "write the schedule that was meant",
        )
    )
    return True


def _other_forms(value: Json) -> Iterator[Json]:
    """Yield what a value may have been meant as, the likeliest first."""
    if isinstance(value, str):
        text = value.strip()
        if text.lower() in {"true", "false"}:
            yield text.lower() == "true"
        if text.lstrip("-").isdecimal() and len(text) <= 18:
            yield int(text)
        if text != value and text:
            yield text
        if text:
            yield [text]
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


def _form(value: Json) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", dict: "a map"}
    return f"stored as {names.get(type(value), 'something else')}"


def _put(spec: Json, path: Path, value: Json) -> None:
    holder = value_at(spec, path[:-1])
    holder[path[-1]] = value


def _drop(spec: Json, path: Path) -> None:
    holder = value_at(spec, path[:-1])
    del holder[path[-1]]
