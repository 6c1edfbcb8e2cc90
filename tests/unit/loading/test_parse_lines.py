"""Reading by lines: what it reads is what ``parse_documents`` reads, and the lines people write are read so."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.corpus import generate
from controller.loading import parse_lines as by_lines
from controller.loading.documents import (
    MAX_DEPTH,
    MAX_EVENTS,
    Document,
    events_of,
    parse_documents,
)
from controller.loading.parse_lines import FLOW_DEPTH, LAST_COLUMN, LONGEST, parse_lines


def assert_the_law_holds(text: str) -> None:
    """What is read by lines is the same as by events: values, their types, the order of fields, and line numbers."""
    found = parse_lines(text.encode())
    if found is not None:
        assert repr(found) == repr(parse_documents(text.encode()))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("# of Tango\n\na: 1  # one\n", {"a": 1}),
        ("  a: x\n  b:\n  c: ''\n", {"a": "x", "b": None, "c": ""}),
        ("a:\n  b:\n    c: yes\n  d: 0x1F\ne: 1.10\n", {"a": {"b": {"c": "yes"}, "d": 31}, "e": 1.1}),
        ("a:\n- x\n- b: 1\n  c:\n  - y\nd: 2\n", {"a": ["x", {"b": 1, "c": ["y"]}], "d": 2}),
        ("a:\n  - b:\n      c: 1\n  -   b: 2\n      c: 3\n", {"a": [{"b": {"c": 1}}, {"b": 2, "c": 3}]}),
        ("a: [1, 'x, y', {b: c d, e: []}] # f\ng: {}\n", {"a": [1, "x, y", {"b": "c d", "e": []}], "g": {}}),
        ('a: "#x"\nb: \'19:00\'\nc: 19:00\n', {"a": "#x", "b": "19:00", "c": "19:00"}),
        ('a: say, "{x}" [y]; a#b :c\n', {"a": 'say, "{x}" [y]; a#b :c'}),
        ("a: [http://x/y, 07:30, ]\n", {"a": ["http://x/y", "07:30"]}),
    ],
)  # fmt: skip
def test_what_lines_say(text: str, wanted: object) -> None:
    read = parse_lines(text.encode())
    assert read is not None
    assert [document.value for document in read] == [wanted]
    assert_the_law_holds(text)


def test_documents_know_their_lines() -> None:
    text = b"# schema\n---\n\na: 1\n---\n# the next\n\nb: 2\n---\nc: 3"
    assert parse_lines(text) == parse_documents(text)
    assert parse_lines(text) == (
        Document(4, {"a": 1}),
        Document(8, {"b": 2}),
        Document(10, {"c": 3}),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "---\n---\na: 1\n",
        "a: 1\n---\n",
        "--- # x\na: 1\n",
        "- a\n",
        "- a: [x]\n  b: [y]\n",
        "a: [x?]\n",
        "a\n",
        "a: 1\n b: 2\n",
        "a: 1\n  goes on\n",
        "  a: 1\nb: 2\n",
        "a:\n    b: 1\n  c: 2\n",
        "a:\n  - b\n  c: 1\n",
        "a:\n  b: 1\n- c\n",
        "a: 1\n- b\n",
        "a: 1\na: 2\n",
        "a: {b: 1, b: 2}\n",
        "a: {null: 1}\n",
        "null: 1\n",
        "a: 012\n",
        "a: [012]\n",
        "a: {b}\n",
        "a: [b: c]\n",
        "a: ['b' 'c']\n",
        "a: [b] c\n",
        "a: 'b'c\n",
        "a: b: c\n",
        "a: [b\n",
        "a: &x 1\n",
        "a: !!str 1\n",
        "a: |\n  x\n",
        'a: "\\n"\n',
        "a: ä\n",
        "a: 1\r\n",
        "a:\t1\n",
        "-\n",
        "- - a\n",
        f"a: {'[' * (FLOW_DEPTH + 1)}{']' * (FLOW_DEPTH + 1)}\n",
        f"{' ' * (LAST_COLUMN + 1)}a: 1\n",
        f"a:\n -{' ' * LAST_COLUMN}b: 1\n",
        f"a: {'x' * LONGEST}\n",
    ],
)  # fmt: skip
def test_what_is_left_to_others(text: str) -> None:
    assert parse_lines(text.encode()) is None


def test_nothing_is_read_that_has_more_values_or_is_deeper_than_a_file_may_be() -> None:
    deep = "".join(f"{' ' * n}a:\n" for n in range(0, LAST_COLUMN, 2))
    deep += f"{' ' * LAST_COLUMN}b: {'[' * FLOW_DEPTH}{']' * FLOW_DEPTH}\n"
    assert parse_lines(deep.encode()) == parse_documents(deep.encode())
    assert 2 * (LAST_COLUMN + 1) + FLOW_DEPTH <= MAX_DEPTH
    for text in (b"a:\n" + b"- b:\n" * 99, b"---\na:\n" * 99, b"a: [" + b"[]," * 99 + b"]"):
        assert len(list(events_of(text))) <= len(text) + 8
    assert LONGEST + 8 <= MAX_EVENTS


def test_nobody_gets_what_another_got() -> None:
    text = b"a: [{b: [1]}]\n"
    ((_, first),) = parse_lines(text) or ()
    first["a"][0]["b"].append(2)
    assert parse_lines(text) == (Document(1, {"a": [{"b": [1]}]}),)


def test_the_memo_is_emptied_when_full_and_keeps_no_long_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(by_lines, "_MEMO_LINES", 10)
    text = "".join(f"a{n}: {n}\nb{n}: {'x' * 200}\n" for n in range(50))
    assert_the_law_holds(text)
    assert len(by_lines._LINES) <= 10
    assert max(map(len, by_lines._LINES)) < 200


def test_all_but_the_texts_of_a_large_fleet_is_read_by_lines() -> None:
    texts = generate(500, 60)
    left = {path for path, text in texts.items() if parse_lines(text.encode()) is None}
    assert {path.split("/")[1] for path in left} == {"templates"}
    for text in texts.values():
        assert_the_law_holds(text)


INDENTS = st.sampled_from(["", "", "  ", "  ", "    ", " ", "   "])
KEYS = st.sampled_from([*("a", "b", "c", "kind", "x-y") * 3, "null", "true", "a.b/c", "'q'", "<<", "a b", "~", "1"])  # fmt: skip
SCALARS = st.sampled_from([
    "x", "1", "007", "1.10", "0x1f", "yes", "null", "~", "true", "07:30", "a:b", "a::", "a#c", "'q'", '"q"',
    "'it''s'", '"\\n"', "-5", "&x", "*a", "!t", "|", ">", "x,y", "x?", "[", "]", "{", "}", "{}", "[]", "-",
    "?", "a\\b", "<x>", "$v", "^x$", "(y)", "+1", ".5", "1e5", "...", "---", "%x", "@x", "`x", "é",
    "9223372036854775808", "1e999", 'a"b', "a'b", "a{b}", "http://x/y?z=1&a=b", "a: b", "a #c", "a :b",
    "a : b", "a  b", "x\t", "- x", '"a": b',
])  # fmt: skip
FLOWS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: f"[{', '.join(found)}]"),
        st.lists(st.tuples(KEYS, inner), max_size=3).map(
            lambda found: "{" + ", ".join(f"{key}: {value}" for key, value in found) + "}"
        ),
        inner.map("[ {} ]".format),
        inner.map("[{},]".format),
        inner.map("{{a:{}}}".format),
    ),
    max_leaves=5,
)
LINES = st.one_of(
    st.builds("{}{}:{}".format, INDENTS, KEYS, st.sampled_from(["", "", " ", " # c", "#c"])),
    st.builds("{}{}: {}{}".format, INDENTS, KEYS, FLOWS, st.sampled_from(["", "", " # c", "#c", " "])),
    st.builds("{}{}{}: {}".format, INDENTS, st.sampled_from(["- ", "-   "]), KEYS, SCALARS),
    st.builds("{}{}{}".format, INDENTS, st.sampled_from(["- ", "-  ", "-", "- - "]), FLOWS),
    st.builds("{}{}".format, INDENTS, st.sampled_from(["---", "", "#", "# c", "...", "--- x", "%T", "text"])),
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(LINES, min_size=1, max_size=7).map("\n".join))
@example("a:\n- b\nc: 1")
@example("a:\n  b:\n- c")
@example("---\na:\n---\nb: [c]")
def test_the_law_holds_for_any_lines(text: str) -> None:
    assert_the_law_holds(text)
