"""What is shown of problems: no secret, and of very many the first."""

import pytest

from controller.loading import positions, text_problems
from tests.support.yaml_fleet import CLUSTER, SERVICE, problems

TYPE = """apiVersion: envctl/v1
kind: EnvironmentType
metadata: {name: Staging}
spec:
  account: staging
  vpcId: vpc-1
  licenseKeys: %s
"""


@pytest.mark.parametrize(
    "keys",
    [
        "{newRelicKey: hunter2, bogus: 1}",
        "{bogus: 1, newRelicKey: hunter2}",
        "{newRelickey: hunter2}",
        "{newRelicKy: hunter2}",
        "hunter2",
        "{newRelicKey: hunter2, a: 1, a: 1}",
        "{newRelicKey: hunter2",
        "{newRelicKey: 'hunter2}",
        '{newRelicKey: "hunter2\\q"}',
        "{newRelicKey: !hunter2 a}",
        "{newRelicKey: *hunter2 }",
        "\n    newRelicKey: |\n      hunter2\n     \tb",
    ],
)
def test_no_problem_shows_a_secret_that_stands_near(keys: str) -> None:
    found = problems({"a.yaml": TYPE % keys})

    assert any(one.origin.line >= 7 for one in found)
    assert "hunter2" not in "\n".join(map(str, found))


def test_of_very_many_problems_the_first_are_told_and_the_rest_counted() -> None:
    unknown = "".join(f"  k{n:04}: x\n" for n in range(1500))
    text = CLUSTER.replace("spec: {shortName: ta}", f"spec:\n  shortName: ta\n{unknown}")

    found = problems({"a.yaml": text, "b.yaml": "a: 1"})

    told = [one for one in found if one.origin.path == "a.yaml"]
    assert [one.path for one in told[:-1]] == [f"spec.k{n:04}" for n in range(100)]
    assert told[-1].message == "and 1,400 more problems in this file"
    assert len(found) > len(told), "other files are told as well"


def test_many_documents_with_a_problem_each_count_as_well() -> None:
    text = "---\n".join(
        SERVICE.replace("Search", f"S{n}").replace(
            "{owningCluster: Tango, bluePort: 40012, greenPort: 40013}", "{owningCluster: Nobody}"
        )
        for n in range(130)
    )

    found = problems({"a.yaml": text})

    assert len(found) == 101
    assert found[-1].message == "and 30 more problems in this file"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (CLUSTER + "".join(f"x{n}: 1\n" for n in range(150)), "x0"),
        (
            SERVICE.replace("Service", "DeploymentMap").partition("spec:")[0]
            + "spec:\n  roles: [{serverRoleName: Web, owningCluster: Tango, ami: web, contactEmailTag: a@b.c,"
            " autoScalingSettings: {}, services: ["
            + ", ".join(f"S{n}" for n in range(150))
            + "]}]\n---\n"
            + CLUSTER,
            "spec.roles[0].services[0].serviceName",
        ),
    ],
    ids=["fields beside the spec", "references to nothing"],
)
def test_of_one_document_too(text: str, first: str) -> None:
    found = problems({"a.yaml": text})

    assert found[0].path == first
    assert len(found) == 101
    assert found[-1].message == "and 50 more problems in this file"


def test_a_name_of_any_length_is_shown_short() -> None:
    (found,) = problems({"a.yaml": CLUSTER.replace("Tango", "T" * 100_000)})

    assert found.path == "metadata.name"
    assert len(str(found)) < 500


def test_of_many_files_the_first_problems_are_told_and_the_rest_counted() -> None:
    wrong = {
        f"{number:03}.yaml": CLUSTER.replace("shortName: ta", "shortName: toolong")
        for number in range(130)
    }

    found = problems(wrong)

    assert [one.origin.path for one in found[:-1]] == sorted(wrong)[:100]
    assert found[-1].message == "and 30 more problems in this source"


def test_of_documents_without_an_envelope_the_first_are_told_and_the_rest_counted() -> None:
    found = problems({"a.yaml": "a: 1\n---\n" * 130 + "a: 1\n"})

    assert len(found) == 101
    assert found[-1].message == "and 431 more problems in this file"


def test_warnings_beside_others_make_no_problem() -> None:
    head = "apiVersion: envctl/v1\nkind: "
    calendar = f"{head}Calendar\nmetadata: {{name: days}}\nspec: {{dates: [{{date: 2027-03-26, name: Off}}]}}\n"
    schedules = (
        f"{head}Schedule\nmetadata: {{name: s{number}}}\nspec:\n  timezone: UTC\n"
        "  periods: [{days: mon-fri, from: 08:00, to: 19:00}]\n  except: [days]\n"
        for number in range(130)
    )

    found = problems({"a.yaml": "---\n".join([calendar, *schedules])})

    assert len(found) == 101
    assert all(problem.warning for problem in found)
    assert found[-1].message == "and 30 more warnings in this file"


def test_of_files_that_are_no_yaml_not_everything_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text_problems, "_MAX_BROKEN_BYTES", 5)

    first, second, third = problems({"a.yaml": "a: [", "b.yaml": "b: [", "c.yaml": "c: ["})

    assert first.origin.line
    assert second.origin.line
    assert (third.origin, third.message) == (
        ("c.yaml", 0, 0),
        "the file is not entirely regular YAML",
    )


def test_places_are_looked_up_as_long_as_time_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions, "_MAX_READ_BYTES", len(CLUSTER))
    monkeypatch.setattr(positions, "_MAX_KEPT_BYTES", 10)
    wrong = CLUSTER.replace("shortName: ta", "shortName: toolong")

    found = problems({"a.yaml": wrong, "b.yaml": wrong})

    assert [(one.origin, one.path) for one in found] == [
        (("a.yaml", 4, 19), "spec.shortName"),
        (("b.yaml", 1, 0), "spec.shortName"),
    ]
