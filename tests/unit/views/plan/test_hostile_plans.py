"""A thousand plans full of hostile names and values: no format runs, calls, hides or fakes anything."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.canonical import ABSENT, canonical_bytes
from controller.model.observed import ScopeState
from controller.model.plan import (
    Action,
    Cause,
    Change,
    Edit,
    FieldChange,
    Note,
    NoteCategory,
    Plan,
    ScopePlan,
    Violation,
)
from controller.model.printable import printable
from controller.model.ref import Origin, Reason, ResourceRef
from controller.planning.fields import PLAIN_NAMES
from controller.views.documents.plan import render_json
from controller.views.plan.html import render_html
from controller.views.plan.html_page import SCRIPT
from controller.views.plan.markdown import LEAST_BUDGET, Links, render_markdown
from controller.views.plan.text import text_lines
from controller.views.style import coloured, plain
from tests.support.markdown_page import MarkdownPage
from tests.unit.planning.worlds import change
from tests.unit.views.plan.test_renderers import markdown_is_whole

PLANS, PARTS = 1_000, 20
FAKED: Final = "FAKED"
PIECES: Final = (
    *("a", "web-1.4.2", "fleet/x.yaml:19", " ", "  ", "/", ":", ", …)", "ENDS ", " → ", "(absent)"),
    *("\n", "\r\n", "\x1b[2J", "\x00", "\x7f", "\x9b31m", "\x85", "\u2028", "\u2029", "\t"),
    *("\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\u00ad", "\u3164", "\ufe0f", "\U000e0041"),
    *("@security-team/x", "@all", "#1", "acme/fleet#1", "*x*", "[y](https://evil.example)", "|", "`"),
    *("```\n", "`````\n", "</details>", "</summary>", "<img src=x onerror=y>", "<script>", "-->"),
    *('"', "'", '" onclick="x', "&#64;all", "&lt;", "\\", "<!-- envctl plan -->", "\n# Approved"),
    *(f"\n+ Group {FAKED}", f"\n  - Group {FAKED}", f"\n~ {FAKED}", f"\nGuards: ok {FAKED}"),
    *(f"\rRefused  {FAKED}", f"\u2028Approved  {FAKED}", f"\n\n> **Approved** {FAKED}"),
)  # fmt: skip
ACTIONS: Final[tuple[Action, ...]] = ("create", "update", "update", "delete", "stop")
TAGS: Final = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "p",
        "pre",
        "ul",
        "li",
        "details",
        "summary",
        "b",
        "span",
        "div",
        "table",
        "tr",
        "th",
        "td",
        "input",
        "select",
        "option",
        "button",
        "output",
        "script",
    ]
)
ATTRIBUTES: Final = frozenset(
    [
        *("lang", "charset", "name", "content", "class", "open", "scope", "colspan", "http-equiv"),
        *("data-kind", "data-cause", "data-scope"),
        *("data-act", "type", "placeholder", "aria-label", "hidden", "value"),
    ]
)


class Hostile:
    """Makes plans of what others could write."""

    def __init__(self, seed: int) -> None:
        """Make the same for the same seed."""
        self.random = Random(seed)

    def text(self) -> str:
        return "".join(self.random.choices(PIECES, k=self.random.randint(1, 5)))

    def value(self) -> Any:
        values = (ABSENT, 7, None, self.text(), self.text(), "x" * 90 + self.text())
        return self.random.choice((*values, {self.text(): [self.text()]}))

    def origin(self) -> Origin:
        return Origin(self.text(), self.random.randint(0, 9))

    def ref(self) -> ResourceRef:
        return ResourceRef(self.random.choice(("Group", self.text())), self.text())

    def fields(self) -> tuple[FieldChange, ...]:
        count = self.random.randint(0, 8)
        return tuple(FieldChange(self.text(), self.value(), self.value()) for _ in range(count))

    def body(self) -> bytes:
        return canonical_bytes({"T": {self.text(): self.text(), "Name": self.text()}})

    def change(self) -> Change:
        action, body = self.random.choice(ACTIONS), self.body()
        extra = {"metadata": {"labels": {self.text(): self.text()}}, "spec": {self.text(): [1]}}
        made = change(
            "A/a",
            action,
            cause=self.random.choice(tuple(Cause)),
            fields=self.fields() if action == "update" else (),
            before=None if action == "create" else body,
            after=None if action == "delete" else body,
            extra=canonical_bytes(extra),
            because=self.random.choice(("", self.text())),
            origin=self.origin(),
            edit=self.random.choice((None, Edit(self.origin(), self.text()))),
        )
        return replace(made, ref=self.ref())

    def plan(self) -> Plan:
        changes = tuple(self.change() for _ in range(self.random.randint(1, 4)))
        refusal = Violation(
            "maxDeletes", self.text(), self.text(), "3f" * 32, (self.ref(),), printable(self.text())
        )
        notes = (Note(NoteCategory.FOREIGN, self.ref(), self.text()),)
        unknown = ScopePlan(self.text(), ScopeState.UNKNOWN, reason=Reason(self.text()))
        scope = ScopePlan("config", ScopeState.OK, changes, (refusal,), notes)
        return Plan("r1", self.text(), (scope, unknown), "d" * 64)


class Tags(HTMLParser):
    """What tags and attributes a page has."""

    def __init__(self, page: str) -> None:
        """Read the page."""
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


OUR_TAGS: Final = frozenset(
    ["a", "blockquote", "code", "details", "h3", "p", "pre", "strong", "summary", "b"]
)
OUR_SIGNS: Final = re.compile(r"[\w\s.,:;()·*'-]*")
"""What our own words are made of: no sign by which a code host finds people, issues, labels, commands or addresses."""
FILES: Final = "https://code.example/acme/fleet/blob/9f1e0aa"


def nobody_is_called(comment: str) -> None:
    """Outside of code there are our words alone, and links below the address that was given."""
    page = MarkdownPage(comment)
    assert OUR_SIGNS.fullmatch(page.said), page.said
    assert not re.search(r"evil|security|www|FAKED|https?:", page.said)
    assert page.tags <= OUR_TAGS
    assert page.attributes <= {"open", "href", "class"}
    assert page.headings == 1
    assert all(link.startswith((f"{FILES}/", "https://code.example/run")) for link in page.links)


def nothing_is_hidden_or_faked(text: str) -> None:
    seen = text.replace("\n", "")
    assert printable(seen) == seen
    for line in text.split("\n") if FAKED in text else ():
        assert not re.match(
            rf"[ >*]*([-+~!^v] )?(Group|Guards: ok|Refused|Approved)?[ *]*{FAKED}", line
        )


@pytest.mark.parametrize("part", range(PARTS))
def test_no_format_hides_or_fakes_or_calls_or_runs_anything(part: int) -> None:
    hostile = Hostile(part)
    for _ in range(PLANS // PARTS):
        plan = hostile.plan()
        expand = hostile.random.random() < 0.5
        lines = text_lines(plan, expand=expand)
        comment = render_markdown(plan, expand=expand, links=Links(FILES))
        page = render_html(plan, expand=expand)
        data = render_json(plan, names=PLAIN_NAMES, controller_version="1").decode()

        for text in (plain(lines), comment, page, data):
            nothing_is_hidden_or_faked(text)
        nothing_is_hidden_or_faked(re.sub("\x1b\\[[0-9;]*m", "", coloured(lines)))
        assert json.loads(data)["label"] == plan.label

        markdown_is_whole(comment)
        nobody_is_called(comment)
        assert page.count("<script") == page.count(f"<script>{SCRIPT}</script>") == 1
        tags = Tags(page)
        assert tags.tags <= TAGS
        assert tags.attributes <= ATTRIBUTES


@given(st.integers(0, 2**32), st.integers(LEAST_BUDGET, 3 * LEAST_BUDGET), st.integers(1, 60))
def test_whatever_is_in_it_a_comment_keeps_its_budget_and_says_what_is_deleted(
    seed: int, budget: int, changes: int
) -> None:
    hostile = Hostile(seed)
    plans = [hostile.plan() for _ in range(changes)]
    plan = Plan("r1", hostile.text() * 9, tuple(s for one in plans for s in one.scopes), "d" * 64)
    deletes = sum(one.action == "delete" for one in plan.changes if one.cause != Cause.SCHEDULED)

    comment = render_markdown(plan, budget=budget, links=Links(FILES, "https://code.example/run/1"))

    assert len(comment.encode()) <= budget
    nothing_is_hidden_or_faked(comment)
    nobody_is_called(comment)
    told = re.search(r"\*\*Destructive: (\d+) objects? deleted", comment)
    assert deletes == (int(told[1]) if told else 0)
