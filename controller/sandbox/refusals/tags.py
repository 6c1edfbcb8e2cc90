"""Tags.

EC2: "Maximum number of tags per resource - 50 [...] the key [...] accept[s] a maximum of 127 Unicode characters. May not
begin with aws:. [...] Tag values [...] accept a maximum of 256 Unicode characters."
(Amazon EC2 API Reference, Tag; User Guide, Tag restrictions)
Auto Scaling: "Key: Length Constraints: Minimum length of 1. Maximum length of 128. Value: Maximum length of 256.";
"The aws: prefix is reserved". (Amazon EC2 Auto Scaling API Reference, Tag; User Guide, Tag restrictions) "The maximum number of
tags that you can add or remove using a single call is 25." (User Guide, Tag Auto Scaling groups and instances)
"""

from collections.abc import Collection
from typing import Any

from controller.sandbox.call import Call, Refused, invalid, out_of_bounds
from controller.sandbox.rules import before

MOST_TAGS = 50
MOST_PER_CALL = 25
EC2_KEY, SCALING_KEY, VALUE = 127, 128, 256


@before("ec2", "CreateTags")
def ec2_tags(call: Call) -> None:
    """Refuse tags of EC2 that are too long or reserved."""
    for tag in call.params.get("Tags") or ():
        key, value = str(tag.get("Key") or ""), str(tag.get("Value") or "")
        if key.lower().startswith("aws:"):
            raise _of_ec2(
                "key", "aws:", "Tag keys starting with 'aws:' are reserved for internal use"
            )
        if not key or len(key) > EC2_KEY:
            raise _of_ec2("key", key, f"Tag key exceeds the maximum length of {EC2_KEY} characters")
        if len(value) > VALUE:
            raise _of_ec2(
                "value", value, f"Tag value exceeds the maximum length of {VALUE} characters"
            )


def _of_ec2(name: str, value: str, why: str) -> Refused:
    message = f"Value ( {value[:20]} ) for parameter {name} is invalid. {why}"
    return Refused("InvalidParameterValue", message)


@before("autoscaling", "CreateAutoScalingGroup", "CreateOrUpdateTags")
def tag_keys(call: Call) -> None:
    """Refuse tags of groups that are too long, reserved, too many, or of a group that does not exist."""
    tags = call.params.get("Tags") or ()
    for tag in tags:
        key, value = str(tag.get("Key") or ""), str(tag.get("Value") or "")
        if key.lower().startswith("aws:"):
            raise invalid(f"Tag keys starting with 'aws:' are reserved for internal use: {key}")
        if not 1 <= len(key) <= SCALING_KEY or len(value) > VALUE:
            bound = f"key length from 1 to {SCALING_KEY}, value length up to {VALUE}"
            raise out_of_bounds("tags", bound)
    if call.operation == "CreateOrUpdateTags":
        _check_groups(call, tags)
    elif len({tag["Key"] for tag in tags}) > MOST_TAGS:
        raise _too_many()


@before("autoscaling", "DeleteTags")
def deleted_tags(call: Call) -> None:
    """Refuse a group that does not exist."""
    _check_groups(call, call.params.get("Tags") or ())


def _check_groups(call: Call, tags: Collection[Any]) -> None:
    if len(tags) > MOST_PER_CALL:
        raise invalid(f"The maximum number of tags per call is {MOST_PER_CALL}")
    keys: dict[str, set[str]] = {}
    for tag in tags:
        group = call.group_named(str(tag.get("ResourceId")))
        known = keys.setdefault(group.name, {known_tag["Key"] for known_tag in group.tags})
        known.add(str(tag["Key"]))
        if len(known) > MOST_TAGS:
            raise _too_many()


def _too_many() -> Refused:
    return Refused("LimitExceeded", f"An Auto Scaling group can have a maximum of {MOST_TAGS} tags")
