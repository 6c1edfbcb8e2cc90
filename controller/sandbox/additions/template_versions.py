"""User data of launch templates: further versions take it as the first does, where moto forgets to read it.

UserData: "The user data to make available to the instance. You must provide base64-encoded text. User data is limited to
16 KB." (Amazon EC2 API Reference, RequestLaunchTemplateData)
"""

from moto.ec2.utils import parse_user_data

from controller.sandbox.call import Call
from controller.sandbox.rules import before


@before("ec2", "CreateLaunchTemplateVersion")
def user_data(call: Call) -> None:
    """Refuse user data that is not encoded; let moto have it as it wants it."""
    data = call.params.get("LaunchTemplateData") or {}
    if data.get("UserData") is not None:
        data["UserData"] = parse_user_data(data["UserData"])
