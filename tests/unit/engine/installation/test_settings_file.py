import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from controller.engine.installation.installation import (
    SETTINGS_BOUND,
    open_settings,
    read_named,
)
from controller.errors import AccessDenied, RefusedByAws, WrongUsage
from controller.settings import Settings
from tests.support.buckets import buckets_in_process
from tests.support.process_contexts import around


def test_the_named_file_comes_before_the_variable(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("region: eu-west-2\nsource: {folder: fleet}\n")
    (tmp_path / "b.yaml").write_text("region: eu-west-3\n")
    by_variable = around(ENVCTL_CONFIG=str(tmp_path / "b.yaml"))

    named = open_settings(str(tmp_path / "a.yaml"), by_variable)

    assert named.region == "eu-west-2"
    assert named.source.folder == str(tmp_path / "fleet")
    assert open_settings(None, by_variable).region == "eu-west-3"
    assert open_settings(None, around()) == Settings()
    assert open_settings(None, around(ENVCTL_REGION="eu-west-9")).region == "eu-west-9"


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


def test_settings_that_may_not_be_read_say_what_to_allow_and_to_whom() -> None:
    with buckets_in_process() as s3:
        where = {"LocationConstraint": "eu-west-1"}
        s3.create_bucket(Bucket="acme", CreateBucketConfiguration=where)
        s3.put_object(Bucket="acme", Key="envctl/a.yaml", Body=b"there")
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject"}
        statement = {**deny, "Resource": "arn:aws:s3:::acme/*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket="acme", Policy=json.dumps(policy))

        with pytest.raises(AccessDenied) as denied:
            open_settings("s3://acme/envctl/a.yaml", around(AWS_REGION="eu-west-1"))

    said = str(denied.value)
    assert "read s3://acme/envctl/a.yaml: access denied to s3:GetObject" in said
    assert "  role: arn:aws:sts::123456789012:" in said
    assert "fix: allow s3:GetObject on arn:aws:s3:::acme/envctl/a.yaml to that role" in said


def test_settings_are_read_no_further_than_their_bound(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(SETTINGS_BOUND.most + 1)
    with pytest.raises(WrongUsage, match="longer than the 4 MiB that are read of settings"):
        read_named(str(large), "settings", around())
    with pytest.raises(WrongUsage, match="longer than the 4 MiB"):
        read_named("/dev/zero", "settings", around())
