"""What Auto Scaling itself needs in an account to start instances: its role, and a grant on the key that encrypts volumes.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html: the service-linked role must
be allowed to use a customer's key, by the key's policy or by a grant.
"""

from typing import TYPE_CHECKING, Any, Final

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_iam import IAMClient

LINKED_ROLE: Final = "AWSServiceRoleForAutoScaling"
OWN_KEY: Final = "alias/aws/ebs"
"""AWS's own key, which every service of the account may use."""


def linked_role(client: "IAMClient") -> str | None:
    """Return the ARN of the role that Auto Scaling works by; None if it was never made. Raises as any call."""
    try:
        with aws_errors("groups: read the role of Auto Scaling", place_of(client)):
            return str(client.get_role(RoleName=LINKED_ROLE)["Role"]["Arn"])
    except NotFound:
        return None


def volume_key(client: "EC2Client") -> str | None:
    """Return the customer's key that new volumes are encrypted with where nothing names one; None for AWS's own. Raises as any call."""
    with aws_errors("groups: read how volumes are encrypted", place_of(client)):
        if not client.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]:
            return None
        key = str(client.get_ebs_default_kms_key_id()["KmsKeyId"])
    return None if key == OWN_KEY else key


def is_granted(client: Any, key: str, role_arn: str) -> bool:
    """Tell whether a grant allows a role to use a key; the key's policy may allow it as well. Raises as any call."""
    with aws_errors(f"groups: read the grants of {key}", place_of(client)):
        grants = client.list_grants(KeyId=key, GranteePrincipal=role_arn)["Grants"]
    return bool(grants)
