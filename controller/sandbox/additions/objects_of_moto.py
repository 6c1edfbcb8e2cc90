"""What is no longer there is kept nowhere.

moto lists every object that it ever makes, for a page that shows them: each message, record of a stream, overwritten object of a
bucket and copy of a table would stay as long as the sandbox runs. Objects of buckets hold open files, which a reset closes for all
that are listed: they are listed for as long as somebody has them.
"""

from typing import Any
from weakref import WeakSet

from moto.core.common_models import BaseModel
from moto.s3.models import FakeKey, FakeMultipart

from controller.sandbox.rules import replaces


def made(of: Any, *_args: Any, **_named: Any) -> Any:
    """Make an object of moto, and list it nowhere, unless it holds a file."""
    instance = object.__new__(of)
    if of in {FakeKey, FakeMultipart}:
        # A reset puts a list of its own there.
        if not isinstance(of.instances_tracked, WeakSet):
            of.instances_tracked = WeakSet(of.instances_tracked)
        of.instances_tracked.add(instance)
    return instance


def closed(key: FakeKey) -> None:
    """Close the file of an object that was overwritten or deleted: nobody else does."""
    key.dispose()


replaces(BaseModel, "__new__")(staticmethod(made))
replaces(FakeKey, "__del__")(closed)
