"""How the parts of a plan are put into words."""

from dataclasses import replace
from typing import Any

import pytest

from controller.model.canonical import ABSENT
from controller.model.observed import ScopeState
from controller.model.plan import Change, Edit, Plan, ScopePlan, Violation
from controller.model.ref import Origin
from controller.planning.approvals import NOT_THE_TABLES
from controller.planning.wording import value_text
from controller.views.plan.wording import (
    Asked,
    counts_text,
    edit_title,
    effects_text,
    guards_text,
    names_text,
    next_text,
    scope_text,
    scopes_text,
    tally_text,
    violation_lines,
)
from tests.unit.planning.worlds import change, ref


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ABSENT, "(absent)"),
        ("web-1.4.2", "web-1.4.2"),
        ("", '""'),
        ("  ", '"  "'),
        ("two\nlines", '"two\\nlines"'),
        (None, "null"),
        (True, "true"),
        (40012, "40012"),
        ({"b": 1, "a": [2]}, '{"a":[2],"b":1}'),
        ({"$nowMs": 1_200_000}, "when applied, plus 20 min"),
        ("x" * 61, "x" * 59 + "…"),
        ("x" * 60, "x" * 60),
        ("(absent)", '"(absent)"'),
        ("(sensitive)", "(sensitive)"),
        ('"x"', '"\\"x\\""'),
        ("a → b", '"a → b"'),
        ("a\u202eb", '"a\\u202eb"'),
        (["\u200b"], '["\\u200b"]'),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("keys", "expand", "text"),
    [
        (["a"], False, "Service a"),
        (["a", "b", "c"], False, "Service \u00d7 3 (a, b, c)"),
        (["a", "b", "c", "d"], False, "Service \u00d7 4 (a, b, c, …)"),
        (["a", "b", "c", "d"], True, "Service \u00d7 4 (a, b, c, d)"),
    ],
)
def test_names(keys: list[str], expand: bool, text: str) -> None:
    assert names_text([ref(f"Service/{key}") for key in keys], expand=expand) == text


HERE, THERE = "staging-eu/eu-west-1", "prod-eu/eu-west-1"


@pytest.mark.parametrize(
    ("scopes", "keys", "text"),
    [
        ((HERE,), (f"{HERE}/a", f"{HERE}/b"), "Group \u00d7 2 (a, b)"),
        ((HERE, THERE), (f"{HERE}/a", f"{THERE}/a"), "Group \u00d7 2 (a)"),
        ((THERE,), (f"{HERE}/a", f"{THERE}/b"), f"Group \u00d7 2 ({HERE}/a, b)"),
        (("config",), ("pr1/www", "pr1/api"), "Group \u00d7 2 (pr1/www, pr1/api)"),
        ((HERE,), (f"{HERE}/a",), f"Group {HERE}/a"),
    ],
)
def test_scopes_said_beside_names_are_left_out_of_them(
    scopes: tuple[str, ...], keys: tuple[str, ...], text: str
) -> None:
    refs = [ref(f"Group/{key}") for key in keys]
    assert names_text(refs, expand=False, scopes=scopes) == text
    whole = names_text(refs, expand=True, scopes=scopes)
    assert all(key in whole for key in keys)


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        ("Group", "1 group"),
        ("Group Group ScalingSchedules", "2 groups, 1 set of scaling schedules"),
        ("ScalingSchedules ScalingSchedules", "2 sets of scaling schedules"),
        ("Instance ParkedGroup ParkedGroup", "1 instance, 2 parked groups"),
    ],
)
def test_tallies(kinds: str, text: str) -> None:
    changes = [change(f"{kind}/{HERE}/{n}") for n, kind in enumerate(kinds.split())]
    assert tally_text({id(one): HERE for one in changes}, changes) == text


