"""The one place where boto3's clients are made, and how their calls go out: time-outs, retries, pools, counting, raw bodies."""

import random
import threading
import time
import weakref
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import boto3
import botocore.session
from botocore import exceptions as aws
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.loaders import create_loader

from controller import __version__
from controller.aws.errors import (
    CAPACITY_CODES,
    NOWHERE,
    THROTTLE_CODES,
    TRANSIENT_CODES,
    Place,
    answer_leaves_outcome_open,
    may_have_been_done,
)
from controller.model.backoff import Backoff
from controller.model.waits import WAITS

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 30
MAX_CONNECTIONS = 32
_PLACES: "weakref.WeakKeyDictionary[Any, Place]" = weakref.WeakKeyDictionary()

_TRANSIENT_ERRORS = (aws.HTTPClientError, aws.ConnectionError, aws.IncompleteReadError)
_CONTENDED = frozenset({"TransactionConflict"})
BETWEEN_TRIES = Backoff(first_s=0.2, longest_s=20.0)
NEVER_AGAIN = frozenset({"cloudtrail"})
"""Services that are asked for hints alone, which nobody waits for."""
_CONTEXT_KEY = "envctl_first_try_at_s"


_CONFIG = Config(
    connect_timeout=CONNECT_TIMEOUT_S,
    read_timeout=READ_TIMEOUT_S,
    max_pool_connections=MAX_CONNECTIONS,
    retries={"mode": "standard", "total_max_attempts": 1},
    user_agent=f"envctl/{__version__} Boto3/{boto3.__version__} Botocore/{botocore.__version__}",
    tcp_keepalive=True,
)
CLIENT_CONFIGS: Mapping[str, Config] = defaultdict(
    lambda: _CONFIG,
    dynamodb=_CONFIG.merge(Config(parameter_validation=False)),
    cloudtrail=_CONFIG.merge(Config(connect_timeout=2, read_timeout=5)),
)
"""Service -> botocore's settings for a client of it. Retries are ours, hence off here.

Endpoints come the ordinary way (AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE>, the AWS configuration file). Requests to DynamoDB are
built by our own serialiser: botocore's check of every attribute would cost more than it finds.
"""


def place_of(client: Any) -> Place:
    """Return the account, region and role a client of ours works with; only the region for any other client."""
    return _PLACES.get(client) or NOWHERE._replace(region=client.meta.region_name or "")


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How long one call may be tried, and how much trying again one API of one account may cost in all."""

    max_tries: int = 8
    max_seconds: float = 60.0
    """No try begins later than this after the first one ended."""
    backoff: Backoff = BETWEEN_TRIES
    """The longest pause before each try; how much of it is waited is left to chance (full jitter)."""
    budget: float = 40.0
    """Retries an API may spend at once; when they are gone, calls fail at their first throttle. One that goes well gives back its own."""
    refill_per_s: float = 1.0


def worth_retrying(parsed: Mapping[str, Any], status: int, error: Exception | None) -> bool:
    """Tell whether a failed try may succeed if repeated.

    ``parsed`` is botocore's parsed answer. A cancelled transaction is worth it if nothing but contention or
    throttling cancelled it: then the same transaction, token and all, may go through the next time.
    """
    if error is not None:
        return isinstance(error, _TRANSIENT_ERRORS) and not isinstance(error, aws.SSLError)
    code = str(parsed.get("Error", {}).get("Code", ""))
    if code == "TransactionCanceledException":
        reasons = {
            str(reason.get("Code", "None")) for reason in parsed.get("CancellationReasons", ())
        }
        return bool(reasons - {"None"}) and reasons <= THROTTLE_CODES | _CONTENDED | {"None"}
    if code in CAPACITY_CODES:
        return False
    return code in THROTTLE_CODES or code in TRANSIENT_CODES or status >= 500


@dataclass(slots=True)
class Retries:
    """Answers botocore's question "once more?" for every client, sleeping before it says yes.

    Thread-safe. Budgets are kept per account, region and API operation, so that one throttled account spends
    its own tries only and its callers fail fast instead of sleeping while others wait for a thread.
    ``clock`` is a steady one in seconds; ``share`` gives numbers in [0, 1).
    """

    limits: RetryLimits = RetryLimits()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    share: Callable[[], float] = random.random
    stop: threading.Event | None = None
    """Once set nothing is tried again in child accounts. What is written down in the master account still is."""
    _budgets: dict[tuple[str, str, str, str], tuple[float, float]] = field(
        default_factory=dict, init=False
    )
    """Token buckets: the tokens, and the moment of ``clock`` they were right."""
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def needs_retry(
        self,
        place: Place,
        *,
        response: Any,
        operation: Any,
        attempts: int,
        caught_exception: Any,
        request_dict: Any,
        **_: Any,
    ) -> float | None:
        """Handle botocore's event of this name for the clients of one account and region; 0 for one more try."""
        first_at_s = request_dict["context"].setdefault(_CONTEXT_KEY, self.clock())
        status, parsed = (response[0].status_code, response[1]) if response else (0, {})
        service = operation.service_model.service_name
        api = (place.account, place.region, service, operation.name)
        if caught_exception is None and status < 300:
            if attempts > 1:
                self.give_back(api, attempts - 1)
            return None
        if not worth_retrying(parsed, status, caught_exception):
            return None
        stop = self.stop if place.account else None
        if stop is not None and stop.is_set():
            return None
        if service in NEVER_AGAIN:
            return None
        pause_s = self.pause_before_retry_s(api, attempts, first_at_s)
        if pause_s is None:
            return None
        if stop is None:
            self.sleep(pause_s)
        elif stop.wait(pause_s):
            return None
        return 0

    def pause_before_retry_s(
        self, api: tuple[str, str, str, str], tries_made: int, first_at_s: float
    ) -> float | None:
        """Spend one retry of ``api``; return how long to pause, or None where tries, time or budget are used up.

        ``first_at_s`` is when the first try ended, by this object's clock.
        """
        limits = self.limits
        now_s = self.clock()
        pause_s = self.share() * limits.backoff.pause_s(tries_made)
        if tries_made >= limits.max_tries or now_s + pause_s - first_at_s > limits.max_seconds:
            return None
        with self._lock:
            tokens, at_s = self._budgets.get(api, (limits.budget, now_s))
            gained = max(0.0, now_s - at_s) * limits.refill_per_s
            tokens = min(limits.budget, tokens + gained)
            if tokens < 1.0:
                return None
            self._budgets[api] = tokens - 1.0, max(now_s, at_s)
        return pause_s

    def give_back(self, api: tuple[str, str, str, str], retries: int) -> None:
        """Return what a call spent that went well in the end: as long as AWS lets calls through, however late, nobody runs out.

        So it is in the standard mode of AWS's SDKs. (AWS SDKs and Tools Reference Guide, Retry behavior)
        """
        with self._lock:
            tokens, at_s = self._budgets.get(api, (self.limits.budget, self.clock()))
            self._budgets[api] = min(self.limits.budget, tokens + retries), at_s


