"""What pydantic finds is said as people who write YAML say it."""

from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from controller.kinds.language.kind import Finding
from controller.kinds.language.spec import SENSITIVE, HiddenWhereWrong, Says, Spec, unfit
from controller.loading.issues import field_names, validation_issues

Token = Annotated[
    str, Field(pattern="^env://"), Says("a reference, such as env://TOKEN"), HiddenWhereWrong()
]


class Part(Spec):
    """A member of a list or map."""

    name: str
    size_limit: int | None = None


class ShortPart(Part):
    """One that may be written shorter."""

    shorter: ClassVar[str] = "the name of a part"


class Whole(Spec):
    """One field of each sort."""

    text: str = ""
    count: Annotated[int, Field(ge=1)] = 1
    share: float = 0.5
    on: bool = False
    colour: Literal["blue", "green"] = "blue"
    code: Annotated[str, Field(pattern="^[0-9]{3}$")] = "100"
    short: Annotated[str, Field(max_length=2)] = ""
    either: int | list[int] = 0
    part: Part | None = None
    short_part: ShortPart | None = None
    parts: list[Part] | None = None
    by_name: dict[Annotated[str, Field(pattern="^[a-z]+$")], Part] | None = None
    letters: Annotated[str, Field(pattern="^[a-z]{2}$"), Says("two letters, such as ta")] = "aa"
    size: Annotated[int, Field(ge=1), Says("a size from 1 to 9")] = 1
    key: Annotated[str | None, SENSITIVE] = None
    token: Token | None = None
    even: int = 0
    some: Annotated[list[int], Field(min_length=1, max_length=2)] | None = None

    @field_validator("even")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise unfit("expected an even number", "add one") if value > 1 else ValueError("odd")
        return value


def issues(spec: Any, model: type[BaseModel] = Whole, *, partial: bool = False) -> list[Finding]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(spec)
    return list(validation_issues(caught.value, ("spec",), model, partial=partial))


@pytest.mark.parametrize(
    ("spec", "path", "message", "fix"),  # None: any
    [
        ({"text": 7}, "text", "expected text, found 7", "write text (quote it)"),
        ({"text": True}, "text", "expected text, found true", "write text (quote it)"),
        ({"text": None}, "text", "expected text, found nothing", "write text"),
        ({"text": {}}, "text", "expected text, found a map", "write text"),
        ({"text": []}, "text", "expected text, found a list", "write text"),
        ({"count": "7"}, "count", "expected a whole number, found '7'", "write a whole number"),
        ({"count": 1.5}, "count", "expected a whole number, found 1.5", "write a whole number"),
        ({"count": 0}, "count", "it should be greater than or equal to 1, found 0", None),
        ({"share": "half"}, "share", "expected a number, found 'half'", "write a number"),
        ({"on": "no"}, "on", "expected true or false, found 'no'", "write true or false"),
        ({"on": "n" * 80}, "on", f"expected true or false, found '{'n' * 56}…", "write true or false"),
        ({"colour": "geren"}, "colour", "expected blue or green, found 'geren'", "did you mean 'green'?"),
        ({"colour": "xyz"}, "colour", "expected blue or green, found 'xyz'", None),
        ({"code": "x"}, "code", "expected text that fits the pattern ^[0-9]{3}$, found 'x'", None),
        ({"short": "abc"}, "short", "it should have at most 2 characters, found 'abc'", None),
        ({"code": ""}, "code", "expected text that fits the pattern ^[0-9]{3}$, found ''", None),
        ({"letters": "7"}, "letters", "expected two letters, such as ta, found '7'", "write for example ta"),
        ({"letters": ""}, "letters", "expected two letters, such as ta, found ''", None),
        ({"size": 0}, "size", "expected a size from 1 to 9, found 0", "write a size from 1 to 9"),
        ({"part": 7}, "part", "expected a map, found 7", "write a map"),
        ({"part": {}}, "part", "name is missing", "add 'name: …' here or in a Defaults of this folder"),
        ({"parts": {}}, "parts", "expected a list, found a map", "write a list"),
        ({"parts": [{"name": "a", "sizelimit": 1}]}, "parts.0.sizelimit", "unknown field 'sizelimit'", "did you mean 'sizeLimit'?"),
        ({"parts": [{"name": "a", "zzz": 1}]}, "parts.0.zzz", "unknown field 'zzz'", "known fields: name, sizeLimit"),
        ({"byName": {"a": {"name": "a", "zzz": 1}}}, "byName.a.zzz", "unknown field 'zzz'", "known fields: name, sizeLimit"),
        ({"byName": []}, "byName", "expected a map, found a list", "write a map"),
        ({"byName": {"A": {"name": "a"}}}, "byName.A", "expected text that fits the pattern ^[a-z]+$, found 'A'", None),
        ({"even": 3}, "even", "expected an even number", "add one"),
        ({"even": 1}, "even", "odd", None),
        ({"shortPart": 7}, "shortPart", "expected the name of a part or a map, found 7", "write the name of a part or a map"),
        ({"some": []}, "some", "expected at least 1 entry, found 0", "write at least 1 entry"),
        ({"some": [1, 2, 3]}, "some", "expected at most 2 entries, found 3", "write at most 2 entries"),
    ],
)  # fmt: skip
def test_what_is_said(spec: Any, path: str, message: str, fix: str | None) -> None:
    (found,) = issues(spec)

    assert ".".join(map(str, found.path)) == f"spec.{path}"
    assert found.message == message
    assert fix is None or found.fix == fix


