"""What others do to the accounts of the tour, straight in AWS, and what AWS says of the instances there.

The environment says which AWS it is. What changes something returns the command somebody might have typed.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import boto3

from controller.sandbox.seed import CHILD_ROLE, REGION

CHILDREN: Mapping[str, tuple[str, str]] = {
    "prod-eu": ("210987654321", ""),
    "staging-eu": ("012345670123", "sandbox-staging-eu"),
}
"""Accounts of the examples: number, and the external id their role asks for."""


def change_service(service: str, contact: str) -> str:
    """Set whom to ask about a service."""
    boto3.Session().client("dynamodb").update_item(
        TableName="InfraConfigServices",
        Key={"ServiceName": {"S": service}},
        UpdateExpression="SET #value.#contact = :contact",
        ExpressionAttributeNames={"#value": "Value", "#contact": "PrimaryContact"},
        ExpressionAttributeValues={":contact": {"S": contact}},
    )
    return (
        "aws dynamodb update-item --table-name InfraConfigServices"
        f' --key \'{{"ServiceName": {{"S": "{service}"}}}}\' --update-expression "SET …PrimaryContact = {contact}"'
    )


def resize_group(account: str, group: str, largest: int) -> str:
    """Set the largest size of a group."""
    _client("autoscaling", account).update_auto_scaling_group(
        AutoScalingGroupName=group, MaxSize=largest
    )
    return (
        "aws autoscaling update-auto-scaling-group"
        f" --auto-scaling-group-name {group} --max-size {largest}"
    )


def instances(account: str) -> dict[str, str]:
    """Return what runs in an account, by environment, as ``5 running, 1 stopped``."""
    found: dict[str, Counter[str]] = {}
    for page in _client("ec2", account).get_paginator("describe_instances").paginate():
        for reservation in page["Reservations"]:
            for one in reservation["Instances"]:
                tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags", ())}
                states = found.setdefault(tags.get("Environment", "no environment"), Counter())
                states[one["State"]["Name"]] += one["State"]["Name"] != "terminated"
    return {
        name: ", ".join(f"{count} {state}" for state, count in sorted((+states).items()))
        for name, states in sorted(found.items())
    }


def _client(service: str, account: str) -> Any:
    number, external_id = CHILDREN[account]
    session: Any = boto3.Session(region_name=REGION)
    asked = {"RoleArn": f"arn:aws:iam::{number}:role/{CHILD_ROLE}", "RoleSessionName": "somebody"}
    if external_id:
        asked["ExternalId"] = external_id
    role = session.client("sts").assume_role(**asked)["Credentials"]
    return session.client(
        service,
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )
