"""Text, Markdown, HTML and JSON of one plan: complete, safe, and within limits."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.canonical import ABSENT, canonical_bytes
from controller.model.observed import ScopeState
from controller.model.plan import (
    Cause,
    Change,
    Edit,
    FieldChange,
    Note,
    NoteCategory,
    Plan,
    ScheduleMeaning,
    ScheduleShift,
    ScopePlan,
    Violation,
)
from controller.model.ref import Authorship, Origin, Reason, ResourceRef
from controller.planning.fields import PLAIN_NAMES, FieldNames, plain_path
from controller.planning.plan_file import plan_schema
from controller.views.documents.plan import plan_object, render_json
from controller.views.plan.html import render_html
from controller.views.plan.markdown import BUDGET, LEAST_BUDGET, render_markdown
from controller.views.plan.text import text_lines
from controller.views.plan.view import fields_of, view
from controller.views.style import Span, coloured, plain
from tests.unit.planning.worlds import NOW, change, ref

NASTY = "</code></details>`````@all <script>alert(1)</script> | *x* [y](z)"
REFUSAL = Violation(
    "maxDeletes", "config", f"many {NASTY}", "3f9c1a" + "7" * 58, (ref("A/a"),), "a hint"
)


BY = "a line of commit abc1234 of Mallory"


def many_fields(count: int, value: Any = "x") -> tuple[FieldChange, ...]:
    return tuple(FieldChange(f"field{n}", ABSENT, value) for n in range(count))


def plan_of(*changes: Change, **more: Any) -> Plan:
    scope = ScopePlan("config", ScopeState.OK, changes, **more)
    return Plan("r1", "main@r1", (scope,), "d" * 64)


EDIT = Edit(Origin("x.yaml", 3, 9), "spec")
EVERYTHING = Plan(
    "r1",
    f"label {NASTY}",
    (
        ScopePlan(
            "config",
            ScopeState.REFUSED,
            (
                change("A/a", "create", after=b'{"T":{"Name":"a"}}', path="x.yaml", edit=EDIT),
                change("A/b", fields=many_fields(9, NASTY), path="x.yaml"),
                change("A/c", "delete", before=b'{"T":{"Name":"c"}}', path="y.yaml"),
                change("A/d", cause=Cause.DRIFTED, because=NASTY, authorship=Authorship("c1", "ada"),
                       fields=many_fields(1)),
                change("Group/g", effects={"ended": 3}, path="x.yaml"),
            ),
            (REFUSAL, replace(REFUSAL, overridden=True, hint="", approved_by=f"{BY} {NASTY}"), replace(REFUSAL, overridable=False)),
            (Note(NoteCategory.UNMANAGED, ref("A/e"), "theirs"), Note(NoteCategory.BLOCKED, ref("A/f"), NASTY)),
        ),
        ScopePlan("1/eu", ScopeState.UNKNOWN, reason=Reason("denied")),
        ScopePlan("2/eu", ScopeState.OBSERVE, (change("Group/h"),)),
    ),
    "d" * 64,
)  # fmt: skip


def test_text_says_everything() -> None:
    text = plain(text_lines(EVERYTHING))

    for part in (
        "Plan dddddddddddddddd ",
        "ENDS 3 INSTANCES",
        "3 more fields  --expand",
        "Not of this change",
        "1/eu  denied; nothing planned there",
        "2/eu  shown, not applied",
        "Refused  config: many",
        "Approved  config: many",
        "a hint",
    ):
        assert part in text


def test_every_format_says_who_approved_it_by_what() -> None:
    text = plain(text_lines(EVERYTHING))
    markdown = render_markdown(EVERYTHING)
    html = render_html(EVERYTHING)
    document = json.loads(render_json(EVERYTHING, names=PLAIN_NAMES, controller_version="1"))

    assert all(f"Approved by: {BY}" in shown for shown in (text, markdown, html))
    assert document["scopes"][0]["violations"][1]["approvedBy"] == f"{BY} {NASTY}"


def test_text_is_the_same_each_time_and_has_no_trailing_space() -> None:
    assert plain(text_lines(EVERYTHING)) == plain(text_lines(EVERYTHING))
    assert all(line == line.rstrip() for line in plain(text_lines(EVERYTHING)).splitlines())


def test_a_name_that_several_items_have_and_an_edit_made_a_thousand_times_are_told_once() -> None:
    items = canonical_bytes({"One": {"Name": "new"}, "Two": {"Name": "new"}})
    named = replace(PLAIN_NAMES, name_path=lambda _ref, path: str(path[-1]))
    edits = [
        change(f"A/a{n}", fields=many_fields(1), edit=Edit(Origin(f"{n}.yaml", 3), f"A/a{n} x"))
        for n in range(1_000)
    ]

    new = plain(
        text_lines(plan_of(change("A/new", "create", after=items)), names=named, expand=True)
    )
    same = plain(text_lines(plan_of(*edits), expand=True))

    assert new.count("Name  new") == 1
    assert "more field" not in new
    assert "0.yaml:3 and 999 more places  x" in same
    assert same.count("field0") == 1
    assert same.count("a999") == 1
    assert len(same.splitlines()) < 12


def test_expanded_text_hides_nothing() -> None:
    long = "x" * 500
    plan = plan_of(
        change(
            "A/new", "create", after=canonical_bytes({"T": {"Name": "new", "Deep": {"er": long}}})
        ),
        change("A/b", fields=many_fields(9)),
    )

    text = plain(text_lines(plan, expand=True))

    assert f"T.Deep.er  {long}" in text
    assert "field8" in text
    assert "more fields" not in text


def test_colour_is_data() -> None:
    lines = list(text_lines(EVERYTHING))

    assert plain(lines) == plain(text_lines(EVERYTHING))
    assert "\x1b[31m  - A c\x1b[0m" in coloured(lines)
    assert "\x1b" not in plain(lines)
    assert coloured([(Span("  ", "bold"), Span("x"))]) == "  x\n"


def test_what_a_terminal_would_obey_is_written_out() -> None:
    lines = [(Span("a\x1b[2Jb\nc é…", "add"),)]
    assert plain(lines) == "a\\x1b[2Jb\\nc é…\n"
    assert coloured(lines) == "\x1b[32ma\\x1b[2Jb\\nc é…\x1b[0m\n"


def markdown_is_whole(text: str) -> None:
    """Fences and folds are closed, and no fence is closed by what is inside."""
    fence = ""
    depth = 0
    for line in text.splitlines():
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line.rstrip("abcdefghijklmnopqrstuvwxyz")
        else:
            depth += line.startswith("<details") - (line == "</details>")
        assert depth in (0, 1)
    assert (fence, depth) == ("", 0)


def test_markdown_is_whole_and_says_everything() -> None:
    text = render_markdown(EVERYTHING)

    markdown_is_whole(text)
    assert text.startswith("<!-- envctl plan -->\n")
    outside = text.partition("```")[0]
    assert "<script>" not in outside
    assert "@all" not in outside
    assert "Left out to fit" not in text


@pytest.mark.parametrize("budget", [LEAST_BUDGET, 5_000, 20_000, BUDGET])
def test_markdown_fits_and_says_what_was_cut(budget: int) -> None:
    changes = [
        change(f"Kind{n}/k{n}", fields=many_fields(6, "y" * 50), path=f"f{n % 7}.yaml")
        for n in range(400)
    ]

    made = replace(plan_of(*changes, violations=(REFUSAL,)), options=("deep",))
    text = render_markdown(made, budget=budget)

    assert len(text.encode()) <= budget
    assert "**Left out to fit a comment:** " in text
    assert "All of it: `envctl plan --deep --expand`\n" in text
    markdown_is_whole(text)


@given(st.text(max_size=40), st.integers(LEAST_BUDGET, LEAST_BUDGET + 700))
def test_markdown_is_whole_whatever_the_values(value: str, budget: int) -> None:
    changes = [change(f"A/{n}", fields=many_fields(3, value), because=str(n)) for n in range(20)]

    text = render_markdown(plan_of(*changes), budget=budget)

    assert len(text.encode()) <= budget
    markdown_is_whole(text)


class Page(HTMLParser):
    """Follows open tags and collects what a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "input"):
            self.open.append(tag)
        self.outside += [name for name, _ in attrs if name in ("src", "href", "onclick")]
        self.outside += [tag] if tag in ("link", "img", "iframe", "form") else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_one_whole_page_that_fetches_and_runs_nothing() -> None:
    text = render_html(EVERYTHING)
    page = Page()

    page.feed(text)

    assert (page.open, page.outside) == ([], [])
    assert "prefers-color-scheme:dark" in text
    assert text.count("Not of this change") == 1
    assert text.count("<script") == 1
    digests = re.findall(r"'sha256-([^']+)'", text)
    for digest, tag in zip(digests, ("style", "script"), strict=True):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() == digest
    assert "default-src 'none'" in text
    assert "3 more fields" in render_html(EVERYTHING, expand=False)


