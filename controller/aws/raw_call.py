"""DynamoDB calls whose body we write and read ourselves, with botocore doing the rest.

botocore walks every attribute of every item through its service model, twice: that is most of the client's time in a large
transaction or scan. Here the JSON body goes in and comes out as bytes; endpoint, signature, connection, retries and errors stay
botocore's. A contract test holds the bodies to what botocore itself would have sent and read.
"""

import threading
import weakref
from typing import Any

from controller.aws.errors import answer_leaves_outcome_open, may_have_been_done


class _Call(threading.local):
    """What the handlers of the calling thread need to know; handlers run in the thread that called."""

    body: bytes | None = None
    answer: bytes | None = None
    lost: bool = False
    active: bool = False


_CALL = _Call()
_HOOKED: "weakref.WeakSet[Any]" = weakref.WeakSet()
_LOCK = threading.Lock()


class LostAnswer:
    """Says whether one of the tries of a call may have been done though no answer came; set while the call runs."""

    __slots__ = ("maybe_done",)

    def __init__(self) -> None:
        """Begin with nothing lost."""
        self.maybe_done = False


def raw_call(
    client: Any,
    method: str,
    body: bytes,
    valid_params: dict[str, Any],
    lost: LostAnswer | None = None,
) -> bytes:
    """Send ``body`` as the request of ``method`` (``transact_write_items``) and return the body of the answer.

    ``valid_params`` is any small valid request of that method; botocore resolves the endpoint with it.
    Raises botocore's errors. ``lost`` tells the caller, also when this raises, whether a try may have been done.
    """
    _hook(client)
    _CALL.body, _CALL.answer, _CALL.lost, _CALL.active = body, None, False, True
    try:
        getattr(client, method)(**valid_params)
    finally:
        _CALL.active = False
        if lost is not None:
            lost.maybe_done = _CALL.lost
    return _CALL.answer or b"{}"


def _hook(client: Any) -> None:
    if client in _HOOKED:
        return
    with _LOCK:
        if client in _HOOKED:
            return
        events = client.meta.events
        events.register_last("before-call.dynamodb", _put_body, unique_id="envctl-body")
        events.register("before-parse.dynamodb", _take_answer, unique_id="envctl-answer")
        events.register_first("needs-retry.dynamodb", _notice_lost, unique_id="envctl-lost")
        _HOOKED.add(client)


def _put_body(params: dict[str, Any], **_: Any) -> None:
    if _CALL.active:
        params["body"] = _CALL.body


def _take_answer(response_dict: dict[str, Any], **_: Any) -> None:
    if _CALL.active and response_dict["status_code"] < 300:
        _CALL.answer = response_dict["body"]
        response_dict["body"] = b"{}"


def _notice_lost(response: Any, caught_exception: Any, **_: Any) -> None:
    if not _CALL.active:
        return
    if caught_exception is not None:
        if may_have_been_done(caught_exception):
            _CALL.lost = True
        return
    http, parsed = response
    code = str(parsed.get("Error", {}).get("Code", ""))
    if http.status_code >= 300 and answer_leaves_outcome_open(code, http.status_code):
        _CALL.lost = True
