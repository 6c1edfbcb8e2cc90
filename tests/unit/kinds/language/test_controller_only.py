"""What the tables do not have is taken out of a spec and put back to where it was."""

from typing import Any

import pytest

from controller.kinds.language.controller_only import controller_only, put_back
from controller.kinds.language.spec import Spec
from tests.unit.kinds.language.sample_specs import FULL, ShipSpec

EXTRA = {
    "engine.tuned": False,
    "masts.main.colour": "red",
    "cabins.aft.keeper": "Ann",
    "crew.0.keeper": "Bob",
    "log": ["today"],
    "pilot": {"beds": 3},
}


def test_what_was_authored_is_collected_under_yaml_names() -> None:
    assert controller_only(ShipSpec)(ShipSpec.model_validate(FULL)) == EXTRA


def test_what_was_not_authored_is_not() -> None:
    spec = ShipSpec.model_validate({"homePort": "Hull", "engine": {"maker": "Leith"}, "log": None})
    assert controller_only(ShipSpec)(spec) == {}


def test_a_plain_word_in_place_of_a_map_has_nothing() -> None:
    spec = ShipSpec.model_validate({"homePort": "Hull", "engine": "none"})
    assert controller_only(ShipSpec)(spec) == {}


def test_a_model_without_such_fields_costs_nothing() -> None:
    class Plain(Spec):
        a: int
        b: list[int] | None = None

    assert controller_only(Plain)(Plain(a=1)) == {}


def _stripped() -> dict[str, Any]:
    return {
        "homePort": "Hull",
        "engine": {"maker": "Leith", "secretCode": "1234"},
        "masts": [{"mastName": "main", "sails": ["top", "gaff"]}, {"mastName": "fore"}],
        "cabins": {"aft": {"beds": 2}, "bow": {}},
        "crew": [{}],
        "notes": {"x": "y"},
        "course": "to Oslo",
    }


def test_everything_goes_back_to_its_place_and_the_argument_stays() -> None:
    stripped = _stripped()
    assert put_back(ShipSpec, stripped, EXTRA) == FULL
    assert stripped == _stripped()


def test_members_are_found_by_name_after_others_were_put_before_them() -> None:
    stripped = _stripped()
    stripped["masts"].insert(0, {"mastName": "new"})
    found = put_back(ShipSpec, stripped, {"masts.main.colour": "red"})
    assert [mast.get("colour") for mast in found["masts"]] == [None, "red", None]


@pytest.mark.parametrize(
    "path",
    [
        "masts.gone.colour",
        "masts.main",
        "crew.7.keeper",
        "crew.x.keeper",
        "cabins.gone.keeper",
        "cabins.aft",
        "unknown.path",
        "notes.x.y",
        "homePort.x",
    ],
)
def test_a_value_whose_place_is_gone_is_left_out(path: str) -> None:
    assert put_back(ShipSpec, _stripped(), {path: "x"}) == _stripped()
