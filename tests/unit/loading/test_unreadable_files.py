"""A file that cannot be read is told first, and nothing is said of what may be in it."""

import pytest

from tests.support.yaml_fleet import CLUSTER, SERVICE, messages


@pytest.mark.parametrize("slip", ["\t- x\n", "a: 012\n", "a: 'open\n", "<<<<<<< HEAD\n"])
def test_what_may_be_in_a_file_that_cannot_be_read_is_not_called_missing(slip: str) -> None:
    texts = {"service.yaml": SERVICE, "t.yaml": CLUSTER + "---\n" + slip}
    texts["other.yaml"] = SERVICE.replace("Search", "Pay").replace("Tango", "Nobody")

    found = messages(texts)

    assert found[0].startswith("t.yaml:"), "the cause comes first"
    assert [line for line in found if "no Cluster" in line] == [
        "other.yaml:4:23 spec.owningCluster: no Cluster named 'Nobody'"
    ]
    assert found[-1] == (
        "t.yaml : 1 reference is not checked: what is named may be in a file that cannot be read"
    )
