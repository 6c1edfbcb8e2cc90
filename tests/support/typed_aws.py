"""The command line of AWS, as far as pages of the docs use it: requests of a service with options that are texts or JSON, and ``s3 cp`` and ``s3 sync``."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name


def main(words: Sequence[str]) -> None:
    """Do one request, with the variables of the environment."""
    service, operation, *rest = words
    if service == "s3":
        _copy(rest)
        return
    options = {
        "".join(part.title() for part in name.removeprefix("--").split("-")): (
            json.loads(value) if value.startswith("{") else value
        )
        for name, value in zip(rest[::2], rest[1::2], strict=True)
    }
    getattr(_client(service.removesuffix("api")), xform_name(operation.replace("-", "_")))(
        **options
    )


def _client(service: str) -> Any:
    session: Any = boto3.Session()
    return session.client(service)


def _copy(words: Sequence[str]) -> None:
    """Put a file, or each of a folder, below an address of S3; ``--metadata`` goes with all of them."""
    told = words.index("--metadata") + 1 if "--metadata" in words else None
    metadata = dict(one.split("=", 1) for one in words[told].split(",")) if told else {}
    start, to = [word for word in words if not word.startswith("--")][:2]
    bucket, _, prefix = to.removeprefix("s3://").partition("/")
    for path, key in _keys(Path(start), prefix):
        _client("s3").put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), Metadata=metadata)


def _keys(start: Path, prefix: str) -> Iterator[tuple[Path, str]]:
    if start.is_file():
        yield start, prefix + start.name if prefix.endswith("/") else prefix
        return
    for path in sorted(start.rglob("*")):
        if path.is_file() and ".git" not in path.relative_to(start).parts:
            yield path, f"{prefix.rstrip('/')}/{path.relative_to(start)}"
