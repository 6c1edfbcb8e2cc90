"""Puts the sandbox's rules around every operation moto answers."""

import time
from functools import cache
from threading import RLock
from typing import Any

from moto.core import responses as moto_responses
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse

from controller.sandbox import call_counts, faults
from controller.sandbox.call import Call, Refused, call_of
from controller.sandbox.rules import rules_of

ONE_AT_A_TIME = RLock()
"""moto is not thread-safe, AWS's single calls are atomic."""
_MAY_WAIT = frozenset({"sqs"})
"""Services with calls that wait for others, which must get in meanwhile."""
_installed = False


def install() -> None:
    """Put the rules around moto, once per process."""
    global _installed  # noqa: PLW0603 - moto is patched per process, so once is once per process
    if _installed:
        return
    _installed = True
    original = BaseResponse.call_action
    # moto looks through all methods of a service's class at each call.
    namespace = vars(moto_responses)
    namespace["method_names_from_class"] = cache(namespace["method_names_from_class"])

    def call_action(self: BaseResponse) -> Any:
        call = call_of(self)
        call_counts.count(call)
        fault = faults.take(call)
        if fault is not None and fault.latency_s:
            time.sleep(fault.latency_s)
        if fault is not None and fault.code:
            return _refuse(call, Refused(fault.code, fault.message))
        if call.service in _MAY_WAIT:
            answer = _act(call, original)
        else:
            with ONE_AT_A_TIME:
                answer = _act(call, original)
        if fault is not None and fault.lose_answer:
            faults.drop_this_connection()
        return answer

    BaseResponse.call_action = call_action  # type: ignore[method-assign]  # the one place all services pass


def _act(call: Call, original: Any) -> Any:
    rules = rules_of(call)
    try:
        for check in rules.before:
            check(call)
        if rules.answers:
            answer: Any = _serialized(call, rules.answers[0](call))
        else:
            answer = original(call.response)
        if int(answer[0]) < 300:
            for effect in rules.after:
                effect(call)
    except ServiceException as refusal:
        return _refuse(call, refusal)
    return answer


def _refuse(call: Call, refusal: ServiceException) -> Any:
    return _serialized(call, ActionResult(refusal))


def _serialized(call: Call, result: ActionResult) -> Any:
    status, headers, body = call.response.serialized(result)
    headers, body = call.response._enrich_response(headers, body)  # noqa: SLF001 - it puts the request id in
    return status, headers, body
