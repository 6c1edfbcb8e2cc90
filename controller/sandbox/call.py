"""One call of an AWS operation, as the rules of the sandbox see it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.core.errors import COMMON_ERROR_CODES
from moto.core.exceptions import ServiceException
from moto.core.responses import BaseResponse

if TYPE_CHECKING:
    from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup


class Refused(ServiceException):
    """AWS's refusal: its error code and message, answered in the protocol of the service that was called."""

    def __init__(self, code: str, message: str) -> None:
        """Take the error code of AWS's document and a message in its manner."""
        super().__init__(code, message)
        # moto warns of codes that the service's description does not list; AWS has codes common to all services.
        if code not in COMMON_ERROR_CODES:
            COMMON_ERROR_CODES.append(code)


@dataclass(frozen=True, slots=True)
class Call:
    """What was called, for which account and region, with which parameters (named as AWS names them).

    ``params`` may be changed by a rule before moto sees it: AWS derives some values that moto does not.
    """

    service: str
    operation: str
    account: str
    region: str
    params: dict[str, Any]
    response: BaseResponse

    @property
    def scaling(self) -> "AutoScalingBackend":
        """Auto Scaling in the call's account and region."""
        from moto.autoscaling.models import autoscaling_backends

        return autoscaling_backends[self.account][self.region]

    @property
    def ec2(self) -> Any:
        """EC2 in the call's account and region."""
        from moto.ec2.models import ec2_backends

        return ec2_backends[self.account][self.region]

    @property
    def group(self) -> "FakeAutoScalingGroup":
        """The group the call names. Raises Refused if there is none of that name."""
        name = self.params.get("AutoScalingGroupName")
        found = self.scaling.autoscaling_groups.get(str(name))
        if found is None:
            raise Refused(
                "ValidationError",
                f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found",
            )
        return found

    def ids(self) -> list[str]:
        """Return the instance ids the call names, in its order."""
        found = self.params.get("InstanceIds") or ()
        return [str(one) for one in found]


def call_of(response: BaseResponse) -> Call:
    """Read the call from moto's response object, which is set up but has not acted yet."""
    return Call(
        str(response.service_name),
        str(response._get_action()),  # noqa: SLF001 - moto offers no other way to it
        response.current_account,
        response.region,
        getattr(response, "params", None) or {},
        response,
    )