@pytest.mark.parametrize(("field", "value"), [("token", "hunter2"), ("token", 7), ("key", 7)])
def test_what_may_be_a_secret_is_not_repeated(field: str, value: Any) -> None:
    (found,) = issues({field: value})

    assert found.hidden
    assert str(value) not in found.message


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"kye": "hunter2"}, "beside a secret: its name may be misspelt"),
        ({"code": "hunter2"}, "a form without words of its own"),
    ],
)
def test_what_may_stand_for_a_secret_is_hidden(spec: Any, why: str) -> None:
    (found,) = issues(spec)

    assert found.hidden == ("kye" in spec), why


def test_very_many_are_told_in_part() -> None:
    *told, last = issues({f"field{n}": n for n in range(3000)} | {"count": "x"})

    assert (told[0].path, told[0].message) == (("spec", "count"), "expected a whole number")
    assert len(told) == 100
    assert (last.path, last.others) == (("spec",), 2901)
    assert last.message == "2,901 more of its fields are wrong"


def test_an_unknown_field_is_shown_at_its_key() -> None:
    (found,) = issues({"txt": "a"})

    assert (found.at_key, found.fix) == (True, "did you mean 'text'?")


def test_a_value_that_fits_no_branch_is_said_once_for_each() -> None:
    found = issues({"either": "x"})

    assert [(one.path, one.message) for one in found] == [
        (("spec", "either"), "expected a whole number, found 'x'"),
        (("spec", "either"), "expected a list, found 'x'"),
    ]


def test_equal_findings_are_one() -> None:
    class Ambiguous(Spec):
        either: Annotated[int, Field(ge=3)] | Annotated[int, Field(ge=3, le=9)] = 3

    assert len(issues({"either": 1}, Ambiguous)) == 1


def test_in_a_part_of_a_document_nothing_is_missing() -> None:
    (found,) = issues({"part": {}, "count": 0}, partial=True)

    assert found.path == ("spec", "count")


@pytest.mark.parametrize(
    ("path", "names", "because"),
    [
        (("part",), ["name", "sizeLimit"], "of a model that may be absent"),
        (("parts", 0), ["name", "sizeLimit"], "of a member"),
        (("byName", "x"), ["name", "sizeLimit"], "of a value"),
        (("count",), [], "a number has none"),
        (("count", "x"), [], "nor has what would be inside it"),
    ],
)
def test_field_names(path: tuple[str | int, ...], names: list[str], because: str) -> None:
    assert field_names(Whole, path) == names, because
