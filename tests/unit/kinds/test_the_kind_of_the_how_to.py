"""The kind that docs/how-to/add-a-kind.md shows is a whole one."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from controller.kinds.language.json_schema import document_schema
from controller.kinds.language.kind import Kind

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "add-a-kind.md"


@pytest.fixture(scope="module")
def kind() -> Kind[Any]:
    """The constant of the page's module."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module: dict[str, Any] = {"__name__": "queue_of_the_how_to"}
    exec(compile(code, str(PAGE), "exec"), module)
    found = module["KIND"]
    assert isinstance(found, Kind)
    return found


def test_an_item_comes_back_as_it_went(kind: Kind[Any]) -> None:
    spec = kind.spec.model_validate({"owningCluster": "Tango", "visibilityTimeoutS": 60})
    dumped = spec.model_dump(by_alias=True, exclude_none=True)
    items = kind.project("orders", dumped)

    assert items == {
        "InfraConfigQueues": {
            "QueueName": "orders",
            "Value": {"SchemaVersion": 1, "OwningCluster": "Tango", "VisibilityTimeoutS": 60},
        }
    }
    assert kind.recover(items) == ("orders", dumped)
    assert kind.identify(items["InfraConfigQueues"]) == kind.key("orders", spec)


def test_its_schema_knows_references_and_what_is_required(kind: Kind[Any]) -> None:
    spec = document_schema(kind)["$defs"]["Spec"]

    assert spec["x-required"] == ["owningCluster"]
    assert "x-ref" in str(spec["properties"]["owningCluster"])


def test_what_does_not_fit_is_said_in_its_words(kind: Kind[Any]) -> None:
    with pytest.raises(ValidationError, match="expected seconds, at most 43200"):
        kind.spec.model_validate({"owningCluster": "Tango", "visibilityTimeoutS": -1})
