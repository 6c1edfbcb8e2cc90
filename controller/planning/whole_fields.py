"""Fields of the YAML that are several attributes, told as the one value somebody wrote."""

from collections.abc import Mapping
from typing import Any

from controller.kinds.language.kind import Kind
from controller.model.canonical import Json
from controller.model.plan import FieldChange


def collapse_fields(
    fields: tuple[FieldChange, ...],
    kind: Kind[Any] | None,
    before: tuple[Json, Mapping[str, Any]],
    after: tuple[Json, Mapping[str, Any]],
) -> tuple[FieldChange, ...]:
    """Return field changes, those within a field that its kind tells whole as one change of it.

    ``before`` and ``after`` are attributes with what is authored beside them. Where the whole reads the same on both sides its
    attributes are told one by one: somebody changed one of them alone.
    """
    told = fields
    for name, whole in () if kind is None else kind.collapse_fields.items():
        inside = [one for one in told if one.path == name or one.path.startswith(f"{name}.")]
        old, new = (whole(items, extra.get("spec", {})) for items, extra in (before, after))
        if not inside or old == new:
            continue
        place = told.index(inside[0])
        rest = [one for one in told[place:] if one not in inside]
        told = (*told[:place], FieldChange(name, old, new), *rest)
    return told