def test_html_says_first_what_is_destroyed_and_folds_what_comes_or_goes_whole() -> None:
    body = canonical_bytes({"T": {f"F{n}": n for n in range(9)}})
    plan = plan_of(
        change("Group/g", "delete", before=body, effects={"ended": 3}),
        change("A/b", fields=many_fields(9)),
    )

    text = render_html(plan)

    worst, _, rest = text.partition("<h2>Changes, by the edit")
    assert "Instances: 3 ended" in worst
    assert "- Group g  deleted  ENDS 3 INSTANCES" in worst
    folded = '<details class="whole"><summary>9 fields</summary>'
    assert rest.count(folded) == 1
    assert '<li data-kind="Group" data-cause="pruned" data-scope="config">' in rest


def test_html_of_nothing_has_no_list_of_changes() -> None:
    assert "Changes, by the edit" not in render_html(plan_of())


def test_json_has_the_shape_it_promises() -> None:
    value = json.loads(render_json(EVERYTHING, names=PLAIN_NAMES, controller_version="1.0"))

    jsonschema.validate(value, plan_schema())
    assert value["summary"] == {"create": 1, "update": 4, "delete": 1}
    scope = value["scopes"][0]
    assert scope["unmanaged"] == [{"kind": "A", "key": "e", "text": "theirs"}]
    assert scope["notes"][0]["category"] == "blocked"
    assert scope["violations"][0]["token"] == "maxDeletes@3f9c1a7777777777"
    assert scope["violations"][0]["approvedBy"] == ""
    assert scope["changes"][3]["commit"] == "c1"
    assert scope["changes"][4]["effects"] == {"ended": 3}
    assert scope["changes"][0]["origin"] == "x.yaml:1"
    assert scope["changes"][0]["edit"] == {"origin": "x.yaml:3", "what": "spec"}


