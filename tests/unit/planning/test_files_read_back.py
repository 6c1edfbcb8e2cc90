"""Plan files and observed state, written and read back."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import WrongUsage
from controller.model.observed import MadeBy, ObservedState, Ownership, ScopeState
from controller.model.plan import Plan, ScopePlan
from controller.model.ref import Reason
from controller.planning.fields import PLAIN_NAMES
from controller.planning.observed_json import read_observed, write_observed
from controller.planning.plan_file import read_plan
from controller.views.documents.plan import render_json
from tests.unit.planning.worlds import change, found, item, scope_of

PLAN = Plan(
    "r1",
    "main@r1",
    (ScopePlan("config", ScopeState.OK), ScopePlan("1/eu", ScopeState.OK)),
    "d" * 64,
)


def test_a_plan_file_is_read_back_as_far_as_applying_needs_it() -> None:
    data = render_json(PLAN, names=PLAIN_NAMES, controller_version="1.0")

    claim = read_plan(data)

    assert (claim.digest, claim.scopes, claim.meant_at) == ("d" * 64, ("config", "1/eu"), None)


def test_a_plan_file_names_a_scope_once_that_has_several_plans() -> None:
    scopes = (*PLAN.scopes, ScopePlan("1/eu", ScopeState.OBSERVE))

    data = render_json(replace(PLAN, scopes=scopes), names=PLAIN_NAMES, controller_version="1")

    assert read_plan(data).scopes == ("config", "1/eu")


def test_a_plan_file_says_how_it_was_asked_for() -> None:
    plan = replace(PLAN, options=("adopt", "deep"))

    data = render_json(plan, names=PLAIN_NAMES, controller_version="1.0")

    assert read_plan(data).options == ("adopt", "deep")


GOOD: dict[str, Any] = json.loads(
    render_json(
        replace(PLAN, scopes=(ScopePlan("config", ScopeState.OK, (change("Service/a"),)),)),
        names=PLAIN_NAMES,
        controller_version="1",
    )
)
SCOPE = GOOD["scopes"][0]
MEANING = {
    "at": "2026-11-24T10:12:00.000Z",
    "environmentHoursPerWeek": 1,
    "instanceHoursPerWeek": 1,
    "instancesAre": "found",
    "startedNow": 0,
    "stoppedNow": 0,
    "firstDifference": None,
    "exchanges": [],
}


def test_a_plan_file_says_when_its_schedules_were_worked_out() -> None:
    data = json.dumps({**GOOD, "schedules": MEANING}).encode()

    assert read_plan(data).meant_at == datetime(2026, 11, 24, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no JSON", "not JSON"),
        (b"[]", "it has no formatVersion"),
        (b"{}", "it has no formatVersion"),
        ({**GOOD, "formatVersion": 2}, "plan format 2, this envctl writes 1"),
        ({**GOOD, "scopes": {}}, r"\$\.scopes: expected a list, found \{\}"),
        ({**GOOD, "options": "deep"}, r"\$\.options: expected a list, found .deep."),
        ({**GOOD, "options": [1]}, r"\$\.options\[0\]: expected text, found 1"),
        ({**GOOD, "scopes": [1]}, r"\$\.scopes\[0\]: expected an object, found 1"),
        (
            {**GOOD, "scopes": [{**SCOPE, "changes": 3}]},
            r"\$\.scopes\[0\]\.changes: expected a list, found 3",
        ),
        (
            {**GOOD, "scopes": [{**SCOPE, "changes": [{**SCOPE["changes"][0], "key": None}]}]},
            r"\$\.scopes\[0\]\.changes\[0\]\.key: expected text, found null",
        ),
        ({"formatVersion": 1}, r"\$: controllerVersion is missing"),
        ({**GOOD, "digest": 1}, r"\$\.digest: expected text, found 1"),
        ({**GOOD, "digest": "d" * 63}, r"\$\.digest: expected text of the form "),
        ({**GOOD, "document": "status"}, r"\$\.document: expected const plan, found .status."),
        ({**GOOD, "digest": "d" * 65}, r"\$\.digest: expected text of the form "),
        ({**GOOD, "revision": None}, r"\$\.revision: expected text, found null"),
        (
            json.dumps(GOOD)[:-1].encode() + b', "digest": "' + b"d" * 64 + b'"}',
            "an object in it has two fields 'digest'",
        ),
        (b'{"formatVersion": ' + b"[" * 1_000 + b"]" * 1_000 + b"}", "nested too deep"),
        ({**GOOD, "formatVersion": "9" * 9_999}, r"plan format 9{199}…, this envctl"),
        (
            {**GOOD, "schedules": {**MEANING, "at": "2026-13-01T00:00:00.000Z"}},
            r"\$\.schedules\.at: expected a moment",
        ),
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
    live = ObservedState("1/eu", ScopeState.UNKNOWN, {}, Reason("denied", fix="ask"), {"n": 1})

    assert read_observed(write_observed([config, live])) == (live, config)


@given(st.permutations(["a", "b", "c"]))
def test_observed_state_has_one_written_form(keys: list[str]) -> None:
    objects = [found(f"Service/{key}") for key in keys]

    assert write_observed([scope_of(*objects)]) == write_observed(
        [scope_of(*sorted(objects, key=lambda one: one.ref))]
    )


FOUND: dict[str, Any] = json.loads(write_observed([scope_of(found("Service/a"))]))["scopes"][0]
OBJECT = FOUND["objects"][0]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no JSON", "not JSON"),
        (b"[]", r"\$: expected an object, found \[\]"),
        (b"{}", r"\$: observedFormat is missing"),
        (b'{"observedFormat": 2}', "observed format 2"),
        ({"scopes": 1}, r"\$\.scopes: expected a list, found 1"),
        ({"scopes": [{**FOUND, "state": "fine"}]}, r"\$\.scopes\[0\]\.state: expected one of ok, "),
        (
            {"scopes": [{**FOUND, "objects": [{**OBJECT, "ref": "nothing"}]}]},
            r"\$\.scopes\[0\]\.objects\[0\]\.ref: expected text of the form ",
        ),
        (
            {"scopes": [{**FOUND, "objects": [{**OBJECT, "mark": {"by": "i"}}]}]},
            r"\$\.scopes\[0\]\.objects\[0\]\.mark: id is missing",
        ),
    ],
)
def test_what_is_no_observed_state_is_refused(data: Any, says: str) -> None:
    text = data if isinstance(data, bytes) else json.dumps({"observedFormat": 1, **data}).encode()

    with pytest.raises(WrongUsage, match=f"o.json: (.|\n)*{says}(.|\n)*fix: "):
        read_observed(text, "o.json")


def test_reading_no_file_costs_no_import_of_what_checks_it() -> None:
    code = "import sys, controller.cli.main; sys.exit('jsonschema' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_who_made_an_object_what_it_is_goes_along() -> None:
    held = found("Service/a")
    assert held.mark is not None
    known = MadeBy("carl", date="2026-11-24", cause="overridden", overrides=("o1",))
    state = scope_of(held._replace(mark=held.mark._replace(made_by=known)), found("Service/b"))

    assert read_observed(write_observed([state])) == (state,)
