"""What Auto Scaling lacks in an account to start instances: its own role, and the use of a key that encrypts volumes."""

from collections.abc import Iterator

from controller.aws.launch_needs import is_granted, linked_role, volume_key
from controller.aws.sessions import AwsAccess
from controller.engine.queries.doctor.report import Check, Health, check_of_error
from controller.errors import AccessDenied, EnvctlError
from controller.model.live import LiveScope

OPERATIONS = (
    "Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey GenerateDataKeyWithoutPlaintext"
    " DescribeKey CreateGrant"
)


def check_launching(access: AwsAccess, scope: LiveScope) -> Iterator[Check]:
    """Yield what Auto Scaling lacks there, as far as it can be told. Raises nothing that AWS says."""
    of, where = "auto scaling", scope.name
    try:
        role = linked_role(access.client("iam", scope.account, scope.region))
        if role is None:
            fix = "aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com"
            text = "its service-linked role was never made: no group can be"
            yield Check(where, of, Health.LACKS, text, fix)
            return
        key = volume_key(access.client("ec2", scope.account, scope.region))
        if key is None or is_granted(access.client("kms", scope.account, scope.region), key, role):
            told = "has its role" if key is None else f"has its role, and a grant on {key}"
            yield Check(where, of, Health.OK, told)
            return
    except AccessDenied as error:
        found = check_of_error(where, of, error)
        yield Check(where, of, Health.NOT_PROBED, f"what it needs cannot be told: {found.what}")
        return
    except EnvctlError as error:
        yield check_of_error(where, of, error)
        return
    yield Check(
        where,
        of,
        Health.NOT_PROBED,
        f"volumes are encrypted with {key}, which no grant lets it use; the key's policy may, which is not looked at",
        f"if instances end as they start: aws kms create-grant --region {scope.region} --key-id {key}"
        f" --grantee-principal {role} --operations {OPERATIONS}",
    )
