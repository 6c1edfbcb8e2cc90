"""Values that must not be shown are covered wherever they stand, and nothing moves."""

from time import perf_counter

import pytest

from controller.loading.covered import NOTHING, CoveredNames, covered

NAMES = CoveredNames(frozenset({"newRelicKey", "externalId"}))


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        ("{newRelicKey: abc, bogus: 1}", "{newRelicKey: ***, bogus: 1}", "what follows in a flow map is shown"),
        ("a:\n  newRelicKey: a, b # c\n  b: 1\n", "a:\n  newRelicKey: ** * * *\n  b: 1\n", "a block value goes to the end of its line"),
        ("newRelicKey: >\n  abc\n\n  d\nb: 1\n", "newRelicKey: *\n  ***\n\n  *\nb: 1\n", "and on below, indented"),
        ("newRelicKey:\n  abc\nb: 1", "newRelicKey:\n  ***\nb: 1", "it may begin below"),
        ("{k: {newRelicKey:\n  abc, d: e}}", "{k: {newRelicKey:\n  ***, d: e}}", "in a flow map too"),
        ("{\"newRelicKey\": 'a, b', c: d}", '{"newRelicKey": *** **, c: d}', "quotes hold commas"),
        ('{newRelicKey: "a\\", b", c: d}', "{newRelicKey: ***** **, c: d}", "and quotes"),
        ('{a: b, newRelicKey: &x !!str "q", z: 1}', "{a: b, newRelicKey: ** ***** ***, z: 1}", "an anchor and a tag stand before it"),
        ('{newRelicKey: "abc', "{newRelicKey: ****", "quotes need not end"),
        ("{externalId: [abc, d], e: f}", "{externalId: ***** **, e: f}", "where a list was written instead"),
        ("- NEWRELICKEY: x\nb: y\n", "- NEWRELICKEY: *\nb: y\n", "the name in another case"),
        ("{myNewRelicKey: x, a: newRelicKey}", "{myNewRelicKey: x, a: newRelicKey}", "other names, and values, are left"),
    ],
)  # fmt: skip
def test_values_are_covered(text: str, shown: str, why: str) -> None:
    assert covered(text, NAMES) == shown, why


def test_without_names_nothing_is_covered() -> None:
    assert covered("{newRelicKey: abc}", NOTHING) == "{newRelicKey: abc}"


KNOWN = NAMES._replace(
    known=frozenset({"a", "b", "newRelicKey", "spec"}), holders=frozenset({"spec"})
)


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        ("{a: x, c: y}", "{a: x, c: *}", "what is no field may be meant for a secret one"),
        ("a: x\nc: y\n  z\nb: 1", "a: x\nc: *\n  *\nb: 1", "with what goes on below"),
        ("c:\n  a: x\n  d: y\n", "c:\n  a: x\n  d: *\n", "but not what is a field below"),
        ("c:\n\n- x\n- y\na: z", "c:\n\n* *\n* *\na: z", "a list below it"),
        ("- c:\n- x\na: z", "- c:\n- x\na: z", "no other member of its list"),
        ("- newRelicKey:\n    x\n- a: x", "- newRelicKey:\n    *\n- a: x", "nor of a secret's"),
        ("c:", "c:", "nothing is nothing"),
        ("spec: {a: x}", "spec: {a: x}", "a map has names of its own"),
        ("spec: &k {a: x}", "spec: &k *** **", "but for an anchor's"),
        ("spec:\n  a: x", "spec:\n  a: x", "below too"),
        ("{spec: x, a: y}", "{spec: *, a: y}", "what stands in its place may be the secret"),
        ("{a: {c: [x, {b: y}], b: z}}", "{a: {c: *** *** ***, b: z}}", "brackets to their end"),
        ("{a: {c: [x", "{a: {c: **", "or to the end of the text"),
        ('{"n\\x65w": x, ? c\n: y}', '{"n\\x65w": *, ? c\n: *}', "names with escapes and question marks"),
        ("? c\n: x\na: y", "? c\n: *\na: y", "also on a line of their own"),
        ("a: &k x\n  y\nb: *k", "a: &k *\n  *\nb: *k", "an anchor may be used for a secret"),
        ("a: [&k x, y]", "a: [&k *, y]", "in a list alone"),
        ("a: &k [x]\nb: y", "a: &k ***\nb: y", "with its brackets"),
        ("'c': x\n'a': y", "'c': *\n'a': y", "quotes are no part of a name"),
        ("http://x, b: y", "http:**** ** *", "rather too much"),
    ],
)  # fmt: skip
def test_values_of_what_is_no_field_are_covered(text: str, shown: str, why: str) -> None:
    assert covered(text, KNOWN) == shown, why


def test_texts_made_to_take_long_do_not() -> None:
    began = perf_counter()
    for part in (
        "{a: ",
        "[",
        '["',
        "{'",
        "&a ",
        "&a [",
        "- ",
        "a:\n",
        "? a\n",
        '"',
        ",a",
        "{\n",
        "{? ",
        "{! ",
    ):
        covered(part * 20_000, KNOWN)
    assert perf_counter() - began < 20


def test_many_values_are_covered_as_one_is() -> None:
    assert covered("c: x\n" * 2_000, KNOWN) == "c: *\n" * 2_000
