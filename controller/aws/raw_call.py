"""DynamoDB calls whose body we write and read ourselves, with botocore doing the rest.

botocore walks every attribute of every item through its service model, twice: that is most of the
client's time in a large transaction or scan. Here the JSON body goes in and comes out as bytes;
endpoint, signature, connection, retries and errors stay botocore's.
"""

import threading
import weakref
from typing import Any

from controller.aws.errors import answer_leaves_outcome_open, may_have_been_done


class RawCall:
    """One call: ``body`` goes out, ``answer`` comes back.

    ``maybe_done`` says, also when ``send`` raised, whether a try of it may have been done though no
    answer came.
    """

    __slots__ = ("answer", "body", "maybe_done")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.answer = b"{}"
        self.maybe_done = False

    def send(self, client: Any, method: str, valid_params: dict[str, Any]) -> bytes:
        """Send the body as the request of ``method`` (``transact_write_items``); return the answer.

        ``valid_params`` is any small valid request of that method: botocore resolves the endpoint
        with it. Raises botocore's errors.
        """
        _hook(client)
        _CURRENT.call = self
        try:
            getattr(client, method)(**valid_params)
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
        events = client.meta.events
        events.register_last("before-call.dynamodb", _put_body)
        events.register("before-parse.dynamodb", _take_answer)
        events.register_first("needs-retry.dynamodb", _notice_lost)
        _HOOKED.add(client)


def _put_body(params: dict[str, Any], **_: Any) -> None:
    if _CURRENT.call is not None:
        params["body"] = _CURRENT.call.body


def _take_answer(response_dict: dict[str, Any], **_: Any) -> None:
    if _CURRENT.call is not None and response_dict["status_code"] < 300:
        _CURRENT.call.answer = response_dict["body"]
        response_dict["body"] = b"{}"


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
