"""Protocols between the daemon and the outside: the queue of its works, and where changes and alerts are told."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from controller.errors import EnvctlError
from controller.model.change_message import ChangeMessage
from controller.model.work import Backlog, Work


class Delivery(NamedTuple):
    """A work that was taken from the queue: to be ended by its taker, or it is given to another after a while."""

    work: Work
    receipt: str
    """What the queue knows this taking of it by."""
    attempts: int
    """How often it was taken, with this time."""


class WorkQueue(Protocol):
    """Works of all scopes: of one scope one at a time, in the order they were put; of many scopes side by side.

    Whoever takes a work holds its scope for ``hold_s`` seconds, which ``extend`` begins anew. A work that is not ended by then
    is given to the next who takes; what was taken too often without an end is given up, and lies where people find it, with
    the reason where there is one. Thread-safe. Raises as any call to AWS.
    """

    @property
    def hold_s(self) -> int:
        """For how long a work is held that nobody ends or extends."""

    @property
    def wait_s(self) -> float:
        """So long who has nothing to do waits for a work each time; then it looks whether it is to stop."""

    def put(self, work: Work) -> None:
        """Append a work, unless one with its deduplication id was put within five minutes."""

    def take(self, wait_s: float) -> Delivery | None:
        """Return the next work of a scope that nobody holds; None if there is none within so many seconds.

        What is no work of ours is given up at once, and never returned.
        """

    def extend(self, delivery: Delivery) -> None:
        """Hold the scope for ``hold_s`` more. Raises NoLongerHeld."""

    def end(self, delivery: Delivery) -> None:
        """Take the work away: it is done, or there is nothing to do any more. Raises NoLongerHeld."""

    def hand_back(self, delivery: Delivery) -> None:
        """Let the next take it at once, in its old place. Raises NoLongerHeld."""

    def give_up(self, delivery: Delivery, reason: str) -> None:
        """Put the work where people find it, with the reason: trying it again would not help. Raises NoLongerHeld."""

    def backlog(self) -> Backlog:
        """Say how much there is, as far as the queue counts exactly."""


class ChangeSink(Protocol):
    """Where changes are told to other programs."""

    @property
    def name(self) -> str:
        """How status, metrics and logs call it: ``topics``."""

    def send(self, messages: Sequence[ChangeMessage]) -> Mapping[int, EnvctlError]:
        """Send messages; return by index why some were not taken. Raises as any call where none was.

        RefusedByAws is what trying again does not help against.
        """


class AlertSink(Protocol):
    """Where alerts are told to people."""

    @property
    def name(self) -> str:
        """How status, metrics and logs call it: ``webhook``, ``topic``."""

    def send(self, text: str) -> None:
        """Send a text of several lines. Raises as any call; it is tried again later, whatever was wrong."""


class AnswerSink(Protocol):
    """Where the requests by which commits came are answered."""

    @property
    def name(self) -> str:
        """How status, metrics and logs call it: ``codeHost``."""

    def answer(self, base: str, revision: str, text: str) -> int:
        """Say a text on each merged request that brought commits after ``base`` up to ``revision``, in the place of what was said before.

        ``base`` may be empty: then of the revision alone. Returns how many requests there are. Raises as any call; it is tried again later.
        """
