"""Tags of groups that take their time to show.

"The result of an API command you run that affects your Amazon EC2 resources might not be immediately visible to all subsequent
commands you run." (Amazon EC2 Developer Guide, Ensuring eventual consistency) Of Auto Scaling no page says how long, nor that tags
and sizes show at one time: where it is set, sizes show first.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from moto.autoscaling.models import AutoScalingBackend

from controller.sandbox.rules import replaces
from controller.sandbox.state import STATE, wait, waiting

_PUT = AutoScalingBackend.create_or_update_tags
_DELETE = AutoScalingBackend.delete_tags


@replaces(AutoScalingBackend, "create_or_update_tags")
def _put(self: Any, tags: Sequence[dict[str, str]]) -> None:
    _later(self, _PUT, tags)


@replaces(AutoScalingBackend, "delete_tags")
def _delete(self: Any, tags: Sequence[dict[str, str]]) -> None:
    _later(self, _DELETE, tags)


def _later(backend: Any, act: Any, tags: Sequence[dict[str, str]]) -> None:
    """Let each tag be as it was for the looks that are set; what is done to it meanwhile shows when they are over."""
    if STATE.delays.tags <= 0:
        act(backend, tags)
        return
    for tag in tags:
        name = f"tag {tag['Key']} of {tag['ResourceId']}"
        begun = waiting(backend).get(name)
        looks = begun.looks if begun else STATE.delays.tags
        wait(backend, name, looks, partial(_show, backend, act, tag))


def _show(backend: Any, act: Any, tag: dict[str, str]) -> None:
    """Let a tag be as it was set, unless its group is gone by then."""
    if tag["ResourceId"] in backend.autoscaling_groups:
        act(backend, [tag])
