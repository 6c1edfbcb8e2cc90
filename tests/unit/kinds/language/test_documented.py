"""What is written below a field is what its schema says of it."""

import pytest
from pydantic import Field

from controller.kinds.language.documented import Documented, Names, SettingsPart, field_texts
from controller.kinds.language.spec import Spec, partial_model


class Place(Spec):
    """Where something is."""

    zone: str
    """The letter of a zone,
    in lower case."""
    rack: int = 0

    class Door(Documented):
        """A class in a class."""

        width: int
        """Centimetres."""


class Shelf(Place):
    """A place with a height."""

    height: int = Field(description="What the field brings itself.")
    """What is never read."""


def test_texts_of_a_class_and_of_its_bases() -> None:
    assert field_texts(Place) == {"zone": "The letter of a zone,\nin lower case."}
    assert field_texts(Place.Door) == {"width": "Centimetres."}
    assert field_texts(Shelf) == {**field_texts(Place), "height": "What is never read."}


def test_a_schema_says_them_by_the_names_of_yaml_and_of_items() -> None:
    for mode, name in (("validation", "zone"), ("serialization", "Zone")):
        said = Shelf.model_json_schema(mode=mode)["properties"]  # type: ignore[arg-type]
        assert said[name]["description"] == "The letter of a zone,\nin lower case."

    said = Shelf.model_json_schema()["properties"]
    assert said["height"]["description"] == "What the field brings itself."
    assert "description" not in said["rack"]


def test_a_model_made_of_anothers_fields_says_what_that_says() -> None:
    loose = partial_model(Place, "Loose")

    assert loose.model_json_schema()["properties"]["zone"]["description"].startswith("The letter")


def test_where_no_source_is_at_hand_nothing_is_said() -> None:
    module = {"__name__": "made_by_hand", "Spec": Spec}
    exec("class Made(Spec):\n    zone: str\n    '''Not to be found.'''\n", module)
    made = module["Made"]
    assert isinstance(made, type)
    assert issubclass(made, Spec)

    assert made.model_json_schema()["properties"]["zone"] == {"title": "Zone", "type": "string"}


class Listing(SettingsPart):
    """A setting of names."""

    names: Names = ()


@pytest.mark.parametrize(
    ("given", "names"), [("a, b,,", ("a", "b")), (["a", "b"], ("a", "b")), (("a",), ("a",))]
)
def test_names_are_a_list_in_yaml_and_words_in_a_variable(
    given: object, names: tuple[str, ...]
) -> None:
    assert Listing.model_validate({"names": given}).names == names
