"""What a CloudFormation template allows: its functions worked out, its policies evaluated as IAM does.

Only what the templates in deploy/ use is known; anything else is a KeyError, so that a test cannot pass by not understanding.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

ACCOUNT = "012345670123"
REGION = "eu-west-1"
Context = Mapping[str, str]


class _Loader(yaml.SafeLoader):
    """Reads a template with its functions: ``!Sub x`` becomes ``{"Sub": x}``."""


def _function(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    return {suffix: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _function)


def read_template(path: Path) -> dict[str, Any]:
    """Return a template; a function is a map of its name to what it takes."""
    found: dict[str, Any] = yaml.load(path.read_text(), _Loader)  # a safe one
    return found


class RefusedParameters(Exception):
    """CloudFormation would not take these parameters."""


_NOTHING = object()


class Stack:
    """A template with parameters, as CloudFormation works it out. Raises RefusedParameters as it would refuse them."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        """Take what read_template gave, and parameters as the command line has them."""
        self._template = template
        self._values: dict[str, Any] = {
            "AWS::Partition": "aws",
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": REGION,
            "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/envctl/1",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": _NOTHING,
            **dict(self._checked(parameters)),
        }
        for rule in template["Rules"].values():
            for asserted in rule["Assertions"]:
                if not self._worked_out(asserted["Assert"]):
                    raise RefusedParameters(asserted["AssertDescription"])

    def _checked(self, given: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
        known = self._template["Parameters"]
        if unknown := given.keys() - known.keys():
            raise RefusedParameters(f"no parameters: {unknown}")
        for name, declared in known.items():
            default = declared.get("Default")
            text = given.get(name, None if default is None else str(default))
            if text is None:
                raise RefusedParameters(f"{name} is needed")
            is_list = declared["Type"] == "CommaDelimitedList" or declared["Type"].startswith(
                "List<"
            )
            values = text.split(",") if is_list else [text]
            if declared["Type"] == "Number" and int(text) < declared.get("MinValue", 0):
                raise RefusedParameters(f"{name}: {text} is too small")
            pattern = declared.get("AllowedPattern", ".*")
            allowed = [str(value) for value in declared.get("AllowedValues", values)]
            if not all(re.fullmatch(pattern, value) and value in allowed for value in values):
                raise RefusedParameters(f"{name}: {text}")
            yield name, values if is_list else text

    def trust(self) -> list[dict[str, Any]]:
        """Return the statements of the role's trust policy."""
        document = self._template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]
        found: list[dict[str, Any]] = self._worked_out(document["Statement"])
        return found

    def statements(self) -> list[dict[str, Any]]:
        """Return the statements of all policies of the role that are made."""
        return [
            statement
            for name in self.made("AWS::IAM::Policy")
            for statement in self.properties(name)["PolicyDocument"]["Statement"]
        ]

    def made(self, type_: str) -> list[str]:
        """Return the names of the resources of a type that are made."""
        return [
            name
            for name, resource in self._template["Resources"].items()
            if resource["Type"] == type_ and self._holds(resource.get("Condition"))
        ]

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of a resource, worked out."""
        found: dict[str, Any] = self._worked_out(self._template["Resources"][name]["Properties"])
        return found

    def _holds(self, condition: str | None) -> bool:
        return condition is None or bool(self._worked_out(self._template["Conditions"][condition]))

    def _worked_out(self, value: Any) -> Any:
        if isinstance(value, list):
            members = [self._worked_out(member) for member in value]
            return [member for member in members if member is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and (name := next(iter(value))) in _FUNCTIONS:
            return _FUNCTIONS[name](self, value[name])
        done = {key: self._worked_out(member) for key, member in value.items()}
        return {key: member for key, member in done.items() if member is not _NOTHING}

    def _ref(self, name: str) -> Any:
        return self._values[name] if name in self._values else self._names(name)

    def _sub(self, taken: Any) -> str:
        text, more = taken if isinstance(taken, list) else (taken, {})
        values = {**self._values, **self._worked_out(more)}

        def value(found: re.Match[str]) -> str:
            return str(values[found[1]] if found[1] in values else self._of(found[1]))

        return re.sub(r"\$\{([^}]+)\}", value, str(text))

    def _of(self, name: str) -> str:
        return self._attribute(name) if "." in name else str(self._names(name))

    def _if(self, taken: list[Any]) -> Any:
        return self._worked_out(taken[1] if self._holds(taken[0]) else taken[2])

    def _select(self, taken: list[Any]) -> Any:
        return self._worked_out(taken[1])[taken[0]]

    def _split(self, taken: list[Any]) -> Any:
        return self._worked_out(taken[1]).split(taken[0])

    def _equals(self, taken: list[Any]) -> bool:
        left, right = self._worked_out(taken)
        return bool(left == right)

    def _names(self, name: str) -> Any:
        """Return what CloudFormation refers to a resource by: the names that tests ask for, and for others what is made up."""
        resource = self._template["Resources"][name]
        if resource["Type"] == "AWS::SNS::Topic":
            named_here = self._worked_out(resource["Properties"]["TopicName"])
            return self._sub(
                f"arn:${{AWS::Partition}}:sns:${{AWS::Region}}:${{AWS::AccountId}}:{named_here}"
            )
        named = _NAMED.get(resource["Type"])
        return self._worked_out(resource["Properties"][named]) if named else f"<{name}>"

    def _attribute(self, taken: str) -> str:
        name, _, attribute = taken.partition(".")
        if attribute != "Arn":
            return f"<{taken}>"
        kind = self._template["Resources"][name]["Type"]
        return self._sub(f"arn:${{AWS::Partition}}:{_ARNS[kind]}") + self._named_last(name)

    def _named_last(self, name: str) -> str:
        path = self._values.get("RolePath", "/") if name == "Role" else ""
        return f"{path}{self._names(name)}"


_NAMED = {
    "AWS::IAM::Role": "RoleName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::DynamoDB::Table": "TableName",
}
_ARNS = {
    "AWS::IAM::Role": "iam::${AWS::AccountId}:role",
    "AWS::IAM::InstanceProfile": "iam::${AWS::AccountId}:instance-profile/",
    "AWS::S3::Bucket": "s3:::",
    "AWS::SQS::Queue": "sqs:${AWS::Region}:${AWS::AccountId}:",
}
_FUNCTIONS: dict[str, Any] = {
    "Ref": Stack._ref,
    "Sub": Stack._sub,
    "If": Stack._if,
    "Select": Stack._select,
    "Split": Stack._split,
    "Equals": Stack._equals,
    "Not": lambda stack, taken: not stack._worked_out(taken[0]),
    "Or": lambda stack, taken: any(stack._worked_out(taken)),
    "And": lambda stack, taken: all(stack._worked_out(taken)),
    "GetAtt": Stack._attribute,
}


@dataclass(frozen=True)
class Call:
    """What is asked: an action on a resource, with what AWS knows of both (``aws:ResourceTag/x``: its value)."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


