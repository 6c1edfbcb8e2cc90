"""Trying again: bounded by tries, by time and by one budget per account, region and API."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore import exceptions as aws

from controller.aws.errors import THROTTLE_CODES, TRANSIENT_CODES
from controller.aws.place import Place
from controller.model.backoff import Backoff

_TRANSIENT_ERRORS = (aws.HTTPClientError, aws.ConnectionError, aws.IncompleteReadError)
_CONTENDED = frozenset({"TransactionConflict"})
BETWEEN_TRIES = Backoff(first_s=0.2, longest_s=20.0)
_CONTEXT_KEY = "envctl_first_try_at_s"


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How long one call may be tried, and how much trying again one API of one account may cost in all."""

    max_tries: int = 8
    max_seconds: float = 60.0
    """No try begins later than this after the first one ended."""
    backoff: Backoff = BETWEEN_TRIES
    """The longest pause before each try; how much of it is waited is left to chance (full jitter)."""
    budget: float = 40.0
    """Retries an API may spend at once; when they are gone, calls fail at their first throttle."""
    refill_per_s: float = 1.0


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """A token bucket. ``at_s`` is the moment (any steady clock, seconds) ``tokens`` was right."""

    tokens: float
    capacity: float
    refill_per_s: float
    at_s: float

    def spend(self, now_s: float) -> "RetryBudget | None":
        """Return the budget with one token less, or None if there is none to spend."""
        gained = max(0.0, now_s - self.at_s) * self.refill_per_s
        tokens = min(self.capacity, self.tokens + gained)
        if tokens < 1.0:
            return None
        return RetryBudget(tokens - 1.0, self.capacity, self.refill_per_s, max(now_s, self.at_s))


def worth_retrying(parsed: Mapping[str, Any] | None, status: int, error: Exception | None) -> bool:
    """Tell whether a failed try may succeed if repeated.

    ``parsed`` is botocore's parsed answer. A cancelled transaction is worth it if nothing but contention or
    throttling cancelled it: then the same transaction, token and all, may go through the next time.
    """
    if error is not None:
        return isinstance(error, _TRANSIENT_ERRORS) and not isinstance(error, aws.SSLError)
    if parsed is None or status < 300:
        return False
    code = str(parsed.get("Error", {}).get("Code", ""))
    if code == "TransactionCanceledException":
        reasons = {
            str(reason.get("Code", "None")) for reason in parsed.get("CancellationReasons", ())
        }
        return bool(reasons - {"None"}) and reasons <= THROTTLE_CODES | _CONTENDED | {"None"}
    return code in THROTTLE_CODES or code in TRANSIENT_CODES or status >= 500


class Retries:
    """Answers botocore's question "once more?" for every client, sleeping before it says yes.

    Thread-safe. Budgets are kept per account, region and API operation, so that one throttled account spends
    its own tries only and its callers fail fast instead of sleeping while others wait for a thread.
    """

    def __init__(
        self,
        limits: RetryLimits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        share: Callable[[], float] = random.random,
    ) -> None:
        """Take the limits, a steady clock in seconds, what pauses, and a source of numbers in [0, 1)."""
        self._limits = limits or RetryLimits()
        self._clock, self._sleep, self._share = clock, sleep, share
        self._budgets: dict[tuple[str, str, str, str], RetryBudget] = {}
        self._lock = threading.Lock()

    def handler(self, place: Place) -> Callable[..., float | None]:
        """Return the handler of botocore's ``needs-retry`` event for the clients of one account and region."""

        def needs_retry(
            response: Any,
            operation: Any,
            attempts: int,
            caught_exception: Any,
            request_dict: Any,
            **_: Any,
        ) -> float | None:
            http, parsed = response or (None, None)
            context = request_dict["context"]
            first_at_s = context.setdefault(_CONTEXT_KEY, self._clock())
            if not worth_retrying(parsed, getattr(http, "status_code", 0), caught_exception):
                return None
            service = operation.service_model.service_name
            api = (place.account, place.region, service, operation.name)
            pause_s = self.pause_before_retry_s(api, attempts, first_at_s)
            if pause_s is None:
                return None
            self._sleep(pause_s)
            return 0

        return needs_retry

    def pause_before_retry_s(
        self, api: tuple[str, str, str, str], tries_made: int, first_at_s: float
    ) -> float | None:
        """Spend one retry of ``api``; return how long to pause, or None where tries, time or budget are used up.

        ``first_at_s`` is when the first try ended, by this object's clock.
        """
        limits = self._limits
        now_s = self._clock()
        pause_s = self._share() * limits.backoff.pause_s(tries_made)
        if tries_made >= limits.max_tries or now_s + pause_s - first_at_s > limits.max_seconds:
            return None
        with self._lock:
            full = RetryBudget(limits.budget, limits.budget, limits.refill_per_s, now_s)
            left = self._budgets.get(api, full).spend(now_s)
            if left is None:
                return None
            self._budgets[api] = left
        return pause_s
