"""Requests of many things, in batches: what is refused is narrowed down, so that one bad thing keeps no other back.

Starts go out by instance type, zone, and host, reservation or whatever else they are bound to, as that is what AWS runs out of.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeGuard

from controller.aws.errors import CAPACITY_CODES
from controller.errors import (
    AccessDenied,
    Conflict,
    EnvctlError,
    RefusedByAws,
    Unreachable,
)
from controller.model.live import FoundInstance

REFUSALS: Final = (RefusedByAws, AccessDenied, Conflict, Unreachable)
"""What is wrong with a request. Anything else, such as a lost lease, is wrong with the run."""
STARTS: Final = 50
"""Instances per StartInstances. A batch has to have all its tokens at once: of 1 000 for instances, 2 come back in a second."""

DENIED_APART: Final = 3
"""Things of a batch, denied each by itself, that are taken out of it: policies go by tags, and one that lacks fails the whole call."""

Send = Callable[[Sequence[str]], None]
Pool = tuple[str, str, str]
"""Instance type, zone, and what else capacity is bound to; empty for what is shared by all."""
QUOTA_CODES: Final = frozenset({
    "InstanceLimitExceeded", "MaxSpotInstanceCountExceeded", "VcpuLimitExceeded",
})  # fmt: skip
"""The account may run no more of that. As without capacity nothing of the call is done, and no instance is the reason."""
_OF_A_POOL: Final = CAPACITY_CODES | QUOTA_CODES


def send_all(things: Sequence[str], size: int, send: Send) -> dict[str, EnvctlError]:
    """Send things in batches; return those that AWS refused, each with its error.

    What is refused as a whole is sent without what AWS names as bad, then in halves: at most about two requests per bad thing
    and level. What says nothing about single things (throttled, no answer, no capacity, no quota) is the error of the whole batch;
    so is a denial, but for the first few things it names.
    """
    refused: dict[str, EnvctlError] = {}
    queue = [things[first : first + size] for first in range(0, len(things), size)]
    denials = 0
    while queue:
        batch = queue.pop(0)
        try:
            send(batch)
            denials = 0
        except REFUSALS as error:
            denials += isinstance(error, AccessDenied)
            # What AWS's message names of the batch.
            named = _named_by(error, denials).intersection(batch)
            if named and len(named) < len(batch):
                refused |= dict.fromkeys(named, error)
                queue.insert(0, [thing for thing in batch if thing not in named])
            elif len(batch) > 1 and _is_of_one(error):
                middle = len(batch) // 2
                queue[:0] = [batch[:middle], batch[middle:]]
            else:
                refused |= dict.fromkeys(batch, error)
    return refused


def _named_by(error: EnvctlError, denials: int) -> frozenset[str]:
    """Return the things that are the reason of a refusal by AWS's words; of none where so many denials in a row tell of all."""
    if isinstance(error, AccessDenied):
        return error.instances if denials <= DENIED_APART else frozenset()
    return error.instances if _is_of_one(error) else frozenset()


def _is_of_one(error: EnvctlError) -> TypeGuard[RefusedByAws]:
    """Tell whether something about a single thing may be the reason."""
    return isinstance(error, RefusedByAws) and error.aws_code not in _OF_A_POOL


def pools_of(
    ids: Sequence[str], instances: Mapping[str, FoundInstance]
) -> dict[Pool, tuple[str, ...]]:
    """Return instances of a look by what they take their capacity from."""
    pools: dict[Pool, tuple[str, ...]] = {}
    for name in ids:
        found = instances[name]
        pool = (found.instance_type, found.zone, f"{found.lifecycle} {found.pool}".strip())
        pools[pool] = (*pools.get(pool, ()), name)
    return pools


def start_pool(
    pool: Pool, ids: Sequence[str], tried: frozenset[str], send: Send
) -> dict[str, EnvctlError]:
    """Start the instances of a pool; return those that AWS refused, each with its error.

    Without capacity for a batch half as many are asked for, down to one: then there is none for the rest either, which is not
    asked for. Where one of ``tried`` is among them one is asked for first, and twice as many after each that went well.
    """
    refused: dict[str, EnvctlError] = {}
    left, most = list(ids), STARTS
    size = STARTS if tried.isdisjoint(ids) else 1
    while left:
        batch = left[:size]
        found = send_all(batch, size, send)
        without = [name for name in batch if _lacks_capacity(found.get(name))]
        refused |= {name: error for name, error in found.items() if name not in without}
        left = [*without, *left[len(batch) :]]
        if not without:
            size = min(size * 2, most)
        elif len(batch) == 1:
            error = _without_capacity(pool, len(left), found[without[0]])
            return refused | dict.fromkeys(left, error)
        else:
            size = most = len(batch) // 2
    return refused


def _lacks_capacity(error: EnvctlError | None) -> bool:
    return isinstance(error, RefusedByAws) and error.aws_code in _OF_A_POOL


def _without_capacity(pool: Pool, count: int, error: EnvctlError) -> RefusedByAws:
    """Return the error of all that stay off because of a pool."""
    assert isinstance(error, RefusedByAws)
    kind, zone, bound_to = pool
    which = f"{count} instances stay" if count > 1 else "1 instance stays"
    what = f"{kind} in {zone}{f' ({bound_to})' if bound_to else ''}"
    told = f"AWS has no {what} now"
    fix = "nothing if it passes, it is tried again; otherwise change their instance type, or reserve capacity"
    if error.aws_code in QUOTA_CODES:
        told = f"the account's quota lets no more {what} run"
        fix = "let AWS raise the quota (Service Quotas, Amazon EC2), or stop what nobody needs"
    text = f"power: {told}: {which} off ({error.aws_code})"
    return RefusedByAws(text, error.aws_code, detail=error.detail, fix=fix)
