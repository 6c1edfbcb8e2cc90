"""Of items of the config tables, and of their copies: what is changed outside has drifted, what is written anew is not, and both are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.accepted import REPLICATED, AcceptedState
from controller.model.live import LiveLook
from controller.model.observed import Mark, Observation, ObservedState, Ownership, ScopeState
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.planning.diff import diff
from controller.targets.replica_parts.replicated import content_digest, replicated
from controller.targets.replicas import TARGET as REPLICAS
from tests.support.causes import cause_in
from tests.support.live_account import FLEET, INSTALLATION, NOW, SCOPE, accepted_of
from tests.unit.planning.worlds import desired_of, found, item, options, scope_of, wanted

C50 = ResourceRef("Environment", "c50")
ITEMS = st.integers(0, 2)


@given(applied_port=ITEMS, found_port=ITEMS, wanted_port=ITEMS, overridden=st.booleans())
def test_of_items(applied_port: int, found_port: int, wanted_port: int, overridden: bool) -> None:
    def port(number: int) -> Projection:
        value = {"BluePort": number, "GreenPort": 9}
        return wanted("Service/Search", item("Service/Search", Value=value))

    was, now = port(applied_port), port(wanted_port)
    value = {"BluePort": found_port, "GreenPort": 9}
    seen = found("Service/Search", item("Service/Search", Value=value), applied=was)
    beneath = {now.ref: port(7)} if overridden else {}
    result = diff(desired_of(now), scope_of(seen), options(overridden=beneath))

    if found_port == wanted_port and was.digest == now.digest:
        assert result.changes == ()
    elif was.digest == now.digest:
        assert [change.cause for change in result.changes] == [Cause.DRIFTED]
    else:
        for change in result.changes:
            assert change.cause in (Cause.EDITED, Cause.OVERRIDDEN)
            assert ("changed outside" in change.because) == (found_port != applied_port)


@pytest.mark.parametrize(
    ("source_was", "copy", "source_is", "expected"),
    [
        ("Tango", "Tango", "Tango", None),
        ("Tango", "Search", "Tango", (Cause.DRIFTED, "changed outside envctl")),
        ("Tango", "Tango", "Search", (Cause.REPLICATED, "")),
        (
            "Tango",
            "Web",
            "Search",
            (Cause.REPLICATED, "also changed outside envctl since it was last applied"),
        ),
    ],
)
def test_of_copies(
    source_was: str, copy: str, source_is: str, expected: tuple[Cause, str] | None
) -> None:
    copied = replicated(REPLICATED, "", INSTALLATION)
    table, key = "InfraConfigServices", {"ServiceName": "Search"}

    def content(owner: str) -> bytes:
        return copied.content(table, {**key, "Value": {"OwningCluster": owner}})

    ref = copied.ref(SCOPE, table, key)
    mark = Mark(INSTALLATION, "id", "", "", 0, content_digest(content(source_was)), {})
    seen = content(copy)
    there = Observation(ref, seen, content_digest(seen), mark, Ownership.OURS, seen)
    sources = {"content": content(source_is).decode(), "ours": True, "changed": ""}
    facts = {"sources": {str(ref): sources}}
    observed = ObservedState(SCOPE.name, ScopeState.OK, {ref: there}, facts=facts)
    service = ResourceRef("Service", "Search")
    wish = {**key, "Value": {"OwningCluster": source_is}}
    state = AcceptedState(
        resources={service: accepted_of(FLEET).resources[C50]},
        items={service: {table: wish}},
        installation=INSTALLATION,
    )

    assert cause_in(REPLICAS, state, LiveLook(SCOPE, NOW, {}), observed) == expected
