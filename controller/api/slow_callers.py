"""Callers who do not come to an end: a request that does not arrive and an answer that is not taken hold a connection for a while only."""

import asyncio
from typing import Final, cast

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

WHOLE_WITHIN_S: Final = 60.0
"""A request has so long to arrive, head and body, however slowly it comes."""
TAKEN_WITHIN_S: Final = 60.0
"""So long an answer waits for who asked to take more of it."""


class TimedConnection(H11Protocol):
    """A connection that is ended when its request is not whole in time, or its answer is not taken."""

    whole_within_s = WHOLE_WITHIN_S
    taken_within_s = TAKEN_WITHIN_S
    _arriving: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; its time goes on from where it began."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Begin to wait until who asked takes more."""
        super().pause_writing()
        self._taking = self.loop.call_later(self.taken_within_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: more was taken."""
        super().resume_writing()
        if self._taking is not None:
            self._taking.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        for timer in (self._arriving, self._taking):
            if timer is not None:
                timer.cancel()

    def _watch(self) -> None:
        # There is none before the first request.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete or cycle.more_body:
            if self._arriving is None:
                self._arriving = self.loop.call_later(self.whole_within_s, self.transport.abort)
        elif self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None
