"""Fields that are cleared by null: merging forgets them, so whether there are such fields is asked before."""

from collections.abc import Iterator
from typing import Any

from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import Spec
from controller.kinds.language.walk import Shape, by_yaml
from controller.loading.issue import Issue
from controller.loading.validation_issues import unknown_field


def cleared_issues(
    kind: Kind[Any], spec: dict[str, Any], prefix: tuple[str | int, ...]
) -> Iterator[Issue]:
    """Yield an issue for each field of an authored spec that is null and unknown. ``prefix`` leads to the spec."""
    authored = {name: one.model for name, one in kind.authored_fields.items()}
    yield from _in_model(kind.spec, authored, spec, prefix)


def _in_model(
    model: type[Spec],
    more: dict[str, type[Spec]],
    value: dict[str, Any],
    path: tuple[str | int, ...],
) -> Iterator[Issue]:
    known = by_yaml(model)
    for name, inner in value.items():
        if name in more:
            yield from _within(Shape(model=more[name]), inner, (*path, name))
        elif name in known:
            yield from _within(known[name].shape, inner, (*path, name))
        elif inner is None:
            yield unknown_field((*path, name), [*known, *more])


def _within(shape: Shape, value: Any, path: tuple[str | int, ...]) -> Iterator[Issue]:
    if isinstance(value, dict):
        if shape.model is not None:
            yield from _in_model(shape.model, {}, value, path)
        elif shape.values is not None:
            for name, inner in value.items():
                yield from _within(shape.values, inner, (*path, name))
    elif isinstance(value, list) and shape.members is not None:
        for place, inner in enumerate(value):
            yield from _within(shape.members, inner, (*path, place))
