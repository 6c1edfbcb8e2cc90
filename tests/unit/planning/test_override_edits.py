"""An edit stays an edit under an override: its cause, its fields and what it says beneath the override's value."""

from typing import Any

import pytest

from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import SENSITIVE, Spec
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.observed import Observation
from controller.model.plan import Cause, Change
from controller.model.resource import Projection
from controller.planning.diff import diff
from controller.planning.fields import EXTRA, FieldNames, FieldPath, extra_path
from controller.planning.overrides import base_fields
from tests.unit.planning.worlds import (
    desired_of,
    found,
    item,
    make_kind,
    options,
    ref,
    scope_of,
    wanted,
)

SEARCH = ref("Service/Search")
NOTHING_ELSE = "as an override says"
"""What is said where only an override makes a difference."""


class PlainSpec(Spec):
    """A service with what an override may hold."""

    text: str | None = None
    size: int | None = None
    secret: str | None = SENSITIVE


KIND = make_kind("Service", spec=PlainSpec)


def name_path(_ref: Any, path: FieldPath) -> str:
    """Name an attribute as the YAML does."""
    if path[0] == EXTRA:
        return extra_path(path)
    return ".".join(str(step)[:1].lower() + str(step)[1:] for step in path[2:])


def document(**value: Any) -> dict[str, Any]:
    """An item with these attributes."""
    return item("Service/Search", Value={"SchemaVersion": 1, **value})


def laid(git: dict[str, Any], override: dict[str, Any], **extra: Any) -> Projection:
    """What is asked for with an override over what Git says; both by attribute."""
    specs = (
        {"metadata": {}, "spec": {k.lower(): v for k, v in one.items()}}
        for one in (git, {**git, **override})
    )
    held = base_fields(*map(canonical_bytes, specs))
    return wanted(
        "Service/Search", document(**{**git, **override}), extra={**extra, "beneath": held}
    )


def plain(git: dict[str, Any], **extra: Any) -> Projection:
    """What is asked for without any override."""
    return wanted("Service/Search", document(**git), extra=extra)


def applied(projection: Projection, **different: Any) -> Observation:
    """An object as it was applied; ``different`` attributes are of others."""
    attributes = parse_canonical(projection.attributes)
    attributes["ServiceTable"]["Value"] |= different
    extra = parse_canonical(projection.extra)
    return found("Service/Search", attributes, extra=extra, applied=projection)


def change_of(
    asked: Projection, without: Projection | None, there: Observation, **kinds: Kind[Any]
) -> Change:
    """The change of the one object."""
    how = options(
        kinds=kinds or {"Service": KIND},
        overridden={} if without is None else {SEARCH: without},
        names=FieldNames(name_path),
    )
    (change,) = diff(desired_of(asked), scope_of(there), how).changes
    return change


GIT, NIGHT = {"Text": "day"}, {"Text": "night"}
BEFORE, HELD = applied(plain(GIT)), applied(laid(GIT, NIGHT))
EDITED = {**GIT, "Size": 2}
LATER = {"Text": "noon"}


@pytest.mark.parametrize(
    ("asked", "without", "there", "cause", "because", "fields"),
    [
        (laid(GIT, NIGHT), plain(GIT), BEFORE, "overridden", NOTHING_ELSE, ["text"]),
        (laid(EDITED, NIGHT), plain(EDITED), BEFORE, "edited", "an override holds text", ["size", "text"]),
        (laid(EDITED, NIGHT), plain(EDITED), HELD, "edited", "an override holds text", ["size"]),
        (laid(GIT, {"Text": "late"}), plain(GIT), HELD, "overridden", NOTHING_ELSE, ["text"]),
        (laid(GIT, {**NIGHT, "Size": 3}), plain(GIT), HELD, "overridden", NOTHING_ELSE, ["size"]),
        (plain(GIT), None, HELD, "overridden", "the override of it has ended", ["text"]),
        (plain(EDITED), None, HELD, "edited", "", ["size", "text"]),
        (laid(LATER, NIGHT), plain(LATER), HELD, "edited", "an override holds text",
         ["text beneath the override"]),
        (laid(LATER, NIGHT), plain(LATER), BEFORE, "edited", "an override holds text",
         ["text", "text beneath the override"]),
        (laid(GIT, NIGHT, metadata={"protect": True}), plain(GIT, metadata={"protect": True}), HELD,
         "edited", "an override holds text", ["metadata.protect"]),
        (laid(GIT, NIGHT, spec={"lifecycle": "retired"}), plain(GIT, spec={"lifecycle": "retired"}), HELD,
         "edited", "an override holds text", ["lifecycle"]),
    ],
)  # fmt: skip
def test_why_an_object_under_an_override_changes(
    asked: Projection,
    without: Projection | None,
    there: Observation,
    cause: str,
    because: str,
    fields: list[str],
) -> None:
    change = change_of(asked, without, there)

    assert (change.cause, change.because) == (cause, because)
    assert [field.path for field in change.fields] == fields


