"""Snapshots in a bucket with a lock, with a copy in another region: each restores what was lost, also where the other is gone."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.command_line import Fleet, envctl, installation, service, use_settings

pytestmark = pytest.mark.slow

HOME, AWAY = "acme-backups", "acme-backups-away"
REGIONS = {HOME: "eu-west-1", AWAY: "eu-central-1"}
SERVICES = "InfraConfigServices"


def s3(bucket: str) -> Any:
    return installation().master.aws.client("s3", "", REGIONS[bucket])


def keys(bucket: str) -> list[str]:
    found = s3(bucket).list_objects_v2(Bucket=bucket).get("Contents", [])
    return [item["Key"] for item in found]


@pytest.fixture
def kept(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """A service, applied, and a snapshot of it in both buckets, of which the first locks what it holds for a month."""
    for bucket, region in REGIONS.items():
        s3(bucket).create_bucket(
            Bucket=bucket,
            CreateBucketConfiguration={"LocationConstraint": region},
            ObjectLockEnabledForBucket=bucket == HOME,
        )
    s3(HOME).put_object_lock_configuration(
        Bucket=HOME,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}},
        },
    )
    settled(
        installed,
        tmp_path,
        monkeypatch,
        f"bucket: {HOME}, copyTo: {{bucket: {AWAY}, region: {REGIONS[AWAY]}}}",
    )
    installed.has({"search.yaml": service("Search", description="finds things")})
    for words in (("apply", "--yes"), ("snapshot", "create")):
        ended = envctl(*words)
        assert ended.code == 0, ended.err
    return installed


def settled(fleet: Fleet, folder: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    text = f"source: {{folder: {fleet.folder}}}\nsnapshots: {{keepDays: 0, {where}}}\n"
    use_settings(folder, monkeypatch, text)


def lost_and_restored() -> None:
    client = installation().master.client
    client.delete_item(TableName=SERVICES, Key={"ServiceName": {"S": "Search"}})

    ended = envctl("restore", "latest", "--yes")

    assert ended.code == 0, ended.err
    (item,) = installation().master.store.scan(SERVICES)
    assert item["Value"]["Description"] == "finds things"


def test_either_bucket_alone_restores_what_was_lost(
    kept: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys(HOME) == keys(AWAY) != []
    lost_and_restored()

    settled(kept, tmp_path, monkeypatch, f"bucket: {AWAY}")
    assert envctl("snapshot", "verify", "latest").code == 0
    lost_and_restored()


def test_a_lock_keeps_the_bytes_of_what_retention_takes_away(kept: Fleet) -> None:
    first = keys(HOME)
    assert envctl("snapshot", "create").code == 0

    ended = envctl("snapshot", "prune", "--yes")

    assert ended.code == 0, ended.err
    assert not set(first) & set(keys(HOME))
    versions = s3(HOME).list_object_versions(Bucket=HOME)["Versions"]
    assert {version["Key"] for version in versions} >= set(first)
    version = next(found["VersionId"] for found in versions if found["Key"] == first[0])
    with pytest.raises(ClientError, match="AccessDenied"):
        s3(HOME).delete_object(Bucket=HOME, Key=first[0], VersionId=version)
