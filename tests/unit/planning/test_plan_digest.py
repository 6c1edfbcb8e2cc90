"""Equal plans, equal digests; one difference that matters, another digest."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.observed import ScopeState
from controller.model.plan import Cause, Edit, ScopePlan, Violation
from controller.model.ref import Authorship, Origin
from controller.planning.guards import plan_digest, violation_digest
from tests.unit.planning.worlds import change, ref

CHANGE = change("Service/a", before=b"{}", after=b"{}")
VIOLATION = Violation("maxDeletes", "config", "many", "d1", (ref("Service/a"),))
SCOPE = ScopePlan("config", ScopeState.OK, (CHANGE,), (VIOLATION,))


def digest_with(**different: Any) -> str:
    return plan_digest([replace(SCOPE, changes=(replace(CHANGE, **different),))])


@pytest.mark.parametrize(
    "different",
    [
        {"action": "delete"},
        {"target": "replicas"},
        {"ref": ref("Service/b")},
        {"cause": Cause.DRIFTED},
        {"before": None},
        {"before": b'{"a":1}'},
        {"after": None},
        {"after": b'{"a":null}'},
        {"extra": b'{"metadata":{}}'},
        {"digest": "another"},
        {"base": b'{"version":2}'},
        {"effects": {"ended": 1}},
    ],
)
def test_what_is_done_and_from_where_counts(different: dict[str, Any]) -> None:
    assert digest_with(**different) != digest_with()


@pytest.mark.parametrize(
    "different",
    [
        {"origin": Origin("b.yaml", 7)},
        {"authorship": Authorship("9f1e0aa")},
        {"edit": Edit(Origin("b.yaml"), "x")},
        {"because": "why not"},
        {"effects": {}},
    ],
)
def test_where_it_came_from_and_how_it_is_put_does_not(different: dict[str, Any]) -> None:
    assert digest_with(**different) == digest_with()


@pytest.mark.parametrize(
    ("scope", "same", "because"),
    [
        (replace(SCOPE, state=ScopeState.REFUSED), True, "what the violations lead to"),
        (replace(SCOPE, violations=(replace(VIOLATION, overridden=True),)), True, "an approval"),
        (replace(SCOPE, violations=(replace(VIOLATION, digest="d2"),)), False, "another violation"),
        (replace(SCOPE, violations=()), False, "no violation"),
        (replace(SCOPE, scope="1/eu"), False, "another scope"),
        (replace(SCOPE, changes=(CHANGE, change("Service/b"))), False, "one more change"),
    ],
)
def test_scopes(scope: ScopePlan, same: bool, because: str) -> None:
    assert (plan_digest([scope]) == plan_digest([SCOPE])) is same, because


def test_the_order_of_changes_counts_and_that_of_scopes_does_not() -> None:
    other, live = change("Service/b"), ScopePlan("1/eu-west-1", ScopeState.OK)

    assert plan_digest([SCOPE, live]) == plan_digest([live, SCOPE])
    assert plan_digest([replace(SCOPE, changes=(CHANGE, other))]) != plan_digest(
        [replace(SCOPE, changes=(other, CHANGE))]
    )


byte_parts = st.binary(max_size=3)


@given(byte_parts, byte_parts, byte_parts, byte_parts)
def test_no_bytes_wander_from_one_part_into_the_next(
    a: bytes, b: bytes, c: bytes, d: bytes
) -> None:
    first, second = digest_with(before=a, after=b), digest_with(before=c, after=d)

    assert (first == second) is ((a, b) == (c, d))


@given(st.permutations(["a", "b", "c"]))
def test_a_violation_is_of_its_changes_in_any_order(keys: list[str]) -> None:
    changes = [change(f"Service/{key}", "delete") for key in keys]

    assert violation_digest("g", "config", changes) == violation_digest(
        "g", "config", sorted(changes, key=lambda c: c.ref)
    )


@pytest.mark.parametrize(
    ("guard", "scope", "counted"),
    [
        ("h", "config", [CHANGE]),
        ("g", "1/eu", [CHANGE]),
        ("g", "config", []),
        ("g", "config", [replace(CHANGE, base=b"[]")]),
        ("g", "config", [replace(CHANGE, action="delete")]),
        ("g", "config", [replace(CHANGE, target="replicas")]),
    ],
)
def test_a_violation_of_anything_else_is_another(guard: str, scope: str, counted: Any) -> None:
    assert violation_digest(guard, scope, counted) != violation_digest("g", "config", [CHANGE])
