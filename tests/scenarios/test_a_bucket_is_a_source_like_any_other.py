"""Commands take their desired state from a bucket, and the ledger names whom the objects name."""

from pathlib import Path

import pytest

from controller.aws.clients import Clients
from controller.aws.errors import Place
from tests.support.buckets import Bucket
from tests.support.command_line import TEAMS, Fleet, envctl, service, use_settings

pytestmark = pytest.mark.slow


def test_from_the_settings_to_the_ledger(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket.made(Clients().client(Place("", "eu-west-1"), "s3"))
    said = {"author": "Ada Author <ada@example.com>", "commit": "1f" * 20, "pull-request": "#17"}
    bucket.put({"teams.yaml": TEAMS, "search.yaml": service("Search", 40000)}, Metadata=said)
    s3 = f"s3: {{bucket: {bucket.name}, prefix: {bucket.prefix}, settleSeconds: 0}}"
    use_settings(tmp_path, monkeypatch, f"source: {{{s3}}}\n")

    applied = envctl("apply", "--yes")
    blamed = envctl("audit", "blame", "Service/Search", "--format", "json")
    shown = envctl("status")

    assert applied.code == 0, applied.err
    assert "objects@" in applied.out
    assert "Ada Author <ada@example.com>" in blamed.out
    assert str(bucket.location) in shown.out
    assert envctl("plan").code == 0


def test_a_bucket_that_cannot_be_read_is_to_be_tried_again(installed: Fleet) -> None:
    refused = envctl("plan", "--source", "s3://no-such-bucket/fleet")

    assert refused.code == 5
    assert "s3://no-such-bucket/fleet" in refused.err
