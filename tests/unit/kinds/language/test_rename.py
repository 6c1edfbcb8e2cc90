"""Names of the tables and names of the YAML."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.kinds.language.rename import authored_spec, is_sensitive, to_yaml_names, yaml_path
from tests.unit.kinds.language.sample_specs import FULL, SHIP, ShipSpec
from tests.unit.kinds.small_fleet import dumped


class Member:
    """Stands for what plans call a member of a list."""

    def __str__(self) -> str:
        return "main"


def test_renaming_undoes_dumping() -> None:
    spec = ShipSpec.model_validate(FULL)
    again = to_yaml_names(ShipSpec, dumped(spec))
    assert ShipSpec.model_validate(again).home_port == "Hull"
    assert again["cabins"] == {"aft": {"beds": 2}, "bow": {"beds": 1}}
    assert again["masts"][0] == {"mastName": "main", "sails": ["top", "gaff"]}


def test_an_attribute_nobody_knows_keeps_its_name_for_validation_to_refuse() -> None:
    found = to_yaml_names(ShipSpec, {"HomePort": "Hull", "Rigging": {"MastName": 1}})
    assert found == {"homePort": "Hull", "Rigging": {"MastName": 1}}


def test_values_of_another_shape_are_left_as_they_are() -> None:
    odd = {"Masts": "none", "Engine": "none", "CABINS": [1]}
    assert to_yaml_names(ShipSpec, odd) == {"masts": "none", "engine": "none", "cabins": [1]}


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
