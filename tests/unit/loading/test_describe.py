"""What is shown of problems: no secret, and of very many the first."""

import pytest

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
