"""Credentials: read again every minute, refused when they are too old, and never quoted."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.api.credentials import KeptCredentials, credentials_of
from controller.aws.kept import FAILED_FOR, LONGEST_UNREAD
from controller.errors import AccessDenied, EnvctlError, Unreachable, WrongUsage
from tests.support.clock import Clock
from tests.support.http_interface import ADA, BOB, CREDENTIALS

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("token", "name"), [(ADA, "ada"), (BOB, "bob"), ("", None), (ADA + " ", None), ("é", None)]
)
def test_a_token_is_known_by_its_digest(token: str, name: str | None) -> None:
    holder = credentials_of("c.yaml", CREDENTIALS.encode()).holder(token)

    assert (holder and holder.name) == name


@pytest.mark.parametrize(
    "text",
    [
        "tokens: [{name: ada, sha256: topsecrettopsecret, scopes: [read]}]",
        "tokens: [{name: 'a b', sha256: topsecrettopsecret, scopes: []}]",
        "webhookSecrets: [topsecret]",
        "webhookSecrets: topsecrettopsecret",
        "webhookSecrets: [topsecrettopsecret, topsecrettopsecret, topsecrettopsecret]",
        "webhookSecrets: [topsecret",
        "[topsecret]",
        "more: 1",
    ],
)
def test_what_is_wrong_is_told_by_its_place_and_not_quoted(text: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        credentials_of("c.yaml", text.encode())

    assert "c.yaml" in str(caught.value)
    assert "topsecret" not in str(caught.value)


class Kept:
    """Credentials in hand, which may be changed, or out of reach."""

    def __init__(self) -> None:
        self.clock = Clock(NOW)
        self.text, self.error = CREDENTIALS, None
        self.reads = 0
        self.kept = KeptCredentials("c.yaml", self._read, self.clock)

    text: str
    error: EnvctlError | None

    def _read(self) -> bytes:
        self.reads += 1
        if self.error:
            raise self.error
        return self.text.encode()

    def knows(self, token: str) -> bool:
        return self.kept.current().holder(token) is not None


def test_one_that_was_taken_out_is_refused_after_a_minute() -> None:
    kept = Kept()
    assert kept.knows(ADA)
    kept.text = "tokens: []"
    kept.clock.now += timedelta(seconds=59)
    assert (kept.knows(ADA), kept.reads) == (True, 1)

    kept.clock.now += timedelta(seconds=2)

    assert (kept.knows(ADA), kept.reads) == (False, 2)


def test_what_cannot_be_read_again_counts_for_a_while() -> None:
    kept = Kept()
    assert kept.knows(ADA)
    kept.error = Unreachable("S3 does not answer")
    kept.clock.now += LONGEST_UNREAD
    assert (kept.knows(ADA), kept.knows(ADA), kept.reads) == (True, True, 2)

    kept.clock.now += timedelta(seconds=61)
    with pytest.raises(Unreachable):
        kept.knows(ADA)


def test_who_may_not_read_them_lets_nobody_in() -> None:
    kept = Kept()
    assert kept.knows(ADA)
    kept.error = AccessDenied("S3 denies it")
    kept.clock.now += timedelta(seconds=61)

    for _ in range(2):
        with pytest.raises(AccessDenied):
            kept.knows(ADA)


def test_strangers_do_not_have_them_read_as_often_as_they_ask() -> None:
    kept = Kept()
    kept.error = Unreachable("S3 does not answer")
    for _ in range(9):
        with pytest.raises(Unreachable):
            kept.knows("nobody's")
    assert kept.reads == 1

    kept.error = None
    kept.clock.now += FAILED_FOR

    assert (kept.knows(ADA), kept.reads) == (True, 2)
