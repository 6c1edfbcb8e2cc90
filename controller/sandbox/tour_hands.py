"""Somebody who changes an item of the sandbox without telling anyone, as the guided tour needs it."""

from collections.abc import Mapping

import boto3

OF_A_SERVICE = "SET #value.#contact = :contact"


def change_service(address: str, environment: Mapping[str, str], service: str, contact: str) -> str:
    """Set whom to ask about a service, straight in the table; return the command somebody might have typed."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=address,
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    client.update_item(
        TableName="InfraConfigServices",
        Key={"ServiceName": {"S": service}},
        UpdateExpression=OF_A_SERVICE,
        ExpressionAttributeNames={"#value": "Value", "#contact": "PrimaryContact"},
        ExpressionAttributeValues={":contact": {"S": contact}},
    )
    return (
        "aws dynamodb update-item --table-name InfraConfigServices"
        f' --key \'{{"ServiceName": {{"S": "{service}"}}}}\' --update-expression "SET …PrimaryContact = {contact}"'
    )
