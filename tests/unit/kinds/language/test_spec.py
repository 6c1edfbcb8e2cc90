"""The model of specs, its marks, and models in which everything may be left out."""

from typing import Any

import pytest
from pydantic import ValidationError, create_model

from controller.kinds.language.partial import partial_model
from controller.kinds.language.spec import Metadata, Spec
from controller.kinds.language.walk import fields_of
from tests.unit.kinds.language.sample_specs import ShipSpec


@pytest.mark.parametrize(
    ("field", "yaml", "item"),
    [
        ("owning_cluster", "owningCluster", "OwningCluster"),
        ("ami", "ami", "Ami"),
        ("availability_zone_a", "availabilityZoneA", "AvailabilityZoneA"),
    ],
)
def test_one_rule_for_names(field: str, yaml: str, item: str) -> None:
    fields: dict[str, Any] = {field: (str | None, None)}
    (found,) = fields_of(create_model("Named", __base__=Spec, **fields))
    assert (found.yaml, found.attribute) == (yaml, item)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"name": ""},
        {"name": "x" * 256},
        {"name": 1},
        {"name": "x", "labels": {"a": 1}},
        {"name": "x", "x": 1},
    ],
)
def test_metadata_that_is_refused(metadata: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Metadata.model_validate(metadata)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_cannot_be_stored_is_no_number(value: float) -> None:
    with pytest.raises(ValidationError):
        ShipSpec.model_validate({"homePort": value})


def test_a_partial_model_asks_for_nothing_but_still_refuses_what_is_wrong() -> None:
    partial = partial_model(
        ShipSpec, "PartialShip", without=frozenset({"notes"}), flag=(bool | None, None)
    )
    partial.model_validate({})
    partial.model_validate({"engine": {"tuned": True}, "flag": True})
    refused: list[dict[str, Any]] = [
        {"notes": {}},
        {"homePort": 1},
        {"engine": {"makr": "x"}},
        {"masts": [{}]},
    ]
    for wrong in refused:
        with pytest.raises(ValidationError):
            partial.model_validate(wrong)
