"""Each field of an effective document leads to where it was written."""

import pytest

from controller.loading.load import Memory
from controller.loading.positions import FieldOrigins, FieldPath
from tests.support.yaml_fleet import CLUSTER, loaded

HEAD = "apiVersion: envctl/v1\nkind: "
FLEET = {
    "cluster.yaml": CLUSTER,
    "defaults.yaml": HEAD
    + """Defaults
metadata: {name: top}
spec:
  Service: {description: far, primaryContact: far}
  DeploymentMap: {roleDefaults: {instanceType: m6i.large}}
""",
    "near/defaults.yaml": HEAD
    + """Defaults
metadata: {name: near}
spec:
  Service: {description: near}
""",
    "near/search.yaml": HEAD
    + """Service
metadata: {name: Search}
spec:
  owningCluster: Tango
  dependencies: [{name: Pay}, {name: Auth}]
""",
    "near/map.yaml": HEAD
    + """DeploymentMap
metadata: {name: web}
spec:
  roleDefaults: {owningCluster: Tango}
  roles:
    - {serverRoleName: Web, ami: web-1.4.2}
""",
    "broken.yaml": "a: [\n",
}


def origins(texts: dict[str, str], memory: Memory | None = None) -> FieldOrigins:
    parsed = loaded(texts, memory).memory.parsed
    return FieldOrigins(texts, parsed, lambda text: text.encode())


@pytest.mark.parametrize(
    ("path", "field", "wanted", "because"),
    [
        ("near/search.yaml", ("spec", "owningCluster"), "near/search.yaml:5:18", "its own"),
        ("near/search.yaml", ("spec", "dependencies", 1, "name"), "near/search.yaml:6:38", "a member's"),
        ("near/search.yaml", ("metadata", "name"), "near/search.yaml:3:18", "of the metadata"),
        ("near/search.yaml", ("spec", "description"), "near/defaults.yaml:5:26", "the nearest Defaults win"),
        ("near/search.yaml", ("spec", "primaryContact"), "defaults.yaml:5:47", "a Defaults farther up"),
        ("near/search.yaml", ("spec", "bluePort"), "near/search.yaml:4:1", "nobody's: the document's"),
        ("near/search.yaml", ("spec",), "near/search.yaml:5:3", "the whole of it"),
        ("near/search.yaml", (), "near/search.yaml:1:1", "the document"),
        ("near/search.yaml", ("spec", "dependencies", 7), "near/search.yaml:6:3", "a member that is not there"),
        ("near/search.yaml", ("spec", "dependencies", "x"), "near/search.yaml:6:3", "a list has no names"),
        ("near/search.yaml", ("metadata", "labels"), "near/search.yaml:3:1", "Defaults give no metadata"),
        ("near/map.yaml", ("spec", "roles", 0, "ami"), "near/map.yaml:7:34", "a role's own"),
        ("near/map.yaml", ("spec", "roles", 0, "owningCluster"), "near/map.yaml:5:33", "the defaults of its roles"),
        ("near/map.yaml", ("spec", "roles", 0, "instanceType"), "defaults.yaml:6:48", "role defaults of a Defaults"),
        ("broken.yaml", ("spec", "x"), "broken.yaml:1:1", "a file that cannot be read"),
    ],
)  # fmt: skip
def test_where_a_field_was_written(path: str, field: FieldPath, wanted: str, because: str) -> None:
    assert str(origins(FLEET).origin(path, 0, field)) == wanted, because


def test_a_key_has_its_own_place() -> None:
    found = origins(FLEET).origin("near/search.yaml", 0, ("spec", "owningCluster"), key=True)

    assert str(found) == "near/search.yaml:5:3"


def test_a_text_is_read_once_however_many_fields_are_asked_for() -> None:
    read: list[str] = []

    def text_of(text: str) -> bytes:
        read.append(text)
        return text.encode()

    asked = FieldOrigins(FLEET, loaded(FLEET).memory.parsed, text_of)
    for field in ("owningCluster", "dependencies"):
        asked.origin("near/search.yaml", 0, ("spec", field))

    assert read == [FLEET["near/search.yaml"]]
