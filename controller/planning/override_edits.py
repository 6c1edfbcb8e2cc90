"""Whether an object that an override holds changes by the override alone, or was edited as well; and what was edited beneath it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from controller.kinds.language.fields import authored_spec, fields_of
from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import Spec
from controller.model.canonical import ABSENT, Json, canonical_bytes, parse_canonical
from controller.model.observed import BENEATH, Observation, put_back_base_fields
from controller.model.plan import FieldChange
from controller.model.resource import Projection
from controller.planning.fields import MASKED, FieldNames, comparable, differences
from controller.planning.overrides import shown_path

BENEATH_IT: Final = " beneath the override"
"""Ends the name of a field whose value in Git is another, while an override's holds."""


class Overridden(NamedTuple):
    """An object that an override holds, or held when it was last applied.

    ``plain`` is what is asked for without any override, ``asked`` what is with those that hold; the same where none does.
    """

    kind: Kind[Any] | None
    found: Observation
    plain: Projection
    asked: Projection

    def is_edited(self, paths: Iterator[str], names: FieldNames) -> bool:
        """Tell whether anything but overrides makes a difference; ``paths`` are the fields that differ. What cannot be told is an edit."""
        mark = self.found.mark
        if mark is None or BENEATH not in mark.extra:
            return mark is None or self.plain.digest != mark.digest
        if self.found.digest != mark.digest:
            # Changed by others as well: what was applied is not known any more.
            return True
        before, after = self._documents()
        if before is None or canonical_bytes(before) != canonical_bytes(after):
            return True
        # What follows from other documents changes without an edit of this one.
        known = tuple(f"{path}." for path in self._overridden_paths(names))
        return not all(f"{path.replace('[', '.[')}.".startswith(known) for path in paths)

    def edits_beneath(self) -> Iterator[FieldChange]:
        """Yield the fields that Git gives another value, while an override's holds."""
        held = parse_canonical(self.asked.extra).get(BENEATH, {})
        before, after = self._documents() if held else (None, None)
        for path in sorted(held):
            part, _, name = path.partition(".")
            old, new = (
                "not readable" if document is None else document[part].get(name, ABSENT)
                for document in (before, after)
            )
            if old == new:
                continue
            hides = part == "spec" and self._is_sensitive(name)
            values = (MASKED, MASKED) if hides else (old, new)
            yield FieldChange(f"{shown_path(path)}{BENEATH_IT}", *values, sensitive=hides)

    @property
    def held_fields(self) -> tuple[str, ...]:
        """The fields that overrides hold, as plans name them."""
        held = parse_canonical(self.asked.extra).get(BENEATH, {})
        return tuple(shown_path(path) for path in sorted(held))

    def _overridden_paths(self, names: FieldNames) -> Iterator[str]:
        mark = self.found.mark
        yield from self.held_fields
        yield from map(shown_path, mark.extra[BENEATH] if mark is not None else ())
        # What follows from the override's value, or is called otherwise.
        sides = (parse_canonical(p.attributes) for p in (self.plain, self.asked))
        for difference in differences(*sides):
            yield names.name_path(self.found.ref, difference.path)

    def _documents(self) -> tuple[Json, Json]:
        """Return what Git had when it was last applied, and has now; None for items that their kind would not have written."""
        extra = {} if self.found.mark is None else self.found.mark.extra
        return (
            _document(self.kind, self.found.attributes, extra),
            _document(self.kind, self.plain.attributes, parse_canonical(self.plain.extra)),
        )

    def _is_sensitive(self, name: str) -> bool:
        spec: type[Spec] | None = None if self.kind is None else self.kind.spec
        field = fields_of(spec).by_yaml.get(name)
        return field is not None and "sensitive" in field.marks


def _document(kind: Kind[Any] | None, attributes: bytes, extra: Mapping[str, Any]) -> Json:
    if kind is None:
        return None
    items = comparable(parse_canonical(attributes), kind.shared, extra.get("owned", ()))
    try:
        _, spec = authored_spec(kind, items, extra.get("spec"))
        document = {"metadata": dict(extra.get("metadata", {})), "spec": spec}
        put_back_base_fields(document, extra.get(BENEATH, {}))
        # Git may have had the short form of what is read back in its long one.
        document["spec"] = kind.expand(document["spec"])
    except (KeyError, TypeError, AttributeError, ValueError):
        # Half an object, or one others wrote in a form of theirs.
        return None
    return document
