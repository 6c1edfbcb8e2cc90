"""Plan files and observed state, written and read back."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import WrongUsage
from controller.model.observed import ObservedState, Ownership, ScopeState
from controller.model.plan import Plan, ScopePlan
from controller.planning.fields import PLAIN_NAMES
from controller.planning.observed_json import read_observed, write_observed
from controller.planning.read_json import PlanClaim, read_plan
from controller.views.plan_json import render_json
from tests.unit.planning.worlds import change, found, item, scope_of

PLAN = Plan(
    "r1",
    "main@r1",
    (ScopePlan("config", ScopeState.OK), ScopePlan("1/eu", ScopeState.OK)),
    "d" * 64,
)


def test_a_plan_file_is_read_back_as_far_as_applying_needs_it() -> None:
    data = render_json(PLAN, names=PLAIN_NAMES, controller_version="1.0")

    assert read_plan(data) == PlanClaim("d" * 64, "r1", ("config", "1/eu"))


def test_a_plan_file_names_its_changes() -> None:
    config = ScopePlan("config", ScopeState.OK, (change("Service/a"),))

    data = render_json(replace(PLAN, scopes=(config,)), names=PLAIN_NAMES, controller_version="1")

    assert read_plan(data).changes == {"update Service/a"}


def test_a_plan_file_says_how_it_was_asked_for() -> None:
    plan = replace(PLAN, options=("adopt", "deep"))

    data = render_json(plan, names=PLAIN_NAMES, controller_version="1.0")

    assert read_plan(data).options == ("adopt", "deep")


GOOD: dict[str, Any] = {"formatVersion": 1, "digest": "d", "revision": "r", "scopes": []}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no JSON", "not JSON"),
        (b"[]", "it has no formatVersion"),
        (b"{}", "it has no formatVersion"),
        ({**GOOD, "formatVersion": 2}, "plan format 2, this envctl writes 1"),
        ({**GOOD, "scopes": {}}, "scopes is missing or of the wrong type"),
        ({**GOOD, "options": "deep"}, "options is missing or of the wrong type"),
        ({**GOOD, "options": [1]}, "options is missing or of the wrong type"),
        ({**GOOD, "scopes": [1]}, "scope is missing or of the wrong type"),
        ({**GOOD, "scopes": [{"scope": "s", "changes": 3}]}, "changes is missing or of the"),
        ({**GOOD, "scopes": [{"scope": "s", "changes": [3]}]}, "action is missing or of the"),
        ({**GOOD, "digest": 1}, "digest is missing or of the wrong type"),
        ({**GOOD, "revision": None}, "revision is missing or of the wrong type"),
    ],
)
def test_what_is_no_plan_file_is_refused(data: Any, says: str) -> None:
    text = data if isinstance(data, bytes) else json.dumps(data).encode()

    with pytest.raises(WrongUsage, match=f"p.json: .*{says}(.|\n)*fix: "):
        read_plan(text, "p.json")


def test_observed_state_is_read_back_as_it_was() -> None:
    config = scope_of(
        found(
            "Service/b", item("Service/b", Value={"x": None, "é": [1.5, True]}), needs=["Cluster/c"]
        ),
        found("Service/a", ownership=Ownership.UNMANAGED),
    )
    live = ObservedState("1/eu", ScopeState.UNKNOWN, {}, "denied", {"n": 1})

    assert read_observed(write_observed([config, live])) == (live, config)


@given(st.permutations(["a", "b", "c"]))
def test_observed_state_has_one_written_form(keys: list[str]) -> None:
    objects = [found(f"Service/{key}") for key in keys]

    assert write_observed([scope_of(*objects)]) == write_observed(
        [scope_of(*sorted(objects, key=lambda one: one.ref))]
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no JSON", "JSONDecodeError"),
        (b"[]", "TypeError"),
        (b"{}", "KeyError"),
        (b'{"observedFormat": 2}', "observed format 2"),
        (b'{"observedFormat": 1, "scopes": [{"objects": [{"ref": "nothing"}]}]}', "no reference"),
        (b'{"observedFormat": 1, "scopes": [{"objects": [{"ref": 1}]}]}', "AttributeError"),
    ],
)
def test_what_is_no_observed_state_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(WrongUsage, match=f"o.json: (.|\n)*{says}(.|\n)*fix: "):
        read_observed(data, "o.json")
