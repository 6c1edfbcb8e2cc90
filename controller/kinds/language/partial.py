"""Models in which every field may be left out, for whoever says only what differs."""

from copy import copy
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import create_model
from pydantic.fields import FieldInfo

from controller.kinds.language.spec import Spec


def partial_model(
    model: type[Spec],
    name: str,
    *,
    says: str | None = None,
    without: frozenset[str] = frozenset(),
    **more: Any,
) -> type[Spec]:
    """Return a model with the fields of another, all optional, also inside nested maps.

    What is indivisible, and members of lists, stay as they are: they replace as a whole. Checks over several fields
    are not taken over, they hold for what comes out of merging. ``says`` is its docstring where that of the
    model does not do; ``more`` are further fields as ``create_model`` takes
    them.
    """
    fields: dict[str, Any] = {
        field: (_loose(info.annotation) | None, _without_default(info))
        for field, info in model.model_fields.items()
        if field not in without
    }
    made = create_model(name, __base__=Spec, __doc__=says or model.__doc__, **fields, **more)
    made.documented_as = model
    return made


def _without_default(info: FieldInfo) -> FieldInfo:
    loose = copy(info)
    loose.default = None
    loose.default_factory = None
    return loose


def _loose(annotation: Any) -> Any:
    """Replace models by their partial forms where maps merge."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        whole = annotation.indivisible
        return annotation if whole else partial_model(annotation, f"Partial{annotation.__name__}")
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *marks = get_args(annotation)
        return Annotated[(_loose(inner), *marks)]
    if origin in {Union, UnionType}:
        return Union[tuple(_loose(part) for part in get_args(annotation))]  # noqa: UP007 - built at run time
    return annotation
