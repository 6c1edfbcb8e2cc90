"""AWS calls whose body we write or read ourselves, with botocore doing the rest.

botocore walks every attribute of every item through its service model, twice: that is most of the
client's time in a large transaction, scan or look. Here the JSON body goes in, and the body of the
answer comes out, as bytes; endpoint, signature, connection, retries and errors stay botocore's, and
what it is left to parse is an empty answer.
"""

import threading
import weakref
from collections.abc import Mapping
from typing import Any

from controller.aws.errors import answer_leaves_outcome_open, may_have_been_done


class RawCall:
    """One call: ``body`` goes out (None: what botocore makes of the request), ``answer`` comes back.

    ``maybe_done`` says, also when ``send`` raised, whether a try of it may have been done though no
    answer came.
    """

    __slots__ = ("answer", "body", "maybe_done")

    def __init__(self, body: bytes | None = None) -> None:
        self.body = body
        self.answer = b"{}"
        self.maybe_done = False

    def send(self, client: Any, method: str, request: Mapping[str, Any]) -> bytes:
        """Call ``method`` (``transact_write_items``); return the body of AWS's answer.

        With a body of our own, ``request`` is any small valid request of that method: botocore
        resolves the endpoint with it. Raises botocore's errors.
        """
        _hook(client)
        _CURRENT.call = self
        try:
            getattr(client, method)(**request)
        finally:
            _CURRENT.call = None
        return self.answer


class _Current(threading.local):
    """The raw call the thread is in: botocore runs its handlers in the thread that called."""

    call: RawCall | None = None


_CURRENT = _Current()
_HOOKED: "weakref.WeakSet[Any]" = weakref.WeakSet()
_LOCK = threading.Lock()


def _hook(client: Any) -> None:
    if client in _HOOKED:
        return
    with _LOCK:
        if client in _HOOKED:
            return
        # Renewing credentials calls AWS in the midst of ours, but by clients that nobody hooked.
        events = client.meta.events
        events.register_last("before-call", _put_body)
        events.register("before-parse", _take_answer)
        events.register_first("needs-retry", _notice_lost)
        _HOOKED.add(client)


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
