"""Instance ids that are wrong fail the whole call.

InvalidInstanceID.Malformed: "The specified instance ID is malformed. Ensure that you specify the instance ID in the form
i-xxxxxxxx or i-xxxxxxxxxxxxxxxxx." InvalidInstanceID.NotFound: "The specified instance does not exist."
(Amazon EC2 API Reference, Error codes for the Amazon EC2 API)
"""

import re

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before

WELL_FORMED = re.compile(r"^i-([0-9a-f]{8}|[0-9a-f]{17})$")


@before(
    "ec2",
    "DescribeInstances",
    "DescribeInstanceStatus",
    "ModifyInstanceAttribute",
    "RebootInstances",
    "StartInstances",
    "StopInstances",
    "TerminateInstances",
)
def ids_are_right(call: Call) -> None:
    """Refuse a call that names an id of no instance."""
    single = call.params.get("InstanceId")
    ids = [*call.ids(), *([str(single)] if single else [])]
    for instance_id in ids:
        if not WELL_FORMED.match(instance_id):
            raise Refused("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')
    if not ids:
        return
    known = {instance.id for r in call.ec2.reservations.values() for instance in r.instances}
    missing = [one for one in ids if one not in known]
    if missing:
        what = "ID" if len(missing) == 1 else "IDs"
        verb = "does" if len(missing) == 1 else "do"
        raise Refused(
            "InvalidInstanceID.NotFound",
            f"The instance {what} '{', '.join(missing)}' {verb} not exist",
        )
