"""Pages of instances, counted in instances.

MaxResults: "The maximum number of items to return for this request. To get the next page of items, make another request
with the token returned in the output. [...] You cannot specify this parameter and the instance IDs parameter in the
same request." Between 5 and 1000. "If you specify an invalid filter" the call fails with InvalidParameterValue.
(Amazon EC2 API Reference, DescribeInstances, Error codes)
"""

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.utils import filter_dict_attribute_mapping

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import answers, before

LEAST, MOST = 5, 1000
FILTERS = frozenset({
    "affinity", "architecture", "availability-zone", "availability-zone-id", "block-device-mapping.attach-time",
    "block-device-mapping.delete-on-termination", "block-device-mapping.device-name", "block-device-mapping.status",
    "block-device-mapping.volume-id", "boot-mode", "capacity-reservation-id", "client-token", "current-instance-boot-mode",
    "dns-name", "ebs-optimized", "ena-support", "hibernation-options.configured", "host-id", "hypervisor",
    "iam-instance-profile.arn", "iam-instance-profile.id", "iam-instance-profile.name", "image-id", "instance-id",
    "instance-lifecycle", "instance-state-code", "instance-state-name", "instance-type", "instance.group-id",
    "instance.group-name", "ip-address", "kernel-id", "key-name", "launch-index", "launch-time",
    "metadata-options.http-tokens", "monitoring-state", "network-interface.private-dns-name", "outpost-arn", "owner-id",
    "placement-group-name", "platform", "platform-details", "private-dns-name", "private-ip-address", "product-code",
    "ramdisk-id", "reason", "requester-id", "reservation-id", "root-device-name", "root-device-type", "source-dest-check",
    "spot-instance-request-id", "state-reason-code", "state-reason-message", "subnet-id", "tag-key", "tenancy",
    "tpm-support", "usage-operation", "virtualization-type", "vpc-id",
})  # fmt: skip


@before("ec2", "DescribeInstances")
def known_filters(call: Call) -> None:
    """Refuse filters AWS does not have, and say so of those it has and moto lacks."""
    for given in call.params.get("Filters") or ():
        name = str(given.get("Name"))
        if name.startswith(("tag:", "network-interface.")) or name in filter_dict_attribute_mapping:
            continue
        if name not in FILTERS:
            raise Refused("InvalidParameterValue", f"The filter '{name}' is invalid")
        if name != "tag-key":
            raise Refused("InvalidAction", f"The sandbox cannot filter by '{name}'; AWS can")


@answers("ec2", "DescribeInstances")
def pages(call: Call) -> ActionResult:
    """Answer a page of so many instances; moto counts reservations."""
    response: Any = call.response
    response.error_on_dryrun()
    ids, size = call.ids, _size(call)
    filters = response._filters_from_querystring()  # noqa: SLF001 - moto's own reading of them
    reservations = (
        call.ec2.get_reservations_by_instance_ids(ids, filters=filters)
        if ids
        else call.ec2.describe_instances(filters=filters)
    )
    found = [
        (reservation, instance)
        for reservation in reservations
        for instance in reservation.instances
    ]
    start = _start(call, [instance.id for _, instance in found])
    page = found[start : start + size]
    more = page[-1][1].id if len(found) > start + size else None
    # The reservations of the page, each with those of its instances that are on it.
    shown: dict[str, Any] = {}
    for reservation, instance in page:
        if reservation.id not in shown:
            shown[reservation.id] = copy.copy(reservation)
            shown[reservation.id].instances = []
        shown[reservation.id].instances.append(instance)
    return ActionResult({"Reservations": list(shown.values()), "NextToken": more})


def _size(call: Call) -> int:
    wanted = call.params.get("MaxResults")
    if wanted is None:
        return MOST
    if call.ids:
        raise Refused(
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        )
    if not LEAST <= int(wanted) <= MOST:
        raise Refused(
            "InvalidParameterValue",
            f"Value ( {wanted} ) for parameter maxResults is invalid. Expecting a value between {LEAST} and {MOST}.",
        )
    return int(wanted)


def _start(call: Call, ids: list[str]) -> int:
    token = call.params.get("NextToken")
    if not token:
        return 0
    if token not in ids:
        raise Refused("InvalidNextToken", "The specified token is not valid.")
    return ids.index(str(token)) + 1
