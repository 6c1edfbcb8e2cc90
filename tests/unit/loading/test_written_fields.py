"""A document that is not valid is checked all the same for what can be: its name, and what it names."""

import pytest

from tests.support.yaml_fleet import CLUSTER, SERVICE, loaded, messages, problems

PAY = SERVICE.replace("Search", "Pay").replace("40012", "1")
INVALID_MAP = """apiVersion: envctl/v1
kind: DeploymentMap
metadata: {name: web}
spec:
  bogus: 1
  roles:
  - {serverRoleName: Web, owningCluster: Tnago, services: [Saerch, 7, Search]}
  - 7
  - {serverRoleName: Db, owningCluster: [Tango], services: 7}
"""
INVALID_HOST = """apiVersion: envctl/v1
kind: LoadBalancerSetting
metadata: {name: "a b"}
spec:
  environmentName: c5O
  locations: [{path: /, proxyPass: "http://www.acme.example"}, {path: /x, proxyPass: "http://c50-Search"}]
"""
INVALID_ENVIRONMENT = """apiVersion: envctl/v1
kind: Environment
metadata: {name: c-50}
spec:
  owningCluster: Tnago
  roles: {Web: {owningCluster: Tnago}, Db: 7}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (INVALID_MAP, ["7:42 spec.roles[0].owningCluster: no Cluster named 'Tnago'",
                       "7:60 spec.roles[0].services[0].serviceName: no Service named 'Saerch'"]),
        (INVALID_HOST, ["3:18 metadata.name: 'a b' is no name", "5:20 spec.environmentName: no Environment named 'c5O'",
                        "6:86 spec.locations[1].proxyPass: no Upstream named 'c50-Search'"]),
        (INVALID_ENVIRONMENT, ["3:18 metadata.name: 'c-50' is no name", "5:18 spec.owningCluster: no Cluster named 'Tnago'",
                               "6:32 spec.roles.Web.owningCluster: no Cluster named 'Tnago'"]),
    ],
)  # fmt: skip
def test_names_are_checked_in_documents_that_are_not_valid(text: str, said: list[str]) -> None:
    found = messages({"a.yaml": CLUSTER, "b.yaml": SERVICE, "z.yaml": text})

    named = [one for one in found if "named" in one or "is no name" in one]
    assert len(named) == len(said)
    for one, start in zip(named, said, strict=True):
        assert one.startswith(f"z.yaml:{start}")
    assert len(found) > len(named), "the document is told to be wrong as well"


def test_a_reference_from_one_wrong_document_to_another_is_none_that_dangles() -> None:
    broken = CLUSTER.replace("ta}", "TA}")
    text = PAY

    assert not [one for one in messages({"a.yaml": broken, "b.yaml": text}) if "named" in one]


def test_a_wrong_name_in_a_wrong_document_is_right_once_the_other_is_there() -> None:
    pay = PAY
    first = loaded({"b.yaml": pay})
    texts = {"a.yaml": CLUSTER, "b.yaml": pay}

    assert any("no Cluster named" in one for one in messages({"b.yaml": pay}))
    later = problems(texts, loaded(texts, first.memory))
    assert [one.path for one in later] == ["spec.bluePort"]
