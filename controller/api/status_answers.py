"""Status as it is answered: written once for all who ask, and read anew beside those who are answered."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from anyio import CapacityLimiter, to_thread
from fastapi import Response

from controller.api.shared_reading import KEEP_S

RENEW_S: Final = 1.5
"""What is older is read anew when somebody asks, who does not wait for it yet."""
LONGEST_S: Final = 10.0
"""So long after it was read it is still answered while it is being read anew; else ``KEEP_S``."""
_MOST_WRITING: Final = 2


@dataclass(frozen=True, slots=True)
class _Written:
    read_at: float
    response: Response


class StatusAnswers:
    """Answers with what ``write`` reads and writes in a thread, as text if it is given True; for one event loop.

    Where many ask, each reading begins before the last is too old, and nobody waits for the tables; who asks after a pause
    waits for what stands now. ``monotonic`` gives seconds.
    """

    def __init__(
        self, write: Callable[[bool], Response], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what reads; nothing is read yet."""
        self._write, self._monotonic = write, monotonic
        # Status is told however long other questions take.
        self._threads = CapacityLimiter(_MOST_WRITING)
        self._written: dict[bool, _Written] = {}
        self._under_way: dict[bool, asyncio.Task[_Written]] = {}

    async def answer(self, *, is_text: bool) -> Response:
        """Return status as text, or as a document. Raises as reading it, where nothing young enough is there."""
        written, task = self._written.get(is_text), self._under_way.get(is_text)
        age_s = LONGEST_S if written is None else self._monotonic() - written.read_at
        longest_s = KEEP_S if task is None else LONGEST_S
        if task is None and age_s >= RENEW_S:
            task = self._begin(is_text)
        if task is not None and (written is None or age_s >= longest_s):
            # Whoever gives up waiting takes it from nobody else.
            written = await asyncio.shield(task)
        assert written is not None, "young enough, or written now"
        found = written.response
        return Response(found.body, found.status_code, media_type=found.media_type)

    def _begin(self, is_text: bool) -> "asyncio.Task[_Written]":
        async def renewed() -> _Written:
            response = await to_thread.run_sync(self._write, is_text, limiter=self._threads)
            self._written[is_text] = written = _Written(self._monotonic(), response)
            return written

        def ended(task: "asyncio.Task[_Written]") -> None:
            del self._under_way[is_text]
            if not task.cancelled():
                # What failed unseen is met by whoever asks once the last answer is too old.
                task.exception()

        task = self._under_way[is_text] = asyncio.create_task(renewed())
        task.add_done_callback(ended)
        return task