def test_the_schema_is_valid_and_refuses_what_is_no_plan() -> None:
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    for broken in ({}, {**plan_object(EVERYTHING, PLAIN_NAMES, "1"), "digest": "short"}):
        assert not jsonschema.Draft202012Validator(schema).is_valid(broken)


def test_json_tells_absent_from_null_and_masks() -> None:
    fields = (
        FieldChange("a", ABSENT, None),
        FieldChange("b", None, ABSENT),
        FieldChange("c", "(sensitive)", "(sensitive)", sensitive=True),
    )

    (shown,) = plan_object(plan_of(change("A/a", fields=fields)), PLAIN_NAMES, "1")["scopes"][0][
        "changes"
    ]

    assert shown["fields"] == [
        {"path": "a", "after": None},
        {"path": "b", "before": None},
        {"path": "c", "before": "(sensitive)", "after": "(sensitive)", "sensitive": True},
    ]


def test_objects_that_come_or_go_show_all_they_have() -> None:
    body = canonical_bytes(
        {"T": {"Name": "a", "Roles": [{"Name": "Web", "AMI": "x"}], "List": [1], "Empty": {}}}
    )
    names = FieldNames(plain_path, lambda _ref, path: path[-1] == "AMI")

    created = fields_of(change("A/a", "create", after=body), names)
    deleted = fields_of(change("A/a", "delete", before=body), names)

    assert [(f.path, f.after) for f in created] == [
        ("T.Empty", {}),
        ("T.List", [1]),
        ("T.Name", "a"),
        ("T.Roles.Web.AMI", "(sensitive)"),
        ("T.Roles.Web.Name", "Web"),
    ]
    assert [(f.path, f.before, f.after) for f in deleted][2] == ("T.Name", "a", ABSENT)
    assert fields_of(change("A/a", "delete", before=None), names) == ()
    assert fields_of(change("A/a", "create", after=None), names) == ()


