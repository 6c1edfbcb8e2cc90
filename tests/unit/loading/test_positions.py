"""Where a value was written, for the caret under it."""

import pytest

from controller.loading.positions import MAX_CHARACTERS, Positions, Spot, dotted, excerpt
from controller.model.ref import Origin

TEXT = """\
# a comment
apiVersion: envctl/v1
metadata: {name: c50, labels: {}}
spec:
  owningCluster: "Tango"   # moved in March
  empty:
  base: &base
    kind: x
  roles:
    - name: Web
      services: [Search, 'Check out']
    - *base
  text: |
    two
    lines
---
second: &whole {a: [1, *whole]}
[odd]: {b: 1}
? {odder: 1}
: c
copy: *nowhere
"""


_Path = tuple[str | int, ...]
_Seen = tuple[int, int, str]


def seen(index: int, path: _Path, *, key: bool = False) -> _Seen:
    """Return line, column and the text over the carets."""
    position = Positions(TEXT.encode()).locate(index, path, key=key)
    cut = position.excerpt
    origin = position.origin("")
    return origin.line, origin.column, cut.text[cut.start : cut.start + cut.length]


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("apiVersion",), (2, 13, "envctl/v1"), (2, 1, "apiVersion")),
        (("metadata", "name"), (3, 18, "c50"), (3, 12, "name")),
        (("metadata", "labels"), (3, 31, "{}}"), (3, 23, "labels")),
        (("spec",), (5, 3, 'owningCluster: "Tango"   # moved in March'), (4, 1, "spec")),
        (("spec", "owningCluster"), (5, 18, '"Tango"'), (5, 3, "owningCluster")),
        (("spec", "empty"), (6, 3, "empty"), (6, 3, "empty")),
        (("spec", "roles", 0, "services", 1), (11, 26, "'Check out'"), (11, 26, "'Check out'")),
        (("spec", "roles", 0, "name"), (10, 13, "Web"), (10, 7, "name")),
        (("spec", "roles", 1), (7, 9, "&base"), (12, 7, "*base")),
        (("spec", "roles", 1, "kind"), (8, 11, "x"), (8, 5, "kind")),
        (("spec", "text"), (13, 9, "|"), (13, 3, "text")),
        ((), (2, 1, "apiVersion"), (2, 1, "apiVersion")),
    ],
)
def test_the_caret_covers_the_value_or_its_key(path: _Path, value: _Seen, key: _Seen) -> None:
    assert seen(0, path) == value
    assert seen(0, path, key=True) == key


@pytest.mark.parametrize(
    ("index", "path", "wanted", "because"),
    [
        (0, ("spec", "bluePort"), (4, 1, "spec"), "the key of the parent"),
        (0, ("spec", "roles", 7, "ami"), (9, 3, "roles"), "the key of the list"),
        (0, ("spec", "roles", 0, "ami"), (10, 7, "name: Web"), "an item of a list has no key"),
        (0, ("kind",), (2, 1, "apiVersion"), "the first key of the document"),
        (
            0,
            ("spec", "owningCluster", "x", "y"),
            (5, 18, '"Tango"'),
            "a text is a short form: it stands for its parts",
        ),
        (1, ("kind", "kind"), (17, 1, "second"), "the first key of the second document"),
        (7, ("kind",), (1, 1, "# a comment"), "no such document: the top of the file"),
    ],
)
def test_what_is_missing_is_shown_at_the_nearest_parent(
    index: int, path: _Path, wanted: _Seen, because: str
) -> None:
    assert seen(index, path) == wanted, because


def test_irregular_text_is_read_as_far_as_it_goes() -> None:
    assert seen(1, ("second", "a", 1, "a", 0)) == (17, 21, "1")
    assert seen(1, ("copy",)) == (21, 7, "*nowhere")
    broken = b"a: 1\nb: [1\nc: 2\n"
    assert Positions(broken).locate(0, ("a",)).origin("").column == 4
    deep = b"a: 1\nb: " + b"[" * 100_000
    assert Positions(deep).locate(0, ("a",)).origin("").column == 4
    assert Positions(b"x: 1\n--- text").locate(1, ("a",)).origin("").line == 2
    assert Positions(b"").locate(0, ("a",)).excerpt.text == ""
    assert Positions(b"--- {}").locate(0, ()).origin("").column == 5


def test_one_reading_answers_many() -> None:
    positions = Positions(b"\xef\xbb\xbf\xc3\xa4: 1\r\nb: \xe2\x82\xac\xe2\x82\xac\r\n")
    assert positions.locate(0, ("ä",)).origin("f.yaml") == Origin("f.yaml", 1, 4)
    found = positions.locate(0, ("b",))
    assert (*found.origin("")[1:], found.excerpt.text, found.excerpt.length) == (
        2,
        4,
        "b: €€",
        2,
    )


def test_a_long_line_is_cut_around_the_caret() -> None:
    text = f"first\n{'x' * 300}HERE{'y' * 300}\n"
    cut = excerpt(text, Spot(1, 300, 306), 4)
    assert cut.text[cut.start : cut.start + cut.length] == "HERE"
    assert len(cut.text) == MAX_CHARACTERS
    assert cut.text[0] == cut.text[-1] == "…"
    assert excerpt(text, Spot(1, 300, 306), None).length == len(cut.text) - cut.start
    assert excerpt("abc", Spot(0, 3, 3), 0).length == 1


def test_an_excerpt_prints_nothing_a_terminal_would_obey() -> None:
    assert excerpt("a:\t\x1b[31m\u202e x", Spot(0, 0, 0), 1).text == "a:→\ufffd[31m\ufffd x"


def test_a_path_reads_as_people_write_it() -> None:
    assert dotted(()) == ""
    assert dotted(("spec", "roles", 0, "ami")) == "spec.roles[0].ami"
    assert dotted(("a\x1bb", 1)) == "a\\x1bb[1]"
