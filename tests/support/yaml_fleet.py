"""A few YAML files, loaded without a source."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from controller.catalog import kinds
from controller.kinds.language.kind import RuleSettings
from controller.loading.issues import secret_names_of
from controller.loading.load import Loaded, Memory, load
from controller.loading.positions import FieldOrigins
from controller.loading.text_problems import problems_of
from controller.model.ref import Problem, ResourceRef
from controller.model.resource import Resource

KINDS = kinds()
EXAMPLES = Path(__file__).parents[2] / "examples" / "fleet"

CLUSTER = """apiVersion: envctl/v1
kind: Cluster
metadata: {name: Tango}
spec: {shortName: ta}
"""
SERVICE = """apiVersion: envctl/v1
kind: Service
metadata: {name: Search}
spec: {owningCluster: Tango, bluePort: 40012, greenPort: 40013}
"""


class Reading:
    """Gives out content and counts what was asked for. A text is its own content id."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self.ids: list[str] = []

    def __call__(self, ids: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each content asked for."""
        self.ids += ids
        return ((text, text.encode()) for text in ids)


def loaded(
    texts: Mapping[str, str],
    memory: Memory | None = None,
    reading: Reading | None = None,
    compatibility: str = "none",
) -> Loaded:
    """Load texts (path -> text)."""
    files = dict(sorted(texts.items()))
    return load(
        files,
        reading or Reading(),
        KINDS,
        settings=RuleSettings(compatibility, "eu-west-1"),
        memory=memory,
    )


def problems(texts: Mapping[str, str], result: Loaded | None = None) -> tuple[Problem, ...]:
    """Return every problem of texts, as people would see them."""
    result = result or loaded(texts)
    files = dict(sorted(texts.items()))
    origins = FieldOrigins(
        files, result.memory.parsed, lambda text: text.encode(), lambda: secret_names_of(KINDS)
    )
    return problems_of(result, origins, KINDS)


def messages(texts: Mapping[str, str]) -> list[str]:
    """Return the problems in short: ``a.yaml:4:23 spec.owningCluster: no Cluster named 'Tnago'``."""
    return [f"{problem.origin} {problem.path}: {problem.message}" for problem in problems(texts)]


def resource(texts: Mapping[str, str], ref: str) -> Resource:
    """Load texts that have no problem and return one object."""
    assert [problem for problem in problems(texts) if not problem.warning] == []
    return loaded(texts).resources[ResourceRef.parse(ref)]


def examples() -> dict[str, str]:
    """Return the example fleet."""
    return {
        str(path.relative_to(EXAMPLES)): path.read_text()
        for path in sorted(EXAMPLES.rglob("*.yaml"))
    }
