"""Requests that name many things and fail as a whole for one of them: the bad ones are found, the others go on."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from controller.errors import AccessDenied, Conflict, EnvctlError, RefusedByAws, Unreachable

INSTANCES: Final = 500
"""Instances per StartInstances or StopInstances: AWS names no maximum, and recommends batches."""
TAGGED_GROUPS: Final = 50
"""Groups per CreateOrUpdateTags or DeleteTags."""
_NAMED: Final = re.compile(r"\bi-[0-9a-zA-Z]+")


def send_all(
    things: Sequence[str], size: int, send: Callable[[Sequence[str]], None]
) -> dict[str, EnvctlError]:
    """Send things in batches; return those that AWS refused, each with its error.

    What says nothing about single things (throttled, no answer, no access) is the error of the whole batch.
    """
    refused: dict[str, EnvctlError] = {}
    for first in range(0, len(things), size):
        refused |= _send(things[first : first + size], send)
    return refused


def _send(things: Sequence[str], send: Callable[[Sequence[str]], None]) -> dict[str, EnvctlError]:
    """Send one batch, then without what AWS names as bad, then in halves. At most about two requests per bad thing and level."""
    refused: dict[str, EnvctlError] = {}
    queue: list[Sequence[str]] = [things]
    while queue:
        batch = queue.pop()
        try:
            send(batch)
        except RefusedByAws as error:
            if len(batch) == 1:
                refused[batch[0]] = error
                continue
            named = named_in(error, batch)
            if named and len(named) < len(batch):
                refused |= dict.fromkeys(named, error)
                queue.append([one for one in batch if one not in named])
            else:
                middle = len(batch) // 2
                queue += [batch[middle:], batch[:middle]]
        except (AccessDenied, Conflict, Unreachable) as error:
            refused |= dict.fromkeys(batch, error)
    return refused


def named_in(error: EnvctlError, batch: Iterable[str]) -> frozenset[str]:
    """Return the instances of a batch that AWS's message names."""
    return frozenset(_NAMED.findall(str(error))).intersection(batch)
