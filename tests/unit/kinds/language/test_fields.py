"""What the tables do not have is taken out of a spec and put back to where it was."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.kinds.language.fields import (
    Named,
    Shape,
    authored_spec,
    controller_only,
    is_sensitive,
    put_back,
    references,
    to_yaml_names,
    yaml_path,
)
from controller.kinds.language.spec import Spec
from tests.unit.kinds.language.sample_specs import FULL, SHIP, Cabin, ShipSpec
from tests.unit.kinds.small_fleet import dumped

EXTRA = {
    "engine.tuned": False,
    "masts.main.colour": "red",
    "cabins.aft.keeper": "Ann",
    "crew.0.keeper": "Bob",
    "log": ["today"],
    "pilot": {"beds": 3},
}


def test_what_was_authored_is_collected_under_yaml_names() -> None:
    assert controller_only(ShipSpec.model_validate(FULL)) == EXTRA


def test_what_was_not_authored_is_not() -> None:
    spec = ShipSpec.model_validate({"homePort": "Hull", "engine": {"maker": "Leith"}, "log": None})
    assert controller_only(spec) == {}


def test_a_plain_word_in_place_of_a_map_has_nothing() -> None:
    spec = ShipSpec.model_validate({"homePort": "Hull", "engine": "none"})
    assert controller_only(spec) == {}


def test_a_model_without_such_fields_costs_nothing() -> None:
    class Plain(Spec):
        a: int
        b: list[int] | None = None

    assert controller_only(Plain(a=1)) == {}


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
        "masts.main.sails.0",
        "homePort.x",
    ],
)
def test_a_value_whose_place_is_gone_is_left_out(path: str) -> None:
    assert put_back(ShipSpec, _stripped(), {path: "x"}) == _stripped()


def test_references_hide_in_maps_and_lists_and_are_found_in_document_order() -> None:
    assert references(ShipSpec.model_validate(FULL)) == [
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
    assert references(spec) == [Named(("homePort",), "Port", "Hull")]


def test_references_hide_in_maps_of_models() -> None:
    class Fleet(Spec):
        ships: dict[str, ShipSpec]

    fleet = Fleet.model_validate({"ships": {"a": {"homePort": "Hull"}}})
    assert references(fleet) == [Named(("ships", "a", "homePort"), "Port", "Hull")]


def test_a_spec_without_references_has_none() -> None:
    assert references(Cabin.model_validate({})) == []


class Member:
    """Stands for what plans call a member of a list."""

    def __str__(self) -> str:
        return "main"


def test_renaming_undoes_dumping() -> None:
    spec = ShipSpec.model_validate(FULL)
    again = to_yaml_names(Shape(model=ShipSpec), dumped(spec))
    assert ShipSpec.model_validate(again).home_port == "Hull"
    assert again["cabins"] == {"aft": {"beds": 2}, "bow": {"beds": 1}}
    assert again["masts"][0] == {"mastName": "main", "sails": ["top", "gaff"]}


def test_an_attribute_nobody_knows_keeps_its_name_for_validation_to_refuse() -> None:
    found = to_yaml_names(Shape(model=ShipSpec), {"HomePort": "Hull", "Rigging": {"MastName": 1}})
    assert found == {"homePort": "Hull", "Rigging": {"MastName": 1}}


def test_values_of_another_shape_are_left_as_they_are() -> None:
    odd = {"Masts": "none", "Engine": "none", "CABINS": [1]}
    assert to_yaml_names(Shape(model=ShipSpec), odd) == {
        "masts": "none",
        "engine": "none",
        "cabins": [1],
    }


def test_an_object_is_read_back_as_it_was_authored() -> None:
    spec = ShipSpec.model_validate(FULL)
    items = SHIP.project("Ada", dumped(spec))
    assert items["Ships"]["HomePort"] == "Hull"
    name, again = authored_spec(SHIP, items, {"engine.tuned": False})
    assert name == "Ada"
    assert again["engine"] == FULL["engine"]


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        (("ShipName",), ("metadata", "name")),
        (("HomePort",), ("spec", "homePort")),
        (("Value", "Masts", Member(), "Sails", 0), ("spec", "masts", "main", "sails", 0)),
        (("Value", "Masts", 0, "MastName"), ("spec", "masts", 0, "mastName")),
        (("Value", "CABINS", "aft", "Beds"), ("spec", "cabins", "aft", "beds")),
        (("Value", "Logbook", Member()), ("spec", "log", "main")),
        (("Value", "Rigging", "Deep"), ("spec", "Rigging", "Deep")),
        (("Value",), ("spec",)),
        ((), ("spec",)),
    ],
)
def test_plans_speak_in_yaml_names(attributes: tuple[Any, ...], path: tuple[Any, ...]) -> None:
    assert yaml_path(SHIP, attributes) == path


@pytest.mark.parametrize(
    ("kind", "attributes", "path"),
    [
        ("DeploymentMap", ("Value", "DeploymentTarget", 0, "AMI"), ("spec", "roles", 0, "ami")),
        ("Environment", ("Value", "ManualScheduleUp"), ("spec", "schedule", "mode")),
        ("Environment", ("Value", "EnvironmentInMaintenance"), ("spec", "maintenance")),
        ("EnvironmentType", ("Value", "AWSAccountNumber"), ("spec", "account")),
        ("Account", ("IncludeAMIs",), ("spec", "includeAmis")),
        ("Upstream", ("UpStreamKeepalives",), ("spec", "upstreamKeepalives")),
        (
            "LoadBalancerSetting",
            ("Value", "Locations", 1, "ReturnURI"),
            ("spec", "locations", 1, "returnUri"),
        ),
    ],
)
def test_the_exceptions_of_the_kinds(
    kind: str, attributes: tuple[Any, ...], path: tuple[Any, ...]
) -> None:
    assert yaml_path(kinds()[kind], attributes) == path


@pytest.mark.parametrize(
    ("attributes", "sensitive"),
    [
        (("Value", "Engine", "SecretCode"), True),
        (("Value", "Engine", "SecretCode", "deeper"), True),
        (("Value", "Engine", "Maker"), False),
        (("Value", "Masts", 0, "SecretCode"), False),
        (("Value", "Rigging"), False),
        ((), False),
    ],
)
def test_what_must_not_be_shown(attributes: tuple[Any, ...], *, sensitive: bool) -> None:
    assert is_sensitive(SHIP, attributes) is sensitive


def test_licence_keys_are_not_shown() -> None:
    kind = kinds()["EnvironmentType"]
    assert is_sensitive(kind, ("Value", "LicenseKeys", "NewRelicKey"))
    assert not is_sensitive(kind, ("Value", "LicenseKeys"))
