"""Lengths of time, moments, names of runs, files named by hand: what people type and what they get."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from controller.aws.blob_store import parse_s3_uri
from controller.engine.authoring.write_files import write_file
from controller.engine.commit.storage import new_run_id
from controller.engine.installation.process_context import ProcessContext
from controller.engine.installation.settings_file import read_named
from controller.engine.queries.moments import parse_duration, parse_moment
from controller.errors import RefusedByAws, WrongUsage

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def around(**environment: str) -> ProcessContext:
    return ProcessContext(
        environment=environment,
        clock=lambda: NOW,
        sleep=lambda _: None,
        user="ada",
        instance="here-1",
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("7d", 604_800)]
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5 weeks", "-5m", "1e3", "١m" * 9])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(WrongUsage, match="no length of time"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T09:30", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
        ("2026-11-24T09:30+01:00", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
        ("2h", NOW - timedelta(hours=2)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["yesterday", "999999d", ""])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(WrongUsage, match="no moment"):
        parse_moment(text, NOW)


def test_names_of_runs_sort_by_time_and_differ() -> None:
    names = [new_run_id(NOW + timedelta(milliseconds=number)) for number in range(50)]

    assert names == sorted(names)
    assert {len(name) for name in names} == {26}
    assert new_run_id(NOW) != new_run_id(NOW)


@pytest.mark.parametrize("text", ["s3://", "s3://bucket", "s3://Bucket/key", "http://bucket/key"])
def test_what_names_no_object(text: str) -> None:
    with pytest.raises(WrongUsage, match="names no object"):
        parse_s3_uri(text)


def test_texts_of_this_machine_and_of_s3(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"here")
    with mock_aws():
        s3 = boto3.client("s3", "eu-west-1")
        s3.create_bucket(
            Bucket="acme", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        s3.put_object(Bucket="acme", Key="envctl/a.yaml", Body=b"there")

        assert read_named(str(tmp_path / "a.yaml"), "settings", around()) == b"here"
        assert (
            read_named("s3://acme/envctl/a.yaml", "settings", around(AWS_REGION="eu-west-1"))
            == b"there"
        )
        with pytest.raises(RefusedByAws, match="s3://acme/nothing"):
            read_named("s3://acme/nothing", "settings", around(AWS_REGION="eu-west-1"))
    with pytest.raises(WrongUsage, match="cannot be read"):
        read_named(str(tmp_path / "b.yaml"), "settings", around())


@pytest.mark.parametrize(
    ("environment", "folder"),
    [({"XDG_CACHE_HOME": "/var/cache"}, "/var/cache/envctl"), ({"XDG_CACHE_HOME": "x"}, None)],
)
def test_where_caches_are(environment: dict[str, str], folder: str | None) -> None:
    wanted = Path(folder) if folder else Path.home() / ".cache" / "envctl"
    assert around(**environment).cache_dir == wanted


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_file(tmp_path / "a", b"one")
    write_file(tmp_path / "a", b"two")
    write_file(Path("/dev/null"), b"nothing")

    assert (tmp_path / "a").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    with pytest.raises(WrongUsage, match="cannot be written"):
        write_file(tmp_path / "no" / "folder", b"")