def allows(statements: list[dict[str, Any]], call: Call, caller: str = "") -> bool:
    """Tell whether a call is allowed: by a statement that allows it, and none that denies it. ``caller`` is for trust policies."""
    fitting = [found["Effect"] for found in statements if _fits(found, call, caller)]
    return "Allow" in fitting and "Deny" not in fitting


def _fits(statement: Mapping[str, Any], call: Call, caller: str) -> bool:
    unknown = statement.keys() - {"Effect", "Action", "Resource", "NotResource", "Principal", "Condition"}  # fmt: skip
    assert not unknown, unknown
    if statement.get("Principal", "*") != "*" and statement["Principal"]["AWS"] != caller:
        return False
    if not any(_like(call.action.lower(), action.lower()) for action in _list(statement["Action"])):
        return False
    if "NotResource" in statement:
        if any(_like(call.resource, pattern) for pattern in _list(statement["NotResource"])):
            return False
    elif "Resource" in statement and not any(
        _like(call.resource, pattern) for pattern in _list(statement["Resource"])
    ):
        return False
    context = {key.lower(): value for key, value in call.context.items()}
    return all(
        _OPERATORS[operator](context.get(key.lower()), _list(values))
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_OPERATORS: dict[str, Any] = {
    "Null": lambda found, wanted: (found is None) is (wanted == ["true"]),
    "StringEquals": lambda found, wanted: found in wanted,
    "StringLike": lambda found, wanted: found is not None and any(_like(found, one) for one in wanted),
    "StringNotEquals": lambda found, wanted: found not in wanted,
    "Bool": lambda found, wanted: found in wanted,
    "ArnNotEquals": lambda found, wanted: found is None or not any(_like(found, one) for one in wanted),
    "ArnEquals": lambda found, wanted: found is not None and any(_like(found, one) for one in wanted),
    "ArnLike": lambda found, wanted: found is not None and any(_like(found, one) for one in wanted),
}  # fmt: skip
