"""References come from the types, however deep they hide."""

import pytest

from controller.kinds.language.references import Named, references
from controller.kinds.language.spec import Spec
from tests.unit.kinds.language.sample_specs import FULL, Cabin, ShipSpec


def test_references_hide_in_maps_and_lists_and_are_found_in_document_order() -> None:
    assert references(ShipSpec)(ShipSpec.model_validate(FULL)) == [
        Named(("homePort",), "Port", "Hull"),
        Named(("engine", "maker"), "Yard", "Leith"),
        Named(("masts", 0, "sails", 0), "Sail", "top"),
        Named(("masts", 0, "sails", 1), "Sail", "gaff"),
        Named(("course",), "Port", "Oslo"),
        Named(("log", 0), "Log", "today"),
    ]


@pytest.mark.parametrize("engine", [None, "none"])
def test_what_is_absent_or_a_plain_word_names_nothing(engine: str | None) -> None:
    spec = ShipSpec.model_validate({"homePort": "Hull", "engine": engine, "course": "home"})
    assert references(ShipSpec)(spec) == [Named(("homePort",), "Port", "Hull")]


def test_references_hide_in_maps_of_models() -> None:
    class Fleet(Spec):
        ships: dict[str, ShipSpec]

    fleet = Fleet.model_validate({"ships": {"a": {"homePort": "Hull"}}})
    assert references(Fleet)(fleet) == [Named(("ships", "a", "homePort"), "Port", "Hull")]


def test_a_spec_without_references_has_none() -> None:
    assert references(Cabin)(Cabin.model_validate({})) == []
