"""Values that must not be shown are covered wherever they stand, and nothing moves."""

import pytest

from controller.loading.positions import covered

NAMES = frozenset({"newRelicKey", "externalId"})


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
        ("{externalId: [abc, d], e: f}", "{externalId: ***** *], e: f}", "where a list was written instead"),
        ("- NEWRELICKEY: x\nb: y\n", "- NEWRELICKEY: *\nb: y\n", "the name in another case"),
        ("{myNewRelicKey: x, a: newRelicKey}", "{myNewRelicKey: x, a: newRelicKey}", "other names, and values, are left"),
    ],
)  # fmt: skip
def test_values_are_covered(text: str, shown: str, why: str) -> None:
    assert covered(text, NAMES) == shown, why


def test_without_names_nothing_is_covered() -> None:
    assert covered("{newRelicKey: abc}", frozenset()) == "{newRelicKey: abc}"
