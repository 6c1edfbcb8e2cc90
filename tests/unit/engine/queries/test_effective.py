"""Effective documents say the same as the documents they are made of, and read back as YAML."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import catalog
from controller.engine.config.planner import Planner
from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.queries.effective import EffectiveDocument, effective_documents
from controller.errors import WrongUsage
from controller.loading.documents import parse_documents
from controller.model.ref import Origin, ResourceRef
from controller.settings import Settings
from controller.sources.folder import FolderSource
from controller.views.effective import effective_yaml

EXAMPLES = Path(__file__).parents[4] / "examples" / "fleet"
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)
KEYS = st.text(min_size=1, max_size=10)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def loaded(folder: Path) -> LoadedRevision:
    return Planner(lambda: FolderSource(folder), Settings(), catalog.kinds()).load()


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_any_document_reads_back(document: dict[str, Any]) -> None:
    one = EffectiveDocument(ResourceRef("Service", "x"), Origin("a.yaml", 1), document, {})

    (read,) = parse_documents(effective_yaml(one).encode())

    assert read.value == document


def test_the_examples_rendered_mean_what_they_meant(tmp_path: Path) -> None:
    before = loaded(EXAMPLES)
    whole = "---\n".join(map(effective_yaml, effective_documents(before, catalog.kinds())))
    (tmp_path / "all.yaml").write_text(whole, encoding="utf-8")

    after = loaded(tmp_path)

    assert [problem for problem in after.problems if not problem.warning] == []
    meant = {ref: one.projection.attributes for ref, one in before.loaded.resources.items()}
    found = {ref: one.projection.attributes for ref, one in after.loaded.resources.items()}
    assert found == meant


def test_each_value_has_its_own_origin() -> None:
    revision = loaded(EXAMPLES)

    (c50,) = effective_documents(revision, catalog.kinds(), "Environment/c50")

    assert c50.origins["spec", "environmentType"].path == "staging/defaults.yaml"
    assert c50.origins["spec", "owningCluster"].path == "staging/environments.yaml"


@pytest.mark.parametrize(
    ("wanted", "says"),
    [("Environment/c5O", "did you mean Environment/c50"), ("c5O", "did you mean c50")],
)
def test_a_name_that_is_not_there(wanted: str, says: str) -> None:
    with pytest.raises(WrongUsage, match=says):
        list(effective_documents(loaded(EXAMPLES), catalog.kinds(), wanted))
