"""What a plain scalar means: the core schema of YAML 1.2, less what a reader may take for something else."""

import pytest

from controller.loading.documents import IrregularScalar, printable, resolve, resolve_tagged

CORE = "tag:yaml.org,2002:"


@pytest.mark.parametrize(
    ("text", "wanted", "because"),
    [
        ("null", None, "null"),
        ("Null", None, "null"),
        ("NULL", None, "null"),
        ("~", None, "null"),
        ("", None, "nothing is null"),
        ("nULL", "nULL", "only three spellings are null"),
        ("none", "none", "another language's word"),
        ("true", True, "a boolean"),
        ("True", True, "a boolean"),
        ("TRUE", True, "a boolean"),
        ("false", False, "a boolean"),
        ("False", False, "a boolean"),
        ("FALSE", False, "a boolean"),
        ("tRUE", "tRUE", "only three spellings are true"),
        ("yes", "yes", "YAML 1.1 alone took it for a boolean"),
        ("no", "no", "Norway"),
        ("on", "on", "a schedule"),
        ("off", "off", "a schedule"),
        ("y", "y", "text"),
        ("N", "N", "text"),
        ("0", 0, "an integer"),
        ("-0", 0, "an integer"),
        ("-19", -19, "an integer"),
        ("+7", 7, "an integer"),
        ("0o7", 7, "octal has its own prefix"),
        ("0o17", 15, "octal has its own prefix"),
        ("0x3A", 58, "hexadecimal"),
        ("-0x3A", "-0x3A", "prefixed numbers have no sign"),
        ("0o8", "0o8", "no octal digit"),
        ("0b11", "0b11", "YAML 1.2 has no binary numbers"),
        ("1_000", "1_000", "YAML 1.2 has no underscores in numbers"),
        ("9223372036854775807", 2**63 - 1, "the largest of 64 bits"),
        ("-9223372036854775808", -(2**63), "the smallest of 64 bits"),
        ("0.", 0.0, "a float"),
        ("0.5", 0.5, "a zero before the point is no leading zero"),
        ("-0.0", -0.0, "a float"),
        (".5", 0.5, "a float"),
        ("+12e03", 12000.0, "a float"),
        ("-2E+05", -200000.0, "a float"),
        ("1.10", 1.1, "an unquoted version is a number; the field's type says to quote it"),
        (".", ".", "no digit"),
        ("-", "-", "no digit"),
        ("+", "+", "no digit"),
        ("..5", "..5", "no number"),
        ("1e", "1e", "an exponent has digits"),
        ("1.2.3", "1.2.3", "a version"),
        ("19:00", "19:00", "YAML 1.2 has no sexagesimal numbers"),
        ("08:00", "08:00", "a time, not a number with a leading zero"),
        ("2026-12-19", "2026-12-19", "YAML 1.2 has no dates"),
        ("0.0.0.0/0", "0.0.0.0/0", "a network"),
        ("12ab", "12ab", "text"),
        ("١٢", "١٢", "only ASCII digits are digits"),
        ("=", "=", "text"),
        ("<<", "<<", "text as a value"),
        ("-.infinite", "-.infinite", "text"),
    ],
)
def test_a_plain_scalar_means(text: str, wanted: object, because: str) -> None:
    value = resolve(text)
    assert (type(value), repr(value)) == (type(wanted), repr(wanted)), because


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("012", "leading zero"),
        ("00", "leading zero"),
        ("-01", "leading zero"),
        ("012345670123", "leading zero"),
        ("01.5", "leading zero"),
        ("0123e4", "leading zero"),
        (".inf", "cannot be stored as a number"),
        ("-.Inf", "cannot be stored as a number"),
        ("+.INF", "cannot be stored as a number"),
        (".nan", "cannot be stored as a number"),
        (".NaN", "cannot be stored as a number"),
        (".NAN", "cannot be stored as a number"),
        ("9223372036854775808", "too large"),
        ("-9223372036854775809", "too large"),
        ("0xFFFFFFFFFFFFFFFFFF", "too large"),
        ("0o7777777777777777777777777", "too large"),
        ("1e999", "too large"),
        ("-1e999", "too large"),
        ("1" * 5000, "too large"),
        ("1." + "1" * 5000, "too large"),
    ],
)
def test_a_number_that_may_be_misread_or_does_not_fit_is_refused(text: str, message: str) -> None:
    with pytest.raises(IrregularScalar) as refused:
        resolve(text)
    assert message in refused.value.message
    assert refused.value.fix
    assert len(refused.value.message) + len(refused.value.fix) < 200


@pytest.mark.parametrize(
    ("text", "tag", "plain", "wanted"),
    [
        ("1.10", "str", True, "1.10"),
        ("012", "str", True, "012"),
        ("", "str", True, ""),
        ("12", "int", True, 12),
        ("12", "float", True, 12.0),
        ("1.5", "float", True, 1.5),
        ("true", "bool", True, True),
        ("~", "null", True, None),
    ],
)
def test_a_core_tag_says_what_the_text_must_be(
    text: str, tag: str, plain: bool, wanted: object
) -> None:
    value = resolve_tagged(text, CORE + tag, plain=plain)
    assert (type(value), value) == (type(wanted), wanted)


@pytest.mark.parametrize(
    ("text", "tag", "plain", "message"),
    [
        ("x", CORE + "int", True, "'x' is no int"),
        ("12", CORE + "int", False, "'12' is no int"),
        ("true", CORE + "int", True, "'true' is no int"),
        ("1", CORE + "bool", True, "'1' is no bool"),
        ("012", CORE + "int", True, "leading zero"),
        ("2026-01-01", CORE + "timestamp", True, "unknown tag '!!timestamp'"),
        ("x", "!secret", True, "unknown tag '!secret'"),
        ("x", "!", True, "unknown tag '!'"),
        ("x", "str", True, "unknown tag 'str'"),
    ],
)
def test_a_tag_that_is_unknown_or_does_not_fit_is_refused(
    text: str, tag: str, plain: bool, message: str
) -> None:
    with pytest.raises(IrregularScalar) as refused:
        resolve_tagged(text, tag, plain=plain)
    assert message in refused.value.message


def test_what_is_repeated_in_a_message_is_short_and_printable() -> None:
    assert printable("a" * 100) == "a" * 39 + "…"
    assert printable("a\x1b[31m") == "a\\x1b[31m"
