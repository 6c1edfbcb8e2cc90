"""The tables as they were, in words and as YAML: what may have been otherwise is said beside it."""

from datetime import UTC, datetime

from controller import catalog
from controller.engine.queries.past_state import PastObject
from controller.ledger.past_state import Doubt
from controller.model.ref import ResourceRef
from controller.views.past_state import state_json, state_lines, state_yaml

AT = datetime(2026, 11, 24, 19, tzinfo=UTC)
CLUSTER = catalog.kinds()["Cluster"]


def past(name: str, *doubts: Doubt, gone: bool = False, as_now: bool = False) -> PastObject:
    items = {"InfraConfigClusters": {"ClusterName": name, "Value": {"ShortName": "ta"}}}
    ref = ResourceRef("Cluster", name)
    return PastObject(ref, CLUSTER, items, None, gone, as_now, doubts)


def test_a_line_an_object() -> None:
    gone, same = past("Infra", gone=True), past("Tango", Doubt.IN_GAP, as_now=True)
    head, _, first, second, third = state_lines(AT, [gone, same, past("Tiger")])

    assert head == "the tables at Tue 24 Nov 2026 19:00:00 UTC"
    assert first.split() == ["Cluster/Infra", "deleted", "-", "-"]
    assert second.split() == ["Cluster/Tango", "as", "now", "-", "in", "a", "gap"]
    assert third.split()[1] == "changed"
    assert state_lines(AT, []) == [f"{head}: empty"]


def test_documents_are_divided_and_what_is_none_is_told() -> None:
    broken = PastObject(ResourceRef("Cluster", "x"), CLUSTER, {}, None, False, True, ())
    lines = list(state_yaml(AT, [past("Tango", Doubt.BEFORE_FIRST), broken]))

    assert lines[:3] == ["# The tables at 2026-11-24T19:00:00.000Z.", "---", "# doubt: before its first record"]  # fmt: skip
    assert "metadata: {name: Tango}" in "\n".join(lines)
    assert lines[-1].startswith("# Cluster/x: its items are in no shape")
    assert state_json(AT, [broken])["objects"][0]["document"] is None
