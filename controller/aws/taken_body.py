"""AWS answers taken as bytes before botocore parses them: where parsing is most of a look's work, and where nobody reads them.

Endpoint, signature, connection, retries and errors stay botocore's; what it is left to parse is an empty answer.
"""

import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any


class _Asked(threading.local):
    """What the thread is waiting for: botocore runs its handlers in the thread that called."""

    wanted: bool = False
    body: bytes = b""


_ASKED = _Asked()
_HOOKED: "weakref.WeakSet[Any]" = weakref.WeakSet()
_LOCK = threading.Lock()


def body_of(client: Any, method: str, request: Mapping[str, Any]) -> bytes:
    """Call a method (``describe_instances``) and return the body of AWS's answer. Raises botocore's errors."""
    _hook(client)
    call: Callable[..., Any] = getattr(client, method)
    _ASKED.wanted, _ASKED.body = True, b""
    try:
        call(**request)
        return _ASKED.body
    finally:
        _ASKED.wanted, _ASKED.body = False, b""


def _hook(client: Any) -> None:
    if client in _HOOKED:
        return
    with _LOCK:
        if client not in _HOOKED:
            client.meta.events.register("before-parse", _take)
            _HOOKED.add(client)


def _take(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    # Renewing credentials calls AWS in the midst of ours, but by clients that nobody hooked.
    if _ASKED.wanted and response_dict["status_code"] < 300:
        _ASKED.body = response_dict["body"]
        shape = operation_model.output_shape
        wrapper = shape.serialization.get("resultWrapper", "nothing") if shape else "nothing"
        response_dict["body"] = f"<empty><{wrapper}/></empty>".encode()
