"""JSON Schemas say what the models say."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from pydantic import BaseModel, ValidationError
from referencing import Registry, Resource

from controller.catalog import kinds
from controller.kinds.language.fields import authored_spec, controller_only
from controller.kinds.language.json_schema import (
    document_schema,
    document_schemas,
    file_name,
    file_schema,
)
from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import Metadata
from tests.unit.kinds.small_fleet import FLEET, WEB, dumped, spec_of

KINDS = sorted(kinds())


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[Any]:
    # In JavaScript and Rust "$" is the end of the text, in Python also the place before a last newline.
    if isinstance(value, str) and not re.search(re.sub(r"\$(?=$|\))", r"\\Z", pattern), value):
        yield from Draft202012Validator({"not": {}}).iter_errors(value)


Validator: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call] # untyped there


@cache
def schemas() -> dict[str, Any]:
    return document_schemas(kinds())


@cache
def registry() -> Any:
    resources = [(name, Resource.from_contents(schema)) for name, schema in schemas().items()]
    return Registry().with_resources(resources)


@cache
def validator(name: str) -> Any:
    return Validator(schemas()[name], registry=registry())


def document(kind: str, spec: Any, name: str = "Ada") -> dict[str, Any]:
    return {"apiVersion": "envctl/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_every_schema_is_valid_itself(name: str) -> None:
    Draft202012Validator.check_schema(schemas()[name])


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Account", "account.schema.json"),
        ("LoadBalancerSetting", "load-balancer-setting.schema.json"),
    ],
)
def test_files_are_called_like_the_kinds(name: str, file: str) -> None:
    assert file_name(name) == file


@pytest.mark.parametrize(
    ("kind", "spec", "accepted", "because"),
    [
        ("Environment", {}, True, "a Defaults may give everything"),
        ("Environment", {"schedule": "office-hours"}, True, "short form"),
        ("Environment", {"schedule": 5}, False, "neither form"),
        ("Environment", {"owningCluster": None}, True, "null clears what a Defaults gives"),
        ("Environment", {"roles": {"Web": None}}, True, "also in maps with free keys"),
        ("Environment", {"roles": {"W-eb": {}}}, False, "keys have a form, too"),
        ("Environment", {"roles": {"Web": {"autoScalingSettings": {}}}}, True, "only what differs"),
        ("Environment", {"rolls": {}}, False, "misspelt"),
        ("DeploymentMap", {"roleDefaults": {"ami": "web"}, "roles": []}, True, "authored alone"),
        (
            "DeploymentMap",
            {"roleDefaults": {"serverRoleName": "Web"}},
            False,
            "a name is no default",
        ),
        (
            "DeploymentMap",
            {"roles": [{"serverRoleName": "Web"}]},
            True,
            "role defaults may give it",
        ),
        ("DeploymentMap", {"roles": [{"ami": "web"}]}, False, "nothing gives the name"),
        ("DeploymentMap", {"roles": [{**WEB, "services": ["Search"]}]}, True, "short form"),
        ("LoadBalancerSetting", {"listen": [443, {"port": 80}]}, True, "short form"),
        ("LoadBalancerSetting", {"locations": [{}]}, False, "members of lists are complete"),
        ("Upstream", {"liveSlice": "blue"}, True, "hosts follow"),
        ("Calendar", {"dates": [{"date": "2027-03-26"}]}, False, "members of lists are complete"),
    ],
)
def test_documents(kind: str, spec: Any, *, accepted: bool, because: str) -> None:
    assert validator(file_name(kind)).is_valid(document(kind, spec)) is accepted, because
    defaults = {**document("Defaults", {kind: spec})}
    assert validator("defaults.schema.json").is_valid(defaults) is accepted, because
    assert validator("document.schema.json").is_valid(document(kind, spec)) is accepted, because


@pytest.mark.parametrize(
    "change",
    [{"apiVersion": "v2"}, {"kind": "Boat"}, {"metadata": {}}, {"more": 1}, {"spec": None}],
)
def test_an_envelope_that_is_refused(change: dict[str, Any]) -> None:
    good = document("Cluster", {"shortName": "ta"})
    assert validator("document.schema.json").is_valid(good)
    assert not validator("document.schema.json").is_valid({**good, **change})


def test_names_have_the_form_of_their_kind() -> None:
    assert not validator("cluster.schema.json").is_valid(document("Cluster", {}, name="Tan go"))


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("CN=Ops, OU=x/é", True), ("*", True), ("x", True), ("", False), (" x", False), ("x ", False)]
    + [(f"a{control}b", False) for control in "\n\x1b\x9b\u202e\u200b"],
)
def test_names_of_any_form_are_one_line_that_prints(name: str, *, accepted: bool) -> None:
    schema = validator("deployment-map.schema.json")
    assert schema.is_valid(document("DeploymentMap", {}, name=name)) is accepted
    try:
        Metadata(name=name)
    except ValidationError:
        assert not accepted
    else:
        assert accepted


def test_what_is_required_after_merging_is_said() -> None:
    spec = document_schema(kinds()["Environment"])["$defs"]["Spec"]
    assert spec["x-required"] == ["environmentType", "owningCluster", "deploymentMap"]
    assert "required" not in spec


@pytest.mark.parametrize("name", KINDS)
def test_editors_see_references_and_descriptions(name: str) -> None:
    schema = document_schema(kinds()[name])
    text = json.dumps(schema)
    assert "``" not in text
    assert "title" not in schema["$defs"]["Spec"]
    assert schema["$defs"]["Spec"]["description"]
    for field in schema["$defs"]["Spec"]["properties"].values():
        assert field.get("description")


def test_a_file_that_one_model_describes() -> None:
    class Settings(BaseModel):
        region: str

    schema = file_schema(Settings, "Settings")
    Draft202012Validator.check_schema(schema)
    assert (schema["title"], schema["required"]) == ("Settings", ["region"])


ODD_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1, 5, 8500, 40012, 10**6, 1.5, "", "x", "a b", "ta\n", "on", "all", "AB", "x" * 300,
     "2027-03-26", "08:00", "5s", "a.b", "a-blue", "a@b.c", [], {}, [1], ["x"], {"x": 1}, {"x": {}}]
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    parts = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for step, part in parts:
        yield from _places(part, (*path, step))


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new) if path[1:] else new
    return copy


@cache
def fields_of_spec(kind: str) -> tuple[str, ...]:
    return tuple(sorted(document_schema(kinds()[kind])["$defs"]["Spec"]["properties"]))


@st.composite
def authored(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A good spec of the kind with up to two places changed, or a field added."""
    samples = [spec for (of, _), spec in FLEET.items() if of == kind]
    spec: dict[str, Any] = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(0, 2))):
        path = draw(st.sampled_from(sorted(_places(spec), key=str)))
        if path:
            spec = _replaced(spec, path, draw(ODD_VALUES))
    for name in draw(st.lists(st.sampled_from(fields_of_spec(kind)), max_size=2)):
        if name != "roleDefaults":
            spec = {**spec, name: draw(ODD_VALUES)}
    return {**spec, "misspelt": 1} if draw(st.integers(0, 9)) == 9 else spec


