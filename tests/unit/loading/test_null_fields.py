"""What null clears must be a field there is, at any depth."""

from typing import Any

import pytest

from controller.kinds.language.kind import Finding
from controller.loading.validated import null_field_issues, validate_document
from controller.model.canonical import canonical_bytes
from controller.model.ref import Origin
from tests.support.yaml_fleet import KINDS


@pytest.mark.parametrize(
    ("kind", "spec", "unknown"),
    [
        ("Service", {"bluePort": None}, []),
        ("Service", {"blueProt": None}, ["spec.blueProt"]),
        ("Service", {"blueProt": 1}, []),
        ("Service", {"tags": [{"key": None, "keey": None}, None, "x"]}, ["spec.tags.0.keey"]),
        ("Service", {"description": {"x": None}}, []),
        ("Service", {"description": [{"x": None}]}, []),
        ("Environment", {"roles": {"Web": {"ami": None, "amy": None}}}, ["spec.roles.Web.amy"]),
        ("DeploymentMap", {"roleDefaults": {"ami": None, "amy": None}}, ["spec.roleDefaults.amy"]),
    ],
)
def test_only_what_is_no_field_is_told(kind: str, spec: dict[str, Any], unknown: list[str]) -> None:
    found = null_field_issues(KINDS[kind], spec, ("spec",))

    assert [".".join(map(str, issue.path)) for issue in found] == unknown


def test_it_is_told_beside_what_else_is_wrong_each_once() -> None:
    spec = {"owningCluster": "Tango", "blueProt": None, "greenPort": "high"}
    body = canonical_bytes({"metadata": {"name": "Search"}, "spec": spec})

    found = validate_document(KINDS["Service"], body, Origin("a.yaml", 1), 0)

    assert isinstance(found, tuple)
    assert all(isinstance(issue, Finding) for issue in found)
    assert [issue.path[-1] for issue in found] == ["blueProt", "greenPort"]
