"""The committed schemas are those of the models."""

import json
from pathlib import Path

import pytest

from controller.catalog import kinds
from controller.kinds.language.json_schema import document_schemas

SCHEMAS = document_schemas(kinds())
FOLDER = Path(__file__).parents[4] / "schemas"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_committed_schema_is_the_models(name: str) -> None:
    committed = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert committed == SCHEMAS[name], "run make schemas"