def test_the_origin_of_an_edit_has_no_column() -> None:
    one = change("A/a", origin=Origin("x.yaml", 3, 9))

    assert plan_object(plan_of(one), PLAIN_NAMES, "1")["scopes"][0]["changes"][0]["origin"] == (
        "x.yaml:3"
    )


WHERE = "staging-eu/eu-west-1"


@pytest.mark.parametrize(
    ("commands", "expand", "shown"),
    [(2, False, 2), (2, True, 2), (6, False, 2), (6, True, 6)],
)
def test_commands_that_mend_a_scope_stand_on_lines_of_their_own(
    commands: int, expand: bool, shown: int
) -> None:
    reason = "\n".join(["no table", "  fix: type", *(f"    make {n}" for n in range(commands))])
    scope = ScopePlan(WHERE, ScopeState.WAITING, reason=Reason.stored(reason))
    lines = plain(text_lines(Plan("r", "l", (scope,), "d" * 64), expand=expand)).splitlines()
    head = next(line for line in lines if WHERE in line)
    assert head.endswith("no table; nothing planned there")
    made = [line for line in lines if line.strip().startswith("make ")]
    assert [line.strip() for line in made] == [f"make {n}" for n in range(shown)]
    assert all(line.startswith(" " * 17) for line in made)
    assert any("more lines: --expand" in line for line in lines) == (shown < commands)


def test_what_changes_of_schedules_mean_is_the_last_section_and_part_of_the_file() -> None:
    shift = ScheduleShift(("c50",), "", "office", "on", 55, 168, 2, "on", None)
    plan = replace(EVERYTHING, schedules=ScheduleMeaning((shift,), NOW, 113, 226, "found"))

    lines = view(plan, PLAIN_NAMES, expand=False).sections[-1]

    assert (lines.sign, lines.title, lines.tally) == ("~", "Schedules", "1 environment")
    assert lines.entries[0].remarks == ("office → on  on per week 55 h → 168 h",)
    assert lines.entries[-1].remarks == ()
    assert plan_object(plan, PLAIN_NAMES, "1")["schedules"]["startedNow"] == 2


def test_a_target_that_waits_leaves_the_rest_of_its_scope() -> None:
    waits = ScopePlan(WHERE, ScopeState.WAITING, reason=Reason("replicas: no table"))
    seen = ScopePlan(WHERE, ScopeState.OK)

    shown = plain(text_lines(Plan("r", "l", (seen, waits), "d" * 64)))

    assert f"{WHERE}  replicas: no table; the rest of the scope goes on\n" in shown


def test_what_is_said_of_several_objects_of_an_account_names_it_once() -> None:
    refs = [ResourceRef("Group", f"{WHERE}/{name}") for name in ("c50-ta-Db", "c50-ta-Web")]
    notes = tuple(Note(NoteCategory.BLOCKED, one, "locked") for one in refs)

    shown = plain(
        text_lines(Plan("r", "l", (ScopePlan(WHERE, ScopeState.OK, notes=notes),), "d" * 64))
    )

    assert f" 2 (c50-ta-Db, c50-ta-Web)  in {WHERE}  locked\n" in shown
