"""What a group launches its instances from now: a version of a launch template, or a launch configuration."""

from collections.abc import Mapping
from typing import Any, Final

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.aws.request_form import as_request, parameter
from controller.errors import Conflict, RefusedByAws
from controller.model.plan import Lack
from controller.ports import LiveActs
from controller.targets.group_parts.template_data import of_configuration

MIXED: Final = "it has a mixed instances policy, which no field of a role says"
LEFT_AS_IT_IS: Final = Lack(
    f"{MIXED}, so it is left as it is",
    "give it a launch template alone, or leave it to whoever made it",
)


def launched_from(group: Mapping[str, Any], acts: LiveActs) -> dict[str, Any]:
    """Return it as launch template data that can be sent; empty where there is none any more.

    ``group`` is what AWS describes. Raises Conflict for a group with a mixed instances policy, which would be lost, and as
    any call.
    """
    if group.get("MixedInstancesPolicy"):
        raise Conflict(
            f"groups: {group['AutoScalingGroupName']} is left as it is: {MIXED}",
            fix="plan again",
        )
    client = acts.client("ec2")
    pointer, configuration = group.get("LaunchTemplate"), group.get("LaunchConfigurationName")
    found: Mapping[str, Any] | None = None
    if pointer:
        found = version_data(
            client, str(pointer["LaunchTemplateId"]), str(pointer.get("Version") or "")
        )
    elif configuration:
        found = _configuration(str(configuration), acts)
    return to_be_sent(client, found or {})


def to_be_sent(client: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return launch template data, as AWS describes them, as a request takes them back."""
    form = parameter(client, "CreateLaunchTemplateVersion", "LaunchTemplateData")
    sent: dict[str, Any] = as_request(data, form)
    return sent


def version_data(client: Any, template_id: str, version: str) -> dict[str, Any] | None:
    """Return the data of a version of a launch template; None for one that does not exist any more. Raises as any call."""
    try:
        with aws_errors("groups: read a launch template", place_of(client)):
            answer = client.describe_launch_template_versions(
                LaunchTemplateId=template_id, Versions=[version or "$Default"]
            )
    except RefusedByAws as error:
        if isinstance(error, NotFound) or "NotFound" in error.aws_code:
            return None
        raise
    versions = answer.get("LaunchTemplateVersions") or ()
    return dict(versions[0]["LaunchTemplateData"]) if versions else None


def _configuration(name: str, acts: LiveActs) -> dict[str, Any] | None:
    client = acts.client("autoscaling")
    with aws_errors("groups: read a launch configuration", place_of(client)):
        answer = client.describe_launch_configurations(LaunchConfigurationNames=[name])
    found = answer.get("LaunchConfigurations") or ()
    return of_configuration(found[0]) if found else None