def test_what_is_only_observed_is_said_and_is_nothing_to_apply() -> None:
    observed = ScopePlan(HERE, ScopeState.OBSERVE, (change("Group/a"), change("Group/b")))
    plan = Plan("r", "l", (observed,), "d")
    assert counts_text(plan) == "0 create · 0 update · 0 delete      only observed: 2 update"
    assert next_text(plan) == "Nothing to apply: what is shown is only observed."
    both = Plan("r", "l", (observed, ScopePlan(HERE, ScopeState.OK, (change("Group/c"),))), "d")
    assert counts_text(both) == "0 create · 1 update · 0 delete      only observed: 2 update"
    assert next_text(both).startswith("Next: envctl plan")
    adopting = replace(both, options=("adopt",))
    typed = (
        "Next: envctl plan --adopt --exit-zero --out plan.json && envctl apply plan.json --adopt"
    )
    assert next_text(adopting) == typed
    assert [one.ref.key for one in both.to_apply] == ["c"]
    assert scopes_text(both) == "1 scope, 1 observe"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (ScopeState.OK, "Nothing to do."),
        (ScopeState.OBSERVE, "Nothing to do."),
        (ScopeState.UNKNOWN, "Nothing to do in what could be seen."),
        (ScopeState.WAITING, "Nothing to do in what could be seen."),
    ],
)
def test_nothing_to_do_is_not_said_of_what_could_not_be_seen(state: ScopeState, text: str) -> None:
    scopes = (ScopePlan("config", ScopeState.OK), ScopePlan(HERE, state))
    assert next_text(Plan("r", "l", scopes, "d")) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ([change("Group/a")], ""),
        ([change("Group/a", effects={"ended": 1})], "ENDS 1 INSTANCE"),
        (
            [change("Group/a", effects={"ended": 2, "replaced": 1200}), change("I/i", "stop")],
            "ENDS 2 INSTANCES, replaces 1,200 instances, stops 1 instance",
        ),
        ([change("Group/a", effects={"launched": 3})], "launches 3 instances"),
    ],
)
def test_effects(changes: list[Change], text: str) -> None:
    assert effects_text(changes) == text


def plan_of(*changes: Change, violations: tuple[Violation, ...] = (), **more: Any) -> Plan:
    scope = ScopePlan("config", ScopeState.OK, changes, violations, **more)
    return Plan("r1", "main@r1", (scope,), "d" * 64)


REFUSAL = Violation(
    "maxDeletes", "config", "too many", "3f9c1a77", (ref("A/a"), ref("A/b")), "hint"
)
BY = "a line of commit abc1234 of GitHub <noreply@github.com>"
APPROVAL = Violation(
    "maxDeletes", "config", "many", "3f9c1a77", (), overridden=True, approved_by=BY
)


@pytest.mark.parametrize(
    ("plan", "counts", "guards", "following"),
    [
        (
            plan_of(),
            "0 create · 0 update · 0 delete",
            "Guards: ok (deletes 0 of 0)",
            "Nothing to do.",
        ),
        (
            plan_of(change("A/a"), change("I/i", "start"), observed_count={"A": 5000, "I": 212}),
            "0 create · 1 update · 0 delete · 1 start",
            "Guards: ok (deletes 0 of 5,212)",
            "Next: envctl plan --exit-zero --out plan.json",
        ),
        (
            plan_of(change("A/a", "delete", effects={"ended": 2}), violations=(REFUSAL,)),
            "0 create · 0 update · 1 delete      Instances: 2 ended",
            "Guards: refused by 1 violation",
            "Next: approve exactly",
        ),
        (
            plan_of(violations=(REFUSAL, REFUSAL)),
            "0 create · 0 update · 0 delete",
            "Guards: refused by 2 violations",
            "Next: approve exactly",
        ),
        (
            plan_of(change("A/a", "delete"), violations=(APPROVAL,)),
            "0 create · 0 update · 1 delete",
            "Guards: ok (deletes 1 of 0, 1 approved)",
            (
                "Next: envctl plan --approve maxDeletes@3f9c1a77 --exit-zero --out plan.json && envctl apply plan.json"
                " --approve maxDeletes@3f9c1a77     merge"
            ),
        ),
    ],
)
def test_the_headline_and_the_last_lines(
    plan: Plan, counts: str, guards: str, following: str
) -> None:
    assert counts_text(plan) == counts
    assert guards_text(plan) == guards
    assert next_text(plan).startswith(following)


def test_what_only_a_second_run_does_is_said_with_its_command() -> None:
    new = ScopePlan("new/eu", ScopeState.WAITING, awaits_run=True)
    held = ScopePlan("old/eu", ScopeState.OK, (change("Group/a"),), left_to_next_run=2)
    typed = (
        "Next: envctl plan --exit-zero --out plan.json && envctl apply plan.json && envctl apply"
    )
    assert next_text(Plan("r", "l", (held, new), "d")).startswith(
        f"{typed}   (the second reaches new/eu and goes on with 2 changes)     merge"
    )


