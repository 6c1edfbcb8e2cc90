"""One call of an AWS operation, as the rules of the sandbox see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.core.errors import COMMON_ERROR_CODES
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse

if TYPE_CHECKING:
    from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState

DEFAULT_PAGE = 50


class Refused(ServiceException):
    """AWS's refusal: its error code and message, answered in the protocol of the service that was called."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        """Take the error code of AWS's document, a message in its manner, and an HTTP status where it is an uncommon one."""
        super().__init__(code, message)
        self.http_status = status
        # moto warns of codes that the service's description does not list; AWS has codes common to all services.
        if code not in COMMON_ERROR_CODES:
            COMMON_ERROR_CODES.append(code)


def invalid(message: str) -> Refused:
    """Return Auto Scaling's refusal of a parameter."""
    return Refused("ValidationError", message)


def out_of_bounds(name: str, bound: str, value: str = "") -> Refused:
    """Return Auto Scaling's refusal of a parameter that breaks a bound of its description."""
    given = f" '{value}'" if value else ""
    return invalid(
        f"1 validation error detected: Value{given} at '{name}' failed to satisfy constraint: {bound}"
    )


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
    def dynamodb(self) -> Any:
        """DynamoDB in the call's account and region."""
        from moto.dynamodb.models import dynamodb_backends

        return dynamodb_backends[self.account][self.region]

    @property
    def group_name(self) -> str:
        """The name of a group that the call gives."""
        return str(self.params.get("AutoScalingGroupName"))

    @property
    def group(self) -> "FakeAutoScalingGroup":
        """The group the call names. Raises Refused if there is none of that name."""
        return self.group_named(self.group_name)

    def group_named(self, name: str) -> "FakeAutoScalingGroup":
        """Return a group. Raises Refused if there is none of that name."""
        found = self.scaling.autoscaling_groups.get(name)
        if found is None:
            raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        return found

    @property
    def members(self) -> dict[str, "InstanceState"]:
        """The members of the group the call names, by instance id. Raises Refused."""
        return {member.instance.id: member for member in self.group.instance_states}

    @property
    def ids(self) -> list[str]:
        """The instance ids the call names, in its order."""
        single = self.params.get("InstanceId")
        ids = [*(self.params.get("InstanceIds") or ()), *([single] if single else ())]
        return [str(instance_id) for instance_id in ids]

    @property
    def is_first_page(self) -> bool:
        """Whether the call begins a look; further pages of a look are the same look."""
        return not self.params.get("NextToken")

    def page(self, name: str, found: Sequence[Any]) -> ActionResult:
        """Answer the page that Auto Scaling was asked for, under its name."""
        start = int(self.params.get("NextToken") or 0)
        end = start + int(self.params.get("MaxRecords") or DEFAULT_PAGE)
        more = str(end) if len(found) > end else None
        return ActionResult({name: found[start:end], "NextToken": more})