def _accepts(kind: Kind[Any], spec: dict[str, Any]) -> bool:
    """Whether the models accept a spec, apart from what a schema leaves open: missing fields, sense of texts."""
    try:
        spec_of(kind, spec)
    except ValidationError as error:
        return all(_is_left_open(detail) for detail in error.errors())
    return True


def _is_left_open(detail: Any) -> bool:
    path = detail["loc"][2:] if detail["loc"][:1] == ("roles",) else detail["loc"]
    in_a_list = any(isinstance(step, int) for step in path)
    if detail["type"] == "unfit":
        # A secret's form is checked in Python, so that the message need not repeat it, and in the schema as well.
        # Of an empty date one problem says all that there is to write, where the schema lacks its name.
        is_empty_date = path[:1] == ("dates",) and detail["input"] == {}
        return bool(detail["loc"] != ("externalId",)) and not is_empty_date
    return detail["type"] == "missing" and not in_a_list and path != ("serverRoleName",)


@pytest.mark.parametrize("name", KINDS)
def test_models_and_schemas_agree(name: str) -> None:
    kind = kinds()[name]

    @given(authored(name))
    def agree(spec: dict[str, Any]) -> None:
        errors = list(validator(file_name(name)).iter_errors(document(name, spec)))
        if any(error.validator == "uniqueItems" for error in errors):
            return  # a rule says it, with a place
        assert (not errors) is _accepts(kind, spec), errors

    agree()


@pytest.mark.parametrize("name", KINDS)
def test_an_object_is_read_back_from_its_items_as_it_was_authored(name: str) -> None:
    kind = kinds()[name]

    @given(authored(name))
    def read_back(spec: dict[str, Any]) -> None:
        try:
            instance = spec_of(kind, spec)
        except ValidationError:
            return
        key = kind.key("Ada", instance)
        items = kind.project(key, dumped(instance))
        found, again = authored_spec(kind, items, controller_only(instance))
        assert (found, spec_of(kind, again)) == ("Ada", instance)

    read_back()
