"""Update expressions in the sandbox: brackets around values are taken, as programs write them."""

import pytest

from tests.support.embedded_aws import AwsForTests


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("SET #a = (#a + :n)", "5"),
        ("SET #a = ( #a - :n )", "1"),
        ("SET #a=(:n)", "2"),
        ("SET #a = ((#a) + (:n))", "5"),
        ("SET #a = (if_not_exists(#b, :n) + :n)", "4"),
    ],
)
def test_a_value_in_brackets_is_what_is_in_them(
    aws: AwsForTests, expression: str, expected: str
) -> None:
    client = aws.client("dynamodb")
    client.create_table(
        TableName="counts",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    key = {"Id": {"S": "one"}}
    client.put_item(TableName="counts", Item={**key, "Count": {"N": "3"}})
    names = {"#a": "Count", "#b": "Never"}

    client.update_item(
        TableName="counts",
        Key=key,
        UpdateExpression=expression,
        ExpressionAttributeNames={name: names[name] for name in names if name in expression},
        ExpressionAttributeValues={":n": {"N": "2"}},
    )

    assert client.get_item(TableName="counts", Key=key)["Item"]["Count"] == {"N": expected}