@dataclass(slots=True)
class CallCounter:
    """Counts the requests that really leave, each try for itself, by account, region, service and operation."""

    _counts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter, init=False)
    _throttles: Counter[tuple[str, str, str, str]] = field(default_factory=Counter, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def request_created(
        self, place: Place, *, event_name: str, operation_name: str, **_: Any
    ) -> None:
        """Handle botocore's event ``request-created`` for the clients of one account and region."""
        service = event_name.split(".")[1]
        WAITS[threading.get_ident()] = f"AWS: {service} {operation_name} in {place.region}"
        with self._lock:
            self._counts[place.account, place.region, service, operation_name] += 1

    def answered(
        self, place: Place, *, event_name: str, response: Any, operation: Any, **_: Any
    ) -> None:
        """Handle botocore's event ``needs-retry`` for the clients of one account and region: count what is throttled."""
        WAITS.pop(threading.get_ident(), None)
        parsed = response[1] if response else {}
        told = (parsed.get("Error", {}), *parsed.get("CancellationReasons", ()))
        if any(one.get("Code") in THROTTLE_CODES for one in told):
            service = event_name.split(".")[1]
            with self._lock:
                self._throttles[place.account, place.region, service, operation.name] += 1

    def throttles(self) -> dict[tuple[str, str, str, str], int]:
        """Return the requests that AWS answered with a throttle, by account, region, service and operation."""
        with self._lock:
            return dict(self._throttles)

    def counts(self) -> dict[tuple[str, str, str, str], int]:
        """Return the requests that left, by account, region, service and operation."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        """Begin again at nothing."""
        with self._lock:
            self._counts.clear()


_loader_of = cache(create_loader)
"""One cache of AWS's service descriptions for all sessions: each is read and parsed once."""


@dataclass(slots=True)
class Clients:
    """Makes one session per place and one client per place and service, reused by every thread.

    ``retries`` answers for retries and ``counter`` counts, both shared by all clients.
    boto3 clients may be shared between threads, but not made by two at once from one session: a lock sees to it.
    """

    retries: Retries = field(default_factory=Retries)
    counter: CallCounter = field(default_factory=CallCounter)
    _sessions: dict[Place, boto3.Session] = field(default_factory=dict, init=False)
    _clients: dict[tuple[Place, str], Any] = field(default_factory=dict, init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False)

    def client(self, place: Place, service: str, credentials: Credentials | None = None) -> Any:
        """Return the client of a service at a place, made on first use.

        A place's session has the credentials first given for it, or those of the ordinary chain if none were.
        """
        with self._lock:
            if (place, service) in self._clients:
                return self._clients[place, service]
            session = self._sessions.get(place)
            if session is None:
                core = botocore.session.Session()
                loader = _loader_of(core.get_config_variable("data_path"))
                core.register_component("data_loader", loader)
                if credentials is not None:
                    # A provider that knows nothing but these.
                    provider = SimpleNamespace(load_credentials=lambda: credentials)
                    core.register_component("credential_provider", provider)
                events = core.get_component("event_emitter")
                events.register("needs-retry", partial(self.retries.needs_retry, place))
                events.register("needs-retry", partial(self.counter.answered, place))
                events.register("request-created", partial(self.counter.request_created, place))
                events.register_last("before-call", _encode_form)
                session = boto3.Session(botocore_session=core, region_name=place.region or None)
                self._sessions[place] = session
            make: Any = session.client
            made = make(service, config=CLIENT_CONFIGS[service])
            self._clients[place, service] = made
            _PLACES[made] = place
            return made

    def forget(self, account: str) -> None:
        """Drop the sessions and clients of an account; the next use makes new ones."""
        with self._lock:
            for place, service in [key for key in self._clients if key[0].account == account]:
                del self._clients[place, service]
                self._sessions.pop(place, None)


@dataclass(slots=True)
class RawCall:
    """One call whose body we write or read ourselves, with botocore doing the rest.

    botocore walks every attribute of every item through its service model, twice: that is most of the
    client's time in a large transaction, scan or look. Here the JSON body goes in, and the body of the
    answer comes out, as bytes; endpoint, signature, connection, retries and errors stay botocore's, and
    what it is left to parse is an empty answer.

    ``body`` goes out (None: what botocore makes of the request), ``answer`` comes back. ``maybe_done`` says,
    also when ``send`` raised, whether a try of it may have been done though no answer came.
    """

    body: bytes | None = None
    answer: bytes = b"{}"
    maybe_done: bool = False

    def send(self, client: Any, method: str, request: Mapping[str, Any]) -> bytes:
        """Call ``method`` (``transact_write_items``); return the body of AWS's answer.

        With a body of our own, ``request`` is any small valid request of that method: botocore
        resolves the endpoint with it. Raises botocore's errors.
        """
        with _LOCK:
            if client not in _HOOKED:
                # Renewing credentials calls AWS in the midst of ours, but by clients that nobody hooked.
                events = client.meta.events
                events.register_last("before-call", _put_body)
                events.register("before-parse", _take_answer)
                events.register_first("needs-retry", _notice_lost)
                _HOOKED.add(client)
        _CURRENT.call = self
        try:
            getattr(client, method)(**request)
        finally:
            _CURRENT.call = None
        return self.answer


def _encode_form(params: dict[str, Any], **_: Any) -> None:
    """Encode a request's form once: botocore would do it each time it asks for the body, to sign it and to send it."""
    if isinstance(params["body"], dict):
        params["body"] = urlencode(params["body"], doseq=True).encode()


class _Current(threading.local):
    """The raw call the thread is in: botocore runs its handlers in the thread that called."""

    call: RawCall | None = None


_CURRENT = _Current()
_HOOKED: "weakref.WeakSet[Any]" = weakref.WeakSet()
_LOCK = threading.Lock()


def _put_body(params: dict[str, Any], **_: Any) -> None:
    if _CURRENT.call is not None and _CURRENT.call.body is not None:
        params["body"] = _CURRENT.call.body


def _take_answer(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    if _CURRENT.call is None or response_dict["status_code"] >= 300:
        return
    _CURRENT.call.answer = response_dict["body"]
    if operation_model.service_model.metadata["protocol"] == "json":
        response_dict["body"] = b"{}"
        return
    shape = operation_model.output_shape
    wrapper = shape.serialization.get("resultWrapper", "nothing") if shape else "nothing"
    response_dict["body"] = f"<empty><{wrapper}/></empty>".encode()


def _notice_lost(response: Any, caught_exception: Any, **_: Any) -> None:
    call = _CURRENT.call
    if call is None:
        return
    if caught_exception is not None:
        call.maybe_done = call.maybe_done or may_have_been_done(caught_exception)
        return
    http, parsed = response
    code = str(parsed.get("Error", {}).get("Code", ""))
    if http.status_code >= 300 and answer_leaves_outcome_open(code, http.status_code):
        call.maybe_done = True
