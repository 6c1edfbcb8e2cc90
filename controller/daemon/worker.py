"""Workers: each takes a work, holds its scope while it does it, and ends it."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from controller.daemon_ports import Delivery, WorkQueue
from controller.engine.commit.interruption import Interruption
from controller.errors import EnvctlError, Interrupted, NoLongerHeld, ScopeFromTheFuture
from controller.events import Emit, WorkDone, WorkFailed, WorkGivenUp
from controller.model.work import Job, Work

_LOOK_S: Final = 1.0
"""A worker that has nothing to do looks so often whether it is to stop, and what has waited for its time."""
_AFTER_ERROR_S: Final = 5.0
"""Pause of a worker whose queue does not answer, or who left a work to others."""
_OFFERED: Final = 2
"""So often a work of a scope that is a newer version's is left to who knows it, before it is ended here: less often than a queue gives up."""

Handler = Callable[[Work], None]
"""Does a work. Raises EnvctlError where it could not; what became of scopes is in their status."""


@dataclass(eq=False)
class Workers:
    """So many threads that work on what a queue gives, and one that prolongs what they hold.

    ``interruption`` is what handlers look at: it is asked for where what is under way should stop before its next request.
    """

    queue: WorkQueue
    handlers: Mapping[Job, Handler]
    count: int
    interruption: Interruption
    emit: Emit
    keep_traceback: Callable[[Exception], object]
    """Keeps what a bug of ours has to be reported with."""
    put_one: Callable[[], object]
    """Called before a work is taken: puts one of those that wait to be put, so that never many stand before what a person asks."""
    about: Callable[[Work], AbstractContextManager[object]] = lambda _: nullcontext()
    """What a work is done in: lets the log say which."""
    broken: threading.Event = field(default_factory=threading.Event, init=False)
    """Set when a thread ended that should not have: whoever runs them starts anew."""
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _waiting: threading.Lock = field(default_factory=threading.Lock, init=False)
    """One worker waits for work, which others need not ask for then."""
    _held: dict[str, Delivery] = field(default_factory=dict, init=False)
    """What is under way, by receipt."""
    _threads: list[threading.Thread] = field(default_factory=list, init=False)

    def start(self) -> None:
        """Begin to work."""
        names = [f"worker-{number}" for number in range(1, self.count + 1)]
        work, prolong = partial(self._guarded, self._work), partial(self._guarded, self._prolong)
        self._threads = [threading.Thread(target=work, name=name) for name in names]
        self._threads.append(threading.Thread(target=prolong, name="prolong", daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self, within_s: float) -> bool:
        """Take no more work; tell whether all that was under way ended within the time.

        What still runs after half of it is interrupted before its next request, and handed back.
        """
        self._stopping.set()
        ends_at = time.monotonic() + within_s
        if not self._join(time.monotonic() + within_s / 2):
            self.interruption.asked.set()
        return self._join(ends_at)

    @property
    def under_way(self) -> tuple[Work, ...]:
        """What is being done."""
        return tuple(delivery.work for delivery in list(self._held.values()))

    def do_next(self, wait_s: float) -> bool:
        """Take a work and do it; tell whether there was one. Raises as the queue, and ScopeFromTheFuture where it was handed back.

        One worker at a time waits for it; the others do not, and return after a while.
        """
        self.put_one()
        delivery = self._taken(wait_s)
        if delivery is None:
            return False
        if self._stopping.is_set():
            self.queue.hand_back(delivery)
            return False
        self._held[delivery.receipt] = delivery
        try:
            with self.about(delivery.work):
                self._do(delivery)
        except NoLongerHeld as error:
            # Another worker has the scope; its lease keeps what we still might send from being written.
            self.emit(WorkFailed(delivery.work.scope, delivery.work.job, str(error)))
        finally:
            self._held.pop(delivery.receipt, None)
        return True

    def _taken(self, wait_s: float) -> Delivery | None:
        if not wait_s:
            return self.queue.take(0)
        if not self._waiting.acquire(timeout=_LOOK_S):
            return None
        try:
            return self.queue.take(wait_s)
        finally:
            self._waiting.release()

    def _do(self, delivery: Delivery) -> None:
        work = delivery.work
        handler = self.handlers.get(work.job)
        if handler is None:
            self._give_up(delivery, f"nobody here does {work.job}")
            return
        began = time.monotonic()
        try:
            try:
                handler(work)
            finally:
                del self._held[delivery.receipt]
        except Interrupted:
            self.queue.hand_back(delivery)
            return
        except ScopeFromTheFuture as error:
            self.emit(WorkFailed(work.scope, work.job, str(error)))
            if delivery.attempts <= _OFFERED:
                # While a newer version is rolled out, its daemons take from the same queue.
                self.queue.hand_back(delivery)
                raise
        except EnvctlError as error:
            # Its next try is in the scope's status, or comes with the next tick: only a crash leaves a work to the next taker.
            self.emit(WorkFailed(work.scope, work.job, str(error)))
        except Exception as error:  # noqa: BLE001 - a bug in one job ends neither its worker nor the work of other scopes
            # What it says may quote what was read; the traceback that is kept tells it.
            self._give_up(delivery, f"a bug of envctl: {type(error).__name__}")
            self.keep_traceback(error)
            return
        else:
            self.emit(WorkDone(work.scope, work.job, round(time.monotonic() - began, 3)))
        self.queue.end(delivery)

    def _give_up(self, delivery: Delivery, reason: str) -> None:
        self.queue.give_up(delivery, reason)
        self.emit(WorkGivenUp(delivery.work.scope, delivery.work.job, reason))

    def _guarded(self, run: Callable[[], None]) -> None:
        try:
            run()
        except Exception as error:  # noqa: BLE001 - a thread that ends unseen would leave fewer and fewer workers
            self.keep_traceback(error)
            self.broken.set()

    def _work(self) -> None:
        # Where there was a work there may be another: all ask for it side by side.
        more = True
        while not self._stopping.is_set():
            try:
                more = self.do_next(0 if more else self.queue.wait_s)
            except ScopeFromTheFuture:
                self._stopping.wait(_AFTER_ERROR_S)
            except EnvctlError as error:
                self.emit(WorkFailed("queue", "take", str(error)))
                self._stopping.wait(_AFTER_ERROR_S)

    def _prolong(self) -> None:
        while not self._stopping.wait(self.queue.hold_s / 3) or self._held:
            for delivery in list(self._held.values()):
                try:
                    self.queue.extend(delivery)
                except EnvctlError as error:
                    if delivery.receipt not in self._held:
                        # It was ended while this looked: nobody holds it.
                        continue
                    self.emit(WorkFailed(delivery.work.scope, delivery.work.job, str(error)))

    def _join(self, until: float) -> bool:
        workers = self._threads[:-1]
        for thread in workers:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in workers)
