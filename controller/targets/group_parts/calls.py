"""How groups and what they refer to are called about: pages of lists, many values in a call, and requests about one group."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.decisions import tag_keys as our
from controller.ports import LiveActs, LiveReads
from controller.targets.group_parts.found import group_mark_id

FILTER_VALUES = 200
"""Values one filter of EC2 takes."""

ENDING = "autoscaling:EC2_INSTANCE_TERMINATING"
"""Transition of the hooks that let an instance drain."""

PUT_TAGS = "create_or_update_tags"
TAKE_TAGS = "delete_tags"

T = TypeVar("T")


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Part values into lists of at most ``size``."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def pages(client: Any, method: str, what: str, **request: Any) -> Iterator[dict[str, Any]]:
    """Yield what all pages of a call list. Raises as any call."""
    with aws_errors(f"groups: {what}", place_of(client)):
        (items,) = client.get_paginator(method).paginate(**request).result_key_iters()
        yield from items


def filtered(
    client: Any, method: str, what: str, values: Iterable[str], by: str, **request: Any
) -> Iterator[dict[str, Any]]:
    """Yield what a call of EC2 lists of what has one of the values ``by`` a filter, beside the request's own filters."""
    filters = request.pop("Filters", ())
    for part in chunks(values, FILTER_VALUES):
        asked = [*filters, {"Name": by, "Values": part}]
        yield from pages(client, method, what, Filters=asked, **request)


def carries_our_mark(found: Mapping[str, Any], group: str, reads: LiveReads) -> bool:
    """Tell whether what AWS describes, a group or its launch template, carries the mark we put on that group."""
    carried = {tag["Key"]: tag.get("Value") for tag in found.get("Tags") or ()}
    return carried.get(our.ID) == group_mark_id(reads.installation, reads.scope.name, group)


class GroupClient:
    """Auto Scaling, about one group. ``target`` is what errors begin with. Every method raises as any call."""

    def __init__(self, target: str, group: str, acts: LiveActs) -> None:
        """Take the group and the scope."""
        self._target, self._group, self._acts = target, group, acts
        self._client = acts.client("autoscaling")
        self.place = place_of(self._client)
        self.request_id = ""
        """AWS's id of the last request that changed something."""

    def described(self, what: str) -> Mapping[str, Any] | None:
        """Return the group as AWS describes it, None if there is none."""
        answer = self._call(
            what, "describe_auto_scaling_groups", AutoScalingGroupNames=[self._group]
        )
        groups = answer.get("AutoScalingGroups")
        return dict(groups[0]) if groups else None

    def newest_refresh(self) -> Mapping[str, Any]:
        """Return the group's latest instance refresh as AWS describes it; empty if there was none."""
        answer = self._call(
            "look at instance refreshes of",
            "describe_instance_refreshes",
            AutoScalingGroupName=self._group,
            MaxRecords=1,
        )
        found = answer.get("InstanceRefreshes")
        return dict(found[0]) if found else {}

    def longest_hook_s(self) -> int:
        """Return for how many seconds hooks of any name may hold an instance of the group that ends; 0 for none."""
        answer = self._call(
            "look at lifecycle hooks of",
            "describe_lifecycle_hooks",
            AutoScalingGroupName=self._group,
        )
        return max(
            (
                int(hook.get("HeartbeatTimeout") or 3600)
                for hook in answer.get("LifecycleHooks") or ()
                if hook["LifecycleTransition"] == ENDING
            ),
            default=0,
        )

    def change(self, what: str, method: str, **request: Any) -> Mapping[str, Any]:
        """Send a request that changes something about the group, and keep its id. Raises StaleEpoch too."""
        self._acts.check()
        answer = self._call(what, method, AutoScalingGroupName=self._group, **request)
        self.request_id = str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
        return answer

    def tags(self, values: Mapping[str, str], *, propagate: bool = False) -> list[dict[str, Any]]:
        """Return tags of the group as requests have them, without the note that one is not given to instances."""
        return [
            {
                "ResourceId": self._group,
                "ResourceType": "auto-scaling-group",
                "Key": key,
                "Value": value.removesuffix(f" {our.NOT_PROPAGATED}"),
                "PropagateAtLaunch": propagate,
            }
            for key, value in sorted(values.items())
        ]

    def tag(self, what: str, tags: list[dict[str, Any]], method: str = PUT_TAGS) -> str:
        """Put tags, or take them away by another method; return the id of the request. Raises StaleEpoch too."""
        self._acts.check()
        answer = self._call(what, method, Tags=tags)
        return str(answer.get("ResponseMetadata", {}).get("RequestId", ""))

    def _call(self, what: str, method: str, **request: Any) -> Mapping[str, Any]:
        with aws_errors(f"{self._target}: {what} {self._group}", self.place):
            answer: Mapping[str, Any] = getattr(self._client, method)(**request)
        return answer
