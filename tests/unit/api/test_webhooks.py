"""Deliveries of Git hosts: whose they are, what they name, and whether they came before."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.webhooks import REMEMBERED, Deliveries, commit_of, is_signed

OLD, NEW = "the secret of last year", "the secret of this year"
SHA = "a" * 40


def signature(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"x-hub-signature-256": signature(b"body", NEW)}, True),
        ({"x-hub-signature-256": signature(b"body", OLD)}, True),
        ({"x-gitlab-token": OLD}, True),
        ({"x-hub-signature-256": signature(b"other", NEW)}, False),
        ({"x-hub-signature-256": signature(b"body", "a third")}, False),
        ({"x-hub-signature-256": signature(b"body", NEW)[7:]}, False),
        ({"x-hub-signature-256": "sha256=é"}, False),
        ({"x-gitlab-token": "a third"}, False),
        ({"x-gitlab-token": ""}, False),
        ({}, False),
    ],
)
def test_a_delivery_is_known_by_either_secret(headers: dict[str, str], known: bool) -> None:
    assert is_signed(headers, b"body", (OLD, NEW)) is known
    assert not is_signed(headers, b"body", ())


@pytest.mark.parametrize(
    ("pushed", "commit"),
    [
        ({"after": SHA}, SHA),
        ({"after": "b" * 64}, "b" * 64),
        ({"after": "0" * 40}, ""),
        ({"after": "main; rm -rf /"}, ""),
        ({"after": 5}, ""),
        ({"ref": "refs/heads/main"}, ""),
        ([SHA], ""),
    ],
)
def test_a_commit_is_named_or_nothing_is(pushed: object, commit: str) -> None:
    assert commit_of(json.dumps(pushed).encode()) == commit


@given(st.binary(max_size=200))
def test_whatever_is_sent_names_a_commit_or_nothing(body: bytes) -> None:
    assert commit_of(body) == ""


def test_so_many_deliveries_are_remembered_and_no_more() -> None:
    deliveries = Deliveries()
    deliveries.remember("first", "id-first")
    assert deliveries.has_seen("other", "id-first")
    deliveries.remember(*(str(number) for number in range(REMEMBERED - 1)))

    assert not deliveries.has_seen("first")
    assert deliveries.has_seen("id-first")
