"""Images that are shared with other accounts, those that are deprecated, and root devices.

"You can't share user-defined tags (tags that you attach to an AMI). When you share an AMI, your user-defined tags are not
available to any AWS account that the AMI is shared with." (Amazon EC2 User Guide, Share an AMI with specific AWS accounts)
IncludeDeprecated: "Specifies whether to include deprecated AMIs. Default: No deprecated AMIs are included in the response.
If you are the AMI owner, all deprecated AMIs appear in the response regardless of what you specify for this parameter."
(Amazon EC2 API Reference, DescribeImages) - "Root volume: Differs by AMI: /dev/sda1 or /dev/xvda". (Amazon EC2 User Guide, Device
names for volumes)
"""

import copy
from datetime import datetime
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends

from controller.sandbox.call import Call
from controller.sandbox.rules import after, answers


@after("ec2", "RegisterImage")
def root_device(call: Call) -> None:
    """Let an image have the root device it was registered with: moto gives all the same."""
    name = call.params.get("RootDeviceName")
    for image in call.ec2.amis.values():
        if name and image.name == call.params.get("Name"):
            image.root_device_name = name


@after("ec2", "ModifyImageAttribute")
def shared(call: Call) -> None:
    """Let the accounts it is shared with see an image, without its tags, and those it is not shared with any more not."""
    image = call.ec2.amis[str(call.params["ImageId"])]
    users = {str(one["UserId"]) for one in image.launch_permissions if "UserId" in one}
    for account in {*users, *map(str, ec2_backends)} - {call.account}:
        known: dict[str, Any] = ec2_backends[account][call.region].amis
        if account in users:
            seen = copy.copy(image)
            # Tags are looked up where an image says that it is.
            seen.ec2_backend = ec2_backends[account][call.region]
            known[image.id] = seen
        else:
            known.pop(image.id, None)


@answers("ec2", "EnableImageDeprecation")
def deprecated(call: Call) -> ActionResult:
    """Deprecate an image at a moment."""
    image_id = str(call.params["ImageId"])
    at = call.params["DeprecateAt"]
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    text = f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
    for by_region in ec2_backends.values():
        image: Any = by_region[call.region].amis.get(image_id)
        if image is not None:
            image.deprecation_time = text
    return ActionResult({"Return": True})


@answers("ec2", "DescribeImages")
def described(call: Call) -> ActionResult:
    """List images as moto does, without those of others that are deprecated by now unless they are asked for."""
    asked, response = call.params, cast("Any", call.response)
    images = call.ec2.describe_images(
        ami_ids=asked.get("ImageIds", []),
        filters=response._filters_from_querystring(),  # noqa: SLF001 - as moto's own answer reads them
        exec_users=asked.get("ExecutableUsers", []),
        owners=list(asked.get("Owners", [])),
    )
    now = datetime.now().astimezone()
    return ActionResult(
        {
            "Images": [
                image
                for image in images
                if image.owner_id == call.account
                or asked.get("IncludeDeprecated")
                or not (until := getattr(image, "deprecation_time", ""))
                or datetime.fromisoformat(until) > now
            ]
        }
    )
