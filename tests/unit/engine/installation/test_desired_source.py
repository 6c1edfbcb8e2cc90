import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.aws.kept import READ_AGAIN
from controller.engine.installation.desired_source import open_desired, settings_source
from controller.errors import WrongUsage
from controller.redactor import REDACTOR
from controller.settings import GitSource as GitSettings
from controller.settings import S3Source as S3Settings
from controller.settings import Settings, SourceSettings
from controller.sources.git import GitSource
from controller.sources.s3 import S3Source
from tests.support.buckets import buckets_in_process
from tests.support.clock import Clock
from tests.support.process_contexts import NOW, around

PRIVATE = Settings(
    source=SourceSettings(
        git=GitSettings(url="https://git.example/fleet.git", ref="main", credentials="env://TOKEN")
    )
)


def test_the_source_of_the_command_comes_before_that_of_the_settings(tmp_path: Path) -> None:
    settings = Settings(source=SourceSettings(folder=str(tmp_path)))

    assert open_desired("elsewhere", settings, around()).name == "elsewhere"
    assert open_desired(None, settings, around()).name == str(tmp_path)
    assert (
        open_desired(None, PRIVATE, around(TOKEN="t")).name
        == "git+https://git.example/fleet.git@main"
    )
    with pytest.raises(WrongUsage, match="no source"):
        open_desired(None, Settings(), around())


@pytest.mark.parametrize(
    ("text", "sent", "because"),
    [
        ("git+https://git.example/other.git", True, "the settings' own host"),
        ("git+https://evil.example/fleet.git", False, "another host must not see it"),
        ("git+https://git.example.evil.example/fleet.git", False, "a host that only begins alike"),
        ("git+https://git.example:8443/fleet.git", False, "another port is another server"),
        ("git+ssh://git@git.example/fleet.git", False, "ssh has keys of its own"),
        (".", False, "a folder needs none"),
    ],
)
def test_the_credential_goes_to_its_own_host_alone(text: str, sent: bool, because: str) -> None:
    source = open_desired(text, PRIVATE, around(TOKEN="t"))

    held = isinstance(source, GitSource) and source._cache._current() is not None
    assert held is sent, because


@pytest.mark.parametrize("reference", ["ghp_secret", "file:///ghp_secret", "env:ghp_secret"])
def test_a_credential_is_a_reference_and_never_repeated(reference: str) -> None:
    git = GitSettings(url="https://git.example/fleet.git", credentials=reference)

    with pytest.raises(WrongUsage, match="is no reference") as refused:
        open_desired(None, Settings(source=SourceSettings(git=git)), around())

    assert "ghp_secret" not in str(refused.value)


def test_a_credential_that_is_not_there_is_told_when_it_is_needed(tmp_path: Path) -> None:
    source = open_desired(None, PRIVATE, around(XDG_CACHE_HOME=str(tmp_path)))

    with pytest.raises(WrongUsage, match="env://TOKEN: nothing is kept there"):
        source.changed_since(None)


@pytest.mark.parametrize("reference", ["s3://secrets/git-token", "secretsmanager://git#token"])
def test_a_credential_that_was_changed_is_used_within_a_minute(reference: str) -> None:
    with buckets_in_process() as s3:
        where = {"LocationConstraint": "eu-west-1"}
        s3.create_bucket(Bucket="secrets", CreateBucketConfiguration=where)
        manager = Clients().client(Place("", "eu-west-1"), "secretsmanager")
        manager.create_secret(Name="git", SecretString="{}")

        def change(token: str) -> None:
            s3.put_object(Bucket="secrets", Key="git-token", Body=f"{token}\n".encode())
            manager.put_secret_value(SecretId="git", SecretString=json.dumps({"token": token}))

        clock = Clock(NOW)
        git = GitSettings(url="https://git.example/fleet.git", credentials=reference)
        process = replace(around(), clock=clock)
        source = open_desired(None, Settings(source=SourceSettings(git=git)), process)
        assert isinstance(source, GitSource)
        cache = source._cache

        def password() -> str:
            held = cache._current()
            assert held is not None
            return held.password

        change("first-token")
        assert password() == "first-token"

        change("second-token")
        clock.now += READ_AGAIN + timedelta(seconds=1)

        assert password() == "second-token"
        assert REDACTOR.redact("second-token") == "***"


def test_the_bucket_of_the_settings_is_read_in_its_own_region() -> None:
    s3 = S3Settings(bucket="acme", prefix="fleet/", region="eu-north-1", settle_seconds=2.5)

    source = settings_source(Settings(source=SourceSettings(s3=s3)), around())

    assert isinstance(source, S3Source)
    assert source.name == "s3://acme/fleet"
    assert source._client.meta.region_name == "eu-north-1"
    assert source._settle_s == 2.5


def test_settings_may_name_no_source() -> None:
    assert settings_source(Settings(), around()) is None


def test_the_settings_own_repository_is_read_at_another_ref() -> None:
    source = open_desired("ref:topic", PRIVATE, around(TOKEN="t"))

    assert source.name == "git+https://git.example/fleet.git@topic"
    assert isinstance(source, GitSource)
    assert source._cache._current() is not None, "the host is the settings' own"
    with pytest.raises(WrongUsage, match="no Git repository"):
        open_desired("ref:topic", Settings(source=SourceSettings(folder=".")), around())
    with pytest.raises(WrongUsage, match="cannot be a branch"):
        open_desired("ref:-x", PRIVATE, around(TOKEN="t"))
