"""Launch templates: further versions take user data as the first does, and a template's own tags are none of what it launches.

UserData: "The user data to make available to the instance. You must provide base64-encoded text. User data is limited to
16 KB." TagSpecifications: "The tags to apply to the resources that are created during instance launch. [...] To tag the launch
template itself, use the CreateLaunchTemplate operation's TagSpecification parameter." moto puts those of the template beside
them. (Amazon EC2 API Reference, RequestLaunchTemplateData)
"""

from moto.ec2.utils import parse_user_data

from controller.sandbox.call import Call
from controller.sandbox.rules import after, before


@before("ec2", "CreateLaunchTemplateVersion")
def user_data(call: Call) -> None:
    """Refuse user data that is not encoded; let moto have it as it wants it."""
    data = call.params.get("LaunchTemplateData") or {}
    if data.get("UserData") is not None:
        data["UserData"] = parse_user_data(data["UserData"])


@after("ec2", "CreateLaunchTemplate")
def tags_of_the_template(call: Call) -> None:
    """Take the tags of the template itself out of what it launches."""
    template = call.ec2.get_launch_template_by_name(str(call.params["LaunchTemplateName"]))
    data = template.default_version().data
    tags = data.get("TagSpecifications") or ()
    launched = [one for one in tags if one["ResourceType"] != "launch-template"]
    data["TagSpecifications"] = launched
    if not launched:
        del data["TagSpecifications"]
