"""With ``snapshots.bucket`` in the settings, images too large for a record are kept there, and read from there."""

import json
import secrets

import boto3
import pytest

from tests.support.command_line import Fleet, envctl
from tests.support.fleet_yaml import EMPTY_MAP, account, environment, one_file
from tests.support.told import Told

FLEET = one_file(
    account(environment_type="Staging", of_type=", loadBalancers: [lb.acme.example]"),
    EMPTY_MAP,
    environment("c50", kind="Staging", more=", alertSettings: EnvironmentOwner"),
)
HOST = "c50/www.acme.example"


def virtual_host() -> str:
    """Return a virtual host whose item is large and does not compress well."""
    spec = {
        "environmentName": "c50",
        "listen": [443],
        "serverName": ["www.acme.example"],
        "frontEnd": True,
        "locations": [
            {"path": f"/{n}", "rawNginxConfig": secrets.token_urlsafe(48_000)} for n in range(5)
        ],
    }
    return (
        "apiVersion: envctl/v1\nkind: LoadBalancerSetting\nmetadata: {name: www.acme.example}\n"
        f"spec: {json.dumps(spec)}\n"
    )


@pytest.mark.tells("controller/ledger/large_images.py", "audit verify")
def test_it_is_written_shown_and_verified(
    installed: Fleet, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    s3 = boto3.client("s3", region_name="eu-west-1")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    fleet = installed.has({"fleet.yaml": FLEET, "host.yaml": virtual_host()})
    assert fleet.apply().code == 0
    fleet.has({"host.yaml": virtual_host()})

    refused = fleet.apply()
    assert refused.code == 7
    assert "set snapshots.bucket" in refused.out + refused.err
    monkeypatch.setenv("ENVCTL_SNAPSHOTS_BUCKET", "kept")
    assert fleet.apply().code == 0

    listed = s3.list_objects_v2(Bucket="kept")
    assert [one["Key"].rpartition("/")[0][:16] for one in listed["Contents"]] == [
        "snapshots/images"
    ]
    (record,) = envctl(
        "audit",
        "list",
        "--entity",
        f"LoadBalancerSetting/{HOST}",
        "--limit",
        "1",
        "--format",
        "json",
    ).json["records"]
    assert envctl("audit", "show", record["auditId"]).code == 0
    assert envctl("audit", "verify", "--replay").code == 0
    (kept,) = listed["Contents"]
    content = s3.get_object(Bucket="kept", Key=kept["Key"])["Body"].read()
    s3.put_object(Bucket="kept", Key=kept["Key"], Body=b"something else")
    replaced = envctl("audit", "show", record["auditId"])
    assert replaced.code == 7
    verified = told.types(replaced.err, "audit verify")
    assert (verified.code, f"#{record['sequence']}" in verified.out) == (7, True)
    s3.put_object(Bucket="kept", Key=kept["Key"], Body=content)
    monkeypatch.delenv("ENVCTL_SNAPSHOTS_BUCKET")
    without = envctl("audit", "show", record["auditId"])
    assert without.code == 64
    assert "set snapshots.bucket" in without.err
