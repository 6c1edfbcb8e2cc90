"""What an installation is deployed by, as the package brings it: templates, the daemon's unit, and the commands that take them."""

import shlex
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib.resources import files
from typing import Final

from controller.aws.child_role import STACK, TEMPLATE
from controller.kinds.account import CONVENTIONAL_ROLE
from controller.kinds.parts.secret_references import SCHEME
from controller.model.partition import partition_of
from controller.settings import Settings


class Deployed(StrEnum):
    """What is deployed."""

    MASTER = "master"
    CHILD = "child"
    SERVICE = "service"


_FILES: Final = {
    Deployed.MASTER: "master.yaml",
    Deployed.CHILD: TEMPLATE,
    Deployed.SERVICE: "envctl.service",
}
_SUFFIX: Final = "-??????"
"""Secrets Manager puts a hyphen and six characters after a secret's name."""


def template_text(deployed: Deployed) -> str:
    """Return the text of a template or of the unit."""
    return (files("controller.aws") / "templates" / _FILES[deployed]).read_text(encoding="utf-8")


def deploy_master_command(settings: Settings) -> str:
    """Return the command that deploys master.yaml, with what the settings say. What stands in capitals is to be filled in.

    The template is longer than the 51,200 bytes CloudFormation takes by itself, so it goes by a bucket.
    """
    aws = partition_of(settings.region)
    secrets = list(dict.fromkeys(_secrets(settings)))
    parameters = {
        "BreakGlassRoleArn": "ARN_OF_BREAK_GLASS_ROLE",
        "ChildRoleArns": ",".join(
            f"arn:{aws}:iam::*:role/{name}" for name in settings.allowed_role_names
        ),
        "SecretArns": ",".join(
            f"arn:{aws}:secretsmanager:*:*:secret:{name}{'*' if name.endswith('/') else _SUFFIX}"
            for name in secrets
        ),
        "TablePrefix": settings.resource_prefix,
        "CopyBucket": settings.snapshots.copy_to.bucket or "",
        "SourceBucket": "" if settings.source.s3 is None else settings.source.s3.bucket,
        "VpcId": "VPC",
        "LoadBalancerSubnetIds": "SUBNET,SUBNET",
        "InstanceSubnetIds": "SUBNET,SUBNET",
        "ClientCidr": "WHO_MAY_REACH_IT",
        "CertificateArn": "CERTIFICATE",
    }
    where = f"--region {settings.region} --stack-name envctl --s3-bucket BUCKET_FOR_TEMPLATES"
    return _deploy(f"{where} --template-file {_FILES[Deployed.MASTER]}", parameters)


def deploy_child_command(settings: Settings) -> str:
    """Return the command that deploys child.yaml in any account, with what the settings say. What stands in capitals is to be filled in."""
    names = settings.allowed_role_names
    copies = settings.targets.replicas != "off"
    parameters = {
        "MasterRoleArns": "ARN_OF_THE_ROLE_OF_ENVCTL",
        "InstanceRoleArns": "ARNS_OF_ROLES_OF_INSTANCES",
        "ExternalId": "EXTERNAL_ID",
        "RoleName": "" if CONVENTIONAL_ROLE in names else next(iter(names), ""),
        "UntaggedInstances": "true" if "Environment" in settings.live.tag_keys else "",
        "CopiesOfTables": "true" if copies else "",
        "TablePrefix": settings.resource_prefix if copies else "",
    }
    where = f"--stack-name {STACK} --template-file {TEMPLATE}"
    return _deploy(where, parameters)


def _secrets(settings: Settings) -> Iterator[str]:
    """Yield the names of the secrets that the settings speak of, and with a slash at the end what the names of several begin with."""
    yield from (name.removeprefix(SCHEME) for name in settings.allowed_secrets)
    git = None if settings.source.git is None else settings.source.git.credentials
    for reference in (settings.notify.webhook, settings.http.credentials, git):
        if reference is not None and reference.startswith(SCHEME):
            yield reference.removeprefix(SCHEME).partition("#")[0]


def _deploy(where: str, parameters: Mapping[str, str]) -> str:
    given = (shlex.quote(f"{name}={value}") for name, value in parameters.items() if value)
    return (
        f"aws cloudformation deploy {where} --capabilities CAPABILITY_NAMED_IAM"
        f" --parameter-overrides {' '.join(given)}"
    )
