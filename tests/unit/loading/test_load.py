"""Files become one desired state; everything wrong with them is said at its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.loading import load as load_module
from controller.loading import resolve as resolve_module
from controller.loading.load import Loaded, Memory
from controller.model.canonical import parse_canonical, without_empty
from controller.model.ref import ResourceRef
from controller.model.source_bounds import TOO_MANY, UNCHECKED
from tests.support.yaml_fleet import (
    CLUSTER,
    SERVICE,
    Reading,
    examples,
    loaded,
    messages,
    problems,
    resource,
)

FLEET = {"cluster.yaml": CLUSTER, "services/search.yaml": SERVICE}
DEFAULTS = """apiVersion: envctl/v1
kind: Defaults
metadata: {name: services}
spec:
  Service: {owningCluster: Tango, description: from the folder}
"""


def defaults(spec: str) -> str:
    return DEFAULTS.replace("{owningCluster: Tango, description: from the folder}", spec)


def service(name: str = "Search", spec: str = "{owningCluster: Tango}") -> str:
    return f"apiVersion: envctl/v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {spec}\n"


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"a.yaml": CLUSTER.replace("kind: Cluster", "kind: Clustr")}, "a.yaml:2:7 kind: there is no kind 'Clustr'"),
        ({"a.yaml": CLUSTER.replace("kind: Cluster\n", "")}, "a.yaml:1:1 : kind is missing"),
        ({"a.yaml": CLUSTER.replace("kind: Cluster", "kind: 1")}, "a.yaml:2:7 kind: there is no kind 1"),
        ({"a.yaml": CLUSTER.replace("envctl/v1", "v9")}, "a.yaml:1:13 apiVersion: unknown apiVersion 'v9'"),
        ({"a.yaml": "apiVersion: apps/v1\nkind: Deployment\nspec: []\n"},
         "a.yaml:1:13 apiVersion: 'apps/v1' is no apiVersion of envctl: is this file another tool's?"),
        ({"a.yaml": CLUSTER.partition("\n")[2]}, "a.yaml:1:1 : apiVersion is missing"),
        ({"a.yaml": CLUSTER + "status: {}\n"}, "a.yaml:5:1 status: unknown field 'status'"),
        ({"a.yaml": CLUSTER + "spek: {}\n"}, "a.yaml:5:1 spek: unknown field 'spek'"),
        ({"a.yaml": CLUSTER.replace("{shortName: ta}", "[ta]")}, "a.yaml:4:7 spec: expected a map, found a list"),
        ({"a.yaml": CLUSTER.replace("{shortName: ta}", "")}, "a.yaml:4:1 spec: expected a map, found nothing"),
        ({"a.yaml": CLUSTER.replace("spec: {shortName: ta}\n", "")}, "a.yaml:1:1 : spec is missing"),
        ({"a.yaml": CLUSTER.replace("metadata: {name: Tango}\n", "")}, "a.yaml:1:1 : metadata is missing"),
        ({"a.yaml": CLUSTER.replace("name: Tango", "")}, "a.yaml:3:11 metadata: name is missing"),
        ({"a.yaml": CLUSTER.replace("name: Tango", "name: 7")}, "a.yaml:3:18 metadata.name: expected text of 1 to 255 characters in one line, with no space at its ends, found 7"),
        ({"a.yaml": CLUSTER.replace("ta}", "TA}")}, "a.yaml:4:19 spec.shortName: expected exactly two lower-case letters"),
        ({"a.yaml": CLUSTER.replace("shortName: ta", "")}, "a.yaml:4:7 spec: shortName is missing"),
        ({**FLEET, "z.yaml": service()}, "z.yaml:3:18 metadata.name: Service/Search is already defined"),
        ({"a.yaml": CLUSTER + "---\n" + CLUSTER}, "a.yaml:8:18 metadata.name: Cluster/Tango is already defined"),
        ({"a.yaml": SERVICE}, "a.yaml:4:23 spec.owningCluster: no Cluster named 'Tango'"),
        ({**FLEET, "a.yaml": service("Pay", "{owningCluster: Tango, bluePort: 40013}")},
         "services/search.yaml:4:58 spec.greenPort: port 40013 is already taken by Service/Pay (bluePort)"),
        ({**FLEET, "a.yaml": service("Pay", "{owningCluster: Tango, bluePort: 40020, greenPort: 40020}")},
         "a.yaml:4:58 spec.greenPort: port 40020 is already taken by its own bluePort"),
        ({"a.yaml": CLUSTER + "---\n\t- x\n"}, "a.yaml:6:1 : "),
        ({"d.yaml": defaults("{bluePort: high}")}, "d.yaml:5:23 spec.Service.bluePort: expected a port"),
        ({"d.yaml": defaults("{colour: red}")}, "d.yaml:5:13 spec.Service.colour: unknown field 'colour'"),
        ({"d.yaml": DEFAULTS.replace("Service:", "Servce:")}, "d.yaml:5:3 spec.Servce: there is no kind 'Servce'"),
        ({"d.yaml": DEFAULTS.replace("Service:", "Zzz:")}, "d.yaml:5:3 spec.Zzz: there is no kind 'Zzz'"),
        ({"d.yaml": defaults("[]")}, "d.yaml:5:12 spec.Service: expected a map of fields"),
        ({"d.yaml": DEFAULTS.replace("name: services", "label: x")}, "d.yaml:3:11 metadata: name is missing"),
        ({"d.yaml": DEFAULTS, "e.yaml": DEFAULTS},
         "e.yaml:5:3 spec.Service: this folder's defaults for Service are already given"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_place(texts: dict[str, str], said: str) -> None:
    found = messages(texts)

    assert any(line.startswith(said) for line in found), "\n".join(found)


def test_all_problems_come_in_one_run_in_file_order() -> None:
    texts = {
        "b.yaml": SERVICE,
        "a.yaml": CLUSTER.replace("ta", "TA") + "---\n" + service("Pay", "{bluePrt: 1}"),
    }

    found = problems(texts)

    assert [problem.origin for problem in found] == sorted(problem.origin for problem in found)
    assert len(found) >= 3


def test_a_reference_to_a_broken_document_is_not_called_missing() -> None:
    found = messages({"cluster.yaml": CLUSTER.replace("ta}", "TA}"), "service.yaml": SERVICE})

    assert [line for line in found if "no Cluster" in line] == []


def test_defaults_merge_under_documents_of_their_folder_and_below() -> None:
    texts = {
        "cluster.yaml": CLUSTER,
        "services/defaults.yaml": DEFAULTS,
        "services/search/search.yaml": service("Search", "{description: own}"),
        "services/pay.yaml": service("Pay", "{}"),
    }

    search, pay = resource(texts, "Service/Search"), resource(texts, "Service/Pay")

    assert parse_canonical(search.document)["spec"] == {
        "owningCluster": "Tango",
        "description": "own",
    }
    assert parse_canonical(pay.document)["spec"] == {
        "owningCluster": "Tango",
        "description": "from the folder",
    }


def test_the_nearest_defaults_win_and_null_clears() -> None:
    texts = {
        "cluster.yaml": CLUSTER,
        "defaults.yaml": defaults("{owningCluster: Tango, description: far, primaryContact: x}"),
        "near/defaults.yaml": defaults("{description: near}"),
        "near/search.yaml": service("Search", "{primaryContact: null}"),
    }

    spec = parse_canonical(resource(texts, "Service/Search").document)["spec"]

    assert spec == {"owningCluster": "Tango", "description": "near"}


def test_a_problem_of_an_inherited_field_is_shown_where_it_was_written() -> None:
    texts = {
        "defaults.yaml": defaults("{owningCluster: Tnago}"),
        "cluster.yaml": CLUSTER,
        "a.yaml": service("A", "{}"),
        "b.yaml": service("B", "{}"),
    }

    assert messages(texts) == [
        "defaults.yaml:5:28 spec.Service.owningCluster: no Cluster named 'Tnago'"
    ]
    assert problems(texts)[0].fix == "did you mean 'Tango'?"


def test_labels_and_protection_are_kept_beside_the_attributes() -> None:
    texts = {
        "a.yaml": CLUSTER.replace("{name: Tango}", "{name: Tango, labels: {a: b}, protect: true}")
    }

    projection = resource(texts, "Cluster/Tango").projection

    assert parse_canonical(projection.extra)["metadata"] == {"labels": {"a": "b"}, "protect": True}


def test_empty_labels_are_nothing_to_keep() -> None:
    plain = resource({"a.yaml": CLUSTER}, "Cluster/Tango")

    empty = resource(
        {"a.yaml": CLUSTER.replace("{name: Tango}", "{name: Tango, labels: {}}")}, "Cluster/Tango"
    )

    assert empty.projection == plain.projection


def test_an_empty_label_takes_nothing_from_the_item() -> None:
    plain = resource({"a.yaml": CLUSTER}, "Cluster/Tango")

    empty = resource(
        {"a.yaml": CLUSTER.replace("{name: Tango}", "{name: Tango, labels: {a: ''}}")},
        "Cluster/Tango",
    )

    assert empty.projection.attributes == plain.projection.attributes


def test_the_examples_have_no_problem_in_either_mode() -> None:
    for mode in ("none", "environment-manager"):
        result = loaded(examples(), compatibility=mode)
        assert [problem for problem in problems(examples(), result) if not problem.warning] == []


def test_what_was_parsed_once_is_not_read_again() -> None:
    reading = Reading()
    first = loaded(FLEET, reading=reading)
    again = {**FLEET, "services/copy-of-nothing.yaml": service("Pay")}

    loaded(FLEET, first.memory, reading)
    loaded(again, first.memory, reading)

    assert sorted(reading.ids) == sorted(again.values())


def test_an_unchanged_revision_does_no_work_at_all() -> None:
    first = loaded(FLEET)

    second = loaded(FLEET, first.memory)

    assert second.memory.parsed is first.memory.parsed
    assert second.memory.facts is first.memory.facts
    assert second.memory.resources is first.memory.resources


def test_one_changed_file_leaves_the_objects_of_others_as_they_are() -> None:
    first = loaded(FLEET)

    second = loaded(
        {**FLEET, "services/search.yaml": SERVICE.replace("40012", "40014")}, first.memory
    )

    tango = ResourceRef("Cluster", "Tango")
    assert second.resources[tango] is first.resources[tango]
    assert (
        second.resources[ResourceRef("Service", "Search")]
        is not first.resources[ResourceRef("Service", "Search")]
    )


def test_another_setting_looks_at_everything_again() -> None:
    first = loaded(FLEET)

    second = loaded(FLEET, first.memory, compatibility="environment-manager")

    assert [placed.issue.message for placed in second.issues if not placed.issue.warning]


EDITS = ("drop", "rename object", "break yaml", "break field", "touch", "swap", "copy", "move")


def edited(texts: dict[str, str], edit: str, seed: int) -> dict[str, str]:
    """Return the fleet after one edit."""
    paths = sorted(texts)
    path = paths[seed % len(paths)]
    text = texts[path]
    match edit:
        case "drop":
            return {other: kept for other, kept in texts.items() if other != path}
        case "rename object":
            return {**texts, path: text.replace("name: ", "name: x", 1)}
        case "break yaml":
            return {**texts, path: text + "\n\t[\n"}
        case "break field":
            return {**texts, path: text.replace("spec: {", "spec: {colour: red, ", 1)}
        case "touch":
            return {**texts, path: "# touched\n" + text}
        case "swap":
            other = paths[(seed * 7 + 3) % len(paths)]
            return {**texts, path: texts[other], other: text}
        case "copy":
            return {**texts, f"0-{path}": text}
        case _:
            return {**{o: kept for o, kept in texts.items() if o != path}, f"moved/{path}": text}


def shown(result: Loaded, texts: dict[str, str]) -> tuple[object, ...]:
    """Return all of a load that anybody sees, and the facts that a later one starts from."""
    parts = result.resources, result.projections, result.memory.facts
    return *map(dict, parts), [str(problem) for problem in problems(texts, result)]


@given(st.lists(st.tuples(st.sampled_from(EDITS), st.integers(0, 99)), min_size=1, max_size=4))
def test_loading_on_from_before_gives_what_loading_afresh_gives(
    edits: list[tuple[str, int]],
) -> None:
    texts, memory = examples(), Memory()
    result = loaded(texts, memory)
    for edit, seed in edits:
        texts = edited(texts, edit, seed) or texts
        result = loaded(texts, result.memory)
        assert shown(result, texts) == shown(loaded(texts), texts)


def test_empty_texts_are_stripped_from_items_at_any_depth() -> None:
    items = {"T": {"Key": "k", "Value": {"A": "", "B": [{"C": ""}, ""], "D": 0, "E": False}}}

    assert without_empty(items) == {"T": {"Key": "k", "Value": {"B": [{}], "D": 0, "E": False}}}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({**FLEET, "a.yaml": service("Pay", "{owningCluster: Tango, descripton: null}")},
         ["a.yaml:4:30 spec.descripton: unknown field 'descripton'"]),
        ({**FLEET, "a.yaml": service("Pay", "{owningCluster: Tango, description: null}")}, []),
        ({**FLEET, "a.yaml": service("Pay", "{owningCluster: Tango, tags: [{key: a, value: b, vlue: null}]}")},
         ["a.yaml:4:56 spec.tags[0].vlue: unknown field 'vlue'"]),
        ({"d.yaml": defaults("{colour: null}")}, ["d.yaml:5:13 spec.Service.colour: unknown field 'colour'"]),
        ({"d.yaml": DEFAULTS.replace("Service: {owningCluster: Tango, description: from the folder}",
                                     "DeploymentMap: {roleDefaults: {instnceType: x, services: [Search]}}")},
         ["d.yaml:5:34 spec.DeploymentMap.roleDefaults.instnceType: unknown field 'instnceType'"]),
        ({"d.yaml": DEFAULTS.replace("Service: {owningCluster: Tango, description: from the folder}",
                                     "DeploymentMap: {roleDefaults: {schedule: off, autoScalingSettings: {maxCapacity: null}}}")},
         []),
    ],
)  # fmt: skip
def test_a_misspelt_field_is_found_even_where_nothing_comes_of_it(
    texts: dict[str, str], said: list[str]
) -> None:
    assert messages(texts) == said


@pytest.mark.parametrize(
    ("texts", "fix"),
    [
        ({"a.yaml": CLUSTER.replace("ta}", "TA}")}, "write for example ta"),
        ({"a.yaml": SERVICE}, "add it: there is no Cluster yet"),
        ({**FLEET, "a.yaml": service("Pay", "{owningCluster: Zzz}")}, "name one there is (Tango), or add it"),
        ({"a.yaml": CLUSTER.replace("name: Tango", "name: ''")},
         "write text of 1 to 255 characters in one line, with no space at its ends; for nothing leave the field out"),
        ({**FLEET, "a.yaml": service("Pay", "{owningCluster: Tango, description: ''}")},
         "write text of 1 to 4096 characters; for nothing leave the field out"),
    ],
)  # fmt: skip
def test_every_problem_says_how_to_mend_it(texts: dict[str, str], fix: str) -> None:
    (found,) = problems(texts)

    assert found.fix == fix


@pytest.mark.parametrize("value", ["hunter2", "1234567", "[hunter2]", "{a: hunter2}"])
@pytest.mark.parametrize(
    "spec", ['{accountNumber: "012345670123", externalId: %s}', "{externalId: %s}"]
)
def test_a_secret_in_the_wrong_place_is_not_repeated(spec: str, value: str) -> None:
    account = f"apiVersion: envctl/v1\nkind: Account\nmetadata: {{name: staging}}\nspec: {spec}\n"

    found = problems({"a.yaml": account % value})

    said = "\n".join(str(one) for one in found if "externalId" in one.path)
    assert said
    assert "hunter2" not in said
    assert "1234567" not in said.replace("012345670123", "")


def test_more_documents_than_a_source_may_hold_are_one_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load_module, "MAX_DOCUMENTS", 2)
    named_often = {f"{number}.yaml": CLUSTER for number in range(3)}

    result = loaded(named_often)

    assert (result.exceeded, result.resources, result.issues) == ((TOO_MANY,), {}, ())
    assert loaded(FLEET, result.memory).resources == loaded(FLEET).resources
    assert loaded(named_often, loaded({"0.yaml": CLUSTER}).memory).exceeded
    assert loaded({**FLEET, "b.yaml": SERVICE}, loaded(FLEET).memory).exceeded


def test_where_enough_is_wrong_the_rest_is_not_checked_until_it_is_mended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load_module, "MAX_FINDINGS", 2)
    broken = {
        f"a{number}.yaml": CLUSTER.replace("shortName: ta", "shortName: toolong")
        for number in range(4)
    }
    unknown = {"a9.yaml": SERVICE.replace("Tango", "Nobody")}

    result = loaded({**broken, **unknown, **FLEET})

    assert [(issue.path, issue.issue.message[:8]) for issue in result.issues] == [
        (f"a{number}.yaml", "expected") for number in range(3)
    ]
    assert UNCHECKED in problems({**broken, **unknown, **FLEET}, result)
    assert loaded(FLEET, result.memory).resources == loaded(FLEET).resources


def test_references_are_not_followed_to_no_end_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_module, "MAX_FINDINGS", 2)
    services = {
        f"s{number}.yaml": service(f"S{number}", f"{{owningCluster: Nobody{number}}}")
        for number in range(5)
    }

    result = loaded({**services, **FLEET})

    assert [issue.path for issue in result.issues] == ["s0.yaml", "s1.yaml", "s2.yaml"]
    assert result.exceeded == (UNCHECKED,)
    assert loaded(FLEET, result.memory).resources == loaded(FLEET).resources


def test_names_are_compared_with_wrong_ones_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    services = {
        f"s{number}.yaml": service(f"S{number}", "{owningCluster: Tanga}") for number in range(3)
    }
    monkeypatch.setattr(resolve_module, "_MAX_COMPARISONS", 2)

    fixes = [issue.issue.fix for issue in loaded({**services, **FLEET}).issues]

    assert fixes == [
        "did you mean 'Tango'?",
        "did you mean 'Tango'?",
        "name one there is (Tango), or add it",
    ]
