"""The command line of AWS, as far as pages of the docs use it: ``python -m tests.support.typed_aws dynamodb delete-item --key '{...}'``."""

import json
import sys
from typing import Any

import boto3
from botocore import xform_name


def main() -> None:
    """Do one request of a service, with options that are texts or JSON."""
    service, operation, *words = sys.argv[1:]
    options = {
        "".join(part.title() for part in name.removeprefix("--").split("-")): (
            json.loads(value) if value.startswith("{") else value
        )
        for name, value in zip(words[::2], words[1::2], strict=True)
    }
    session: Any = boto3.Session()
    getattr(session.client(service), xform_name(operation.replace("-", "_")))(**options)


if __name__ == "__main__":
    main()
