"""Buckets of S3 as sources in tests."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto import mock_aws

from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.sources.location import Opening
from controller.sources.s3 import SETTLE_S, S3Source
from controller.sources.s3_listing import S3Location


@dataclass(frozen=True)
class Bucket:
    """A bucket of its own, and below which prefix of it the files are."""

    client: Any
    name: str
    prefix: str = "fleet/production"

    @classmethod
    def made(cls, client: Any) -> "Bucket":
        """Make an empty one."""
        name = f"b{uuid.uuid4().hex[:12]}"
        where = {"LocationConstraint": "eu-west-1"}
        client.create_bucket(Bucket=name, CreateBucketConfiguration=where)
        return cls(client, name)

    @property
    def location(self) -> S3Location:
        """Where a source finds it."""
        return S3Location(self.name, self.prefix)

    def put(self, files: Mapping[str, str | bytes | None], **more: Any) -> None:
        """Write objects (None deletes one); ``more`` are parameters of put_object."""
        for path, content in files.items():
            key = f"{self.prefix}/{path}"
            if content is None:
                self.client.delete_object(Bucket=self.name, Key=key)
            else:
                data = content.encode() if isinstance(content, str) else content
                self.client.put_object(Bucket=self.name, Key=key, Body=data, **more)

    def source(self, settle_s: float = SETTLE_S, sleep: Any = lambda _: None) -> S3Source:
        """Return the source that reads it; pauses take no time unless ``sleep`` does something in them."""
        return S3Source(self.location, lambda: self.client, settle_s=settle_s, sleep=sleep)


@contextmanager
def buckets_in_process() -> Iterator[Any]:
    """Give a client of an S3 within this process."""
    with mock_aws():
        yield Clients().client(Place("", "eu-west-1"), "s3")


def opening(cache_dir: Path, client: Any = None) -> Opening:
    """Return what sources are opened with; without ``client`` none is of S3."""
    return Opening(cache_dir, lambda: client, lambda _: None)


class Calls(list[str]):
    """The operations a client was asked for from now on, in order."""

    def __init__(self, client: Any) -> None:
        super().__init__()
        client.meta.events.register("before-call.s3", self._note)

    def _note(self, model: Any, **_: Any) -> None:
        self.append(model.name)
