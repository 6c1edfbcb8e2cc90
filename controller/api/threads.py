"""Threads of their own for answers that take long, so that whoever asks for them keeps none from who asks for others."""

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Final, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

MOST_AT_ONCE: Final = 8
"""So many answers that read the ledger or look at accounts are made side by side; who asks for more waits."""
_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


def in_threads_of(
    threads: CapacityLimiter, answer: Callable[_Asked, _Answer]
) -> Callable[_Asked, Awaitable[_Answer]]:
    """Return an endpoint that has ``answer`` called in one of ``threads``, which it shares with no other part of the interface."""

    @wraps(answer)
    async def answered(*asked: _Asked.args, **more: _Asked.kwargs) -> _Answer:
        return await to_thread.run_sync(partial(answer, *asked, **more), limiter=threads)

    return answered