def test_an_edit_beneath_an_override_shows_what_git_had_and_has() -> None:
    (field,) = change_of(laid(LATER, NIGHT), plain(LATER), HELD).fields

    assert (field.before, field.after) == ("day", "noon")


def test_a_secret_beneath_an_override_is_not_shown() -> None:
    old, new, night = {"Secret": "CANARY1"}, {"Secret": "CANARY2"}, {"Secret": "CANARY3"}

    change = change_of(laid(new, night), plain(new), applied(laid(old, night)))

    (field,) = change.fields
    assert field.sensitive
    assert "CANARY" not in repr(change.fields)


OUTSIDE = "also changed outside envctl since it was last applied"


def test_what_others_changed_as_well_is_an_override_only_if_git_is_as_it_was() -> None:
    of_others = applied(plain(GIT), Size=9)

    override = change_of(laid(GIT, NIGHT), plain(GIT), of_others)
    edit = change_of(laid(EDITED, NIGHT), plain(EDITED), of_others)

    assert (override.cause, override.because) == ("overridden", f"{NOTHING_ELSE}; {OUTSIDE}")
    assert (edit.cause, edit.because) == ("edited", f"{OUTSIDE}; an override holds text")


def test_what_cannot_be_told_is_an_edit() -> None:
    drifted = applied(laid(GIT, NIGHT), Size=9)
    assert change_of(laid(GIT, {"Text": "late"}), plain(GIT), drifted).cause is Cause.EDITED


def test_what_follows_from_other_documents_is_no_override() -> None:
    follows = laid(GIT, NIGHT)
    derived = make_derived(follows, "x")
    without = make_derived(plain(GIT), "x")

    assert change_of(derived, without, HELD).cause is Cause.EDITED


def make_derived(projection: Projection, number: str) -> Projection:
    """A projection with an attribute that another document gives."""
    attributes = parse_canonical(projection.attributes)
    attributes["ServiceTable"]["Number"] = number
    extra = parse_canonical(projection.extra)
    return wanted("Service/Search", attributes, extra=extra)


def test_items_that_cannot_be_read_as_a_document_are_edited() -> None:
    lost = found("Service/Search", {"ServiceTable": {}}, extra={"beneath": {"spec.text": "day"}})

    change = change_of(laid(LATER, NIGHT), plain(LATER), lost)

    assert change.cause is Cause.EDITED
    assert [field.before for field in change.fields if "beneath" in field.path] == ["not readable"]


def test_without_its_kind_no_document_can_be_read() -> None:
    change = change_of(laid(GIT, {"Text": "late"}), plain(GIT), HELD, Other=KIND)

    assert change.cause is Cause.EDITED


def test_a_new_object_is_an_edit_whatever_override_holds() -> None:
    how = options(kinds={"Service": KIND}, overridden={SEARCH: plain(GIT)})
    (change,) = diff(desired_of(laid(GIT, NIGHT)), scope_of(), how).changes

    assert (change.action, change.cause, change.because) == (
        "create",
        Cause.EDITED,
        "an override holds text",
    )
