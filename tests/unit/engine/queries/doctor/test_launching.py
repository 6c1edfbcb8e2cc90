"""What doctor says of Auto Scaling in an account: what lacks, what is granted, what cannot be told."""

from typing import Any

import pytest

from controller.engine.queries.doctor import launching
from controller.engine.queries.doctor.launching import check_launching
from controller.errors import AccessDenied
from controller.model.live import LiveScope

ROLE = "arn:aws:iam::012345670123:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
SCOPE = LiveScope("staging-eu/eu-west-1", "012345670123", "eu-west-1", "staging-eu")


def _denied(*_: object) -> bool:
    raise AccessDenied("access denied to kms:ListGrants")


class Access:
    """Sessions whose clients nobody asks."""

    def client(self, service: str, account: str, region: str) -> str:
        return service


@pytest.mark.parametrize(
    ("role", "key", "granted", "health", "says"),
    [
        (None, None, False, "lacks", "aws iam create-service-linked-role"),
        (ROLE, None, False, "ok", ""),
        (ROLE, "key/1", True, "ok", ""),
        (ROLE, "key/1", False, "not probed", f"--key-id key/1 --grantee-principal {ROLE}"),
        (ROLE, "key/1", _denied, "not probed", ""),
    ],
)
def test_what_it_needs_is_told_as_far_as_it_can_be(
    role: str | None, key: str | None, granted: Any, health: str, says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(launching, "linked_role", lambda _: role)
    monkeypatch.setattr(launching, "volume_key", lambda _: key)
    monkeypatch.setattr(launching, "is_granted", granted if callable(granted) else lambda *_: granted)  # fmt: skip
    access: Any = Access()

    (check,) = check_launching(access, SCOPE)

    assert (check.where, check.health) == (SCOPE.name, health)
    assert says in check.fix
