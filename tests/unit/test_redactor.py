"""Secrets are found in every form in which texts hold them, whole and in part."""

import base64
import html
import json
import threading
from urllib.parse import quote, quote_plus

import pytest

from controller.redactor import HIDDEN, SHORTEST, Redactor

SECRETS = (
    "ghs_CANARYgithubtoken",
    '{"user": "app", "password": "S3CRET \\ canary"}',
    "two words  & <more>",
    "späßchen-über-alles",
    "first line of it\nsecond line of it",
    "a+b/c=d?e%f&g#h",
    "it's 'quoted'",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found_in_every_form(secret: str) -> None:
    redactor = Redactor()
    redactor.tell(secret)
    for form in (
        secret,
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        json.dumps(json.dumps(secret)),
        repr(secret),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        " ".join(secret.split()),
    ):
        shown = redactor.redact(f"before {form} after")
        assert HIDDEN in shown, form
        assert shown.startswith("before "), form
        assert len(shown) < len("before  after") + 12, (form, shown)


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_base64_of_a_text_around_it_too(before: str) -> None:
    redactor = Redactor()
    redactor.tell("ghs_CANARYgithubtoken")
    whole = base64.b64encode(f"{before}ghs_CANARYgithubtoken:rest".encode()).decode()
    shown = redactor.redact(whole)
    assert HIDDEN in shown
    # What is left are the characters that stand for bytes around it too.
    assert len(shown) <= len(base64.b64encode(f"{before}:rest".encode())) + len(HIDDEN) + 4


def test_the_longest_first_so_that_no_end_of_one_is_left() -> None:
    redactor = Redactor()
    redactor.tell("canary-one")
    redactor.tell("canary-one-and-more", "canary-one")
    assert redactor.redact("x canary-one-and-more y canary-one") == "x *** y ***"


def test_what_is_too_short_is_no_secret() -> None:
    redactor = Redactor()
    redactor.tell("x" * (SHORTEST - 1), "  testing ", "")
    assert redactor.redact(f"testing {'x' * SHORTEST}") == f"testing {'x' * SHORTEST}"


def test_a_part_that_others_quote_is_taken_out_of_what_they_say() -> None:
    redactor = Redactor()
    assert redactor.redact_quoted("x" * 30_000) == "x" * 20_000
    redactor.tell("ghs_CANARYgithubtokenOfMany")
    said = redactor.redact_quoted(
        "Value 'ghs_CANARYgithub…' at 'externalId', 'githubtokenOfMany' too"
    )
    assert said == "Value '***…' at 'externalId', '***' too"
    assert redactor.redact_quoted("ghs_CANARY is too little") == "ghs_CANARY is too little"


def test_values_and_bytes() -> None:
    redactor = Redactor()
    given = {"a": ["x secret-value", 1, None], "secret-value": "b"}
    assert redactor.redact_values(given) is given
    assert redactor.redact_bytes(b"\xff secret-value") == b"\xff secret-value"
    redactor.tell("secret-value")
    assert redactor.redact_values(given) == {"a": ["x ***", 1, None], "secret-value": "b"}
    assert redactor.redact_bytes(b"\xff secret-value") == b"\xff ***"
    redactor.forget()
    assert redactor.redact("secret-value") == "secret-value"


def test_many_threads_tell_at_once() -> None:
    redactor = Redactor()
    secrets = [f"secret-of-{number:04}" for number in range(200)]
    threads = [threading.Thread(target=redactor.tell, args=secrets[at::8]) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(redactor.redact(" ".join(secrets)).split()) == {HIDDEN}
