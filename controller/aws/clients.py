"""The one place where boto3 sessions become clients: time-outs, retries, pools, user agent, counting."""

import threading
import weakref
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials
from botocore.loaders import Loader, create_loader

from controller import __version__
from controller.aws.place import NOWHERE, Place
from controller.aws.retry import Retries

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 30
MAX_CONNECTIONS = 32
_UNVALIDATED = frozenset({"dynamodb"})
"""Services whose requests are built by our own serialiser: botocore's check of every attribute would cost more than it finds."""

_PLACES: "weakref.WeakKeyDictionary[Any, Place]" = weakref.WeakKeyDictionary()


def client_config(service: str) -> Config:
    """Return botocore's settings for a client of a service. Retries are ours, hence off here.

    Endpoints come the ordinary way (AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE>, the AWS configuration file).
    """
    return Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        max_pool_connections=MAX_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": 1},
        parameter_validation=service not in _UNVALIDATED,
        user_agent_extra=f"envctl/{__version__}",
        tcp_keepalive=True,
    )


def place_of(client: Any) -> Place:
    """Return the account, region and role a client of ours works with; only the region for any other client."""
    return _PLACES.get(client) or NOWHERE._replace(region=client.meta.region_name or "")


class CallCounter:
    """Counts the requests that really leave, each try for itself, by account, region, service and operation."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._lock = threading.Lock()

    def handler(self, place: Place) -> Callable[..., None]:
        """Return the handler of botocore's ``request-created`` event for the clients of one account and region."""

        def request_created(event_name: str, operation_name: str, **_: Any) -> None:
            service = event_name.split(".")[1]
            with self._lock:
                self._counts[place.account, place.region, service, operation_name] += 1

        return request_created

    def counts(self) -> dict[tuple[str, str, str, str], int]:
        """Return the requests that left, by account, region, service and operation."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        """Begin again at nothing."""
        with self._lock:
            self._counts.clear()


@cache
def _shared_loader() -> Loader:
    """One cache of AWS's service descriptions for all sessions: each is read and parsed once."""
    return create_loader(botocore.session.Session().get_config_variable("data_path"))


class _GivenCredentials(CredentialProvider):
    METHOD = "envctl-assume-role"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


class Clients:
    """Makes sessions, and one client per place and service, reused by every thread.

    boto3 clients may be shared between threads, but not made by two at once from one session: a lock sees to it.
    """

    def __init__(self, retries: Retries | None = None, counter: CallCounter | None = None) -> None:
        """Take who answers for retries and who counts; both are shared by all clients."""
        self._retries = retries or Retries()
        self.counter = counter or CallCounter()
        self._clients: dict[tuple[Place, str], Any] = {}
        self._lock = threading.RLock()

    def new_session(self, place: Place, credentials: Credentials | None = None) -> boto3.Session:
        """Return a session for a place: with the credentials given, or those of the ordinary chain."""
        session = botocore.session.Session()
        session.register_component("data_loader", _shared_loader())
        if credentials is not None:
            resolver = CredentialResolver([_GivenCredentials(credentials)])
            session.register_component("credential_provider", resolver)
        events = session.get_component("event_emitter")
        events.register("needs-retry", self._retries.handler(place))
        events.register("request-created", self.counter.handler(place))
        return boto3.Session(botocore_session=session, region_name=place.region or None)

    def client(self, session: boto3.Session, place: Place, service: str) -> Any:
        """Return the client of a service at a place, made from the session on first use."""
        with self._lock:
            found = self._clients.get((place, service))
            if found is None:
                make: Any = session.client
                found = make(service, config=client_config(service))
                self._clients[place, service] = found
                _PLACES[found] = place
            return found

    def forget(self, place: Place) -> None:
        """Drop the clients of a place; the next use makes new ones from the session it is given."""
        with self._lock:
            for key in [key for key in self._clients if key[0] == place]:
                del self._clients[key]