def test_what_was_asked_for_is_kept_in_what_to_type() -> None:
    asked = Asked(" --config c.yaml", " --source fleet", " --scope config")
    plan = Plan("r", "l", (ScopePlan("config", ScopeState.OK, (change("A/a"),)),), "d")

    assert next_text(plan, asked).startswith(
        "Next: envctl --config c.yaml plan --source fleet --scope config --exit-zero --out plan.json"
        " && envctl --config c.yaml apply plan.json --source fleet  "
    )
    assert next_text(plan, asked._replace(out="my.json")).startswith(
        "Next: envctl --config c.yaml apply my.json --source fleet  "
    )
    assert violation_lines(REFUSAL, asked, " --adopt")[-1] == (
        f"  envctl --config c.yaml apply --source fleet --scope config --adopt --approve {REFUSAL.token}"
    )


def test_a_refusal_names_the_command_at_work_or_none() -> None:
    restore = Asked(" --config s.yaml", command="restore latest --kind Service")

    assert violation_lines(REFUSAL, restore)[-1] == (
        f"  envctl --config s.yaml restore latest --kind Service --approve {REFUSAL.token}"
    )
    assert violation_lines(REFUSAL, Asked(command=""))[-1].endswith(
        f": the same again with --approve {REFUSAL.token}"
    )


def test_what_the_commit_approves_is_not_to_be_approved_again() -> None:
    approved = replace(APPROVAL, in_commit=True)
    plan = plan_of(change("A/a", "delete"), violations=(approved,))
    assert "--approve" not in next_text(plan)


def test_scopes_are_counted_and_odd_ones_named() -> None:
    states = [ScopeState.OK, ScopeState.UNKNOWN, ScopeState.UNKNOWN, ScopeState.REFUSED]
    scopes = tuple(ScopePlan(str(n), state) for n, state in enumerate(states))

    assert scopes_text(Plan("r", "l", scopes, "d")) == "4 scopes, 1 refused, 2 unknown"
    assert scopes_text(Plan("r", "l", scopes[:1], "d")) == "1 scope"


@pytest.mark.parametrize(
    ("scopes", "text"),
    [(["config"], ""), (["1/eu", "1/eu", "config"], "in 1/eu"), (["1/eu", "2/eu"], "in 2 scopes")],
)
def test_where(scopes: list[str], text: str) -> None:
    assert scope_text(scopes) == text


@pytest.mark.parametrize(
    ("edit", "changes", "title"),
    [
        (Edit(Origin("x/"), "removed"), [change("A/a", "delete")], ("!", "x/ removed")),
        (Edit(Origin("x/"), "added"), [change("A/a", "create")], ("+", "x/ added")),
        (Edit(Origin("x", 3, 9), "ami  a → b"), [change("A/a")], ("~", "x:3  ami  a → b")),
        (Edit(Origin("x"), ""), [change("A/a", "create")], ("+", "x")),
        (Edit(Origin("x"), ""), [change("A/a", "create"), change("A/b")], ("~", "x")),
        (Edit(Origin(""), ""), [change("A/a", "delete")], ("-", "no file")),
    ],
)
def test_titles(edit: Edit, changes: list[Change], title: tuple[str, str]) -> None:
    assert edit_title(edit, changes) == title


@pytest.mark.parametrize(
    ("what", "places", "title"),
    [
        ("A/a ami", 2, "x:3 and 1 more place  ami"),
        ("A/a ami", 1_000, "x:3 and 999 more places  ami"),
        ("A/a", 3, "x:3 and 2 more places"),
        ("Environment.ami", 3, "x:3 and 2 more places  Environment.ami"),
    ],
)
def test_the_title_of_the_same_edit_in_many_places(what: str, places: int, title: str) -> None:
    edit = Edit(Origin("x", 3, 9), what)

    assert edit_title(edit, [change("A/a"), change("A/b")], places) == ("~", title)


def test_a_refusal_prints_its_override() -> None:
    assert violation_lines(REFUSAL) == (
        "hint",
        "To approve exactly these 2 deletes:",
        f"  envctl apply --approve {REFUSAL.token}",
    )
    one = Violation("maxUpdateShare", "config", "m", "3f9c1a77", (ref("A/a"),))
    assert violation_lines(one)[0] == "To approve exactly this change:"
    assert violation_lines(Violation("protected", "config", "m", "d", (), overridable=False)) == ()


def test_an_approval_says_whose_it_is() -> None:
    assert violation_lines(replace(APPROVAL, hint="hint")) == ("hint", f"Approved by: {BY}")


def test_a_refusal_of_a_plan_against_another_source_prints_no_override_and_says_why() -> None:
    assert violation_lines(replace(REFUSAL, has_token=False)) == (
        "hint",
        f"What approves it is not known here: {NOT_THE_TABLES}.",
    )
