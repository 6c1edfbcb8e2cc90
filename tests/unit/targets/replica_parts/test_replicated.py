"""What may be copied, and what of an item counts."""

import pytest

from controller.errors import WrongUsage
from controller.model.accepted import REPLICATED
from controller.model.live import LiveScope
from controller.targets.replica_parts.replicated import content_digest, replicated, state_digest

SCOPE = LiveScope("eu/eu-west-1", "012345670123", "eu-west-1", "eu")
TABLE = "InfraConfigServices"


def test_what_is_copied_unless_the_settings_say_otherwise() -> None:
    assert list(replicated(REPLICATED, "", "i").tables) == [
        "ConfigDeploymentMaps",
        "ConfigEnvironmentTypes",
        "ConfigEnvironments",
        "InfraConfigClusters",
        "InfraConfigServices",
        "InfraOpsEnvironment",
    ]


def test_tables_may_be_named_alone() -> None:
    assert list(replicated(["InfraOpsEnvironment"], "", "i").tables) == ["InfraOpsEnvironment"]


@pytest.mark.parametrize("name", ["Servce", "EnvctlConfig", "InfraChangeAudit", "Schedule"])
def test_what_cannot_be_copied_is_refused_by_name(name: str) -> None:
    with pytest.raises(WrongUsage, match=f"'{name}' is no kind or table that can be copied"):
        replicated([name], "", "i")


def test_marks_and_audit_do_not_count() -> None:
    copied = replicated(["Service"], "", "i")
    plain = {"ServiceName": "Search", "OwningCluster": "Tango"}
    marked = {**plain, "Audit": {"Version": 3}, "Managed": {}, "Replica": {"By": "i"}}

    assert copied.content(TABLE, marked) == copied.content(TABLE, plain)
    assert state_digest(marked) != state_digest(plain)


def test_secrets_count_and_are_not_seen() -> None:
    copied = replicated(["EnvironmentType"], "", "i")

    def content(secret: str) -> bytes:
        value = {"LicenseKeys": {"NewRelicKey": secret}}
        return copied.content("ConfigEnvironmentTypes", {"EnvironmentType": "Prod", "Value": value})

    assert b"s3cret" not in content("s3cret")
    assert content_digest(content("s3cret")) != content_digest(content("other"))


def test_a_copy_is_called_by_scope_table_and_key() -> None:
    copied = replicated(["LoadBalancerSetting"], "", "i")
    item = {"EnvironmentName": "c50", "VHostName": "www.acme.example"}
    ref = copied.ref(SCOPE, "InfraConfigLBSettings", item)
    assert str(ref) == "Replica/eu/eu-west-1/InfraConfigLBSettings/c50,www.acme.example"
