"""Puts the sandbox's rules around every operation moto answers."""

import time
from collections import Counter
from importlib import import_module
from pkgutil import iter_modules
from threading import RLock
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from controller.sandbox import additions, faults, refusals
from controller.sandbox.call import Call, Refused
from controller.sandbox.faults import Fault
from controller.sandbox.rules import replaces, rules_of

ONE_AT_A_TIME = RLock()
"""moto is not thread-safe, AWS's single calls are atomic."""
CALLS: Counter[str] = Counter()
"""How often each operation was called, refused ones too, by ``service.Operation``: what measurements ask."""
_COUNTING = RLock()
_MAY_WAIT = frozenset({"sqs"})
"""Services with calls that wait for others, which must get in meanwhile."""
_CALL_ACTION = BaseResponse.call_action
_SET_ACTION = S3Response._set_action  # noqa: SLF001 - where moto knows which operation it is and has done nothing yet


def install() -> None:
    """Put all rules around moto, in this process and for good."""
    for package in (refusals, additions):
        for module in iter_modules(package.__path__):
            import_module(f"{package.__name__}.{module.name}")
    replaces(BaseResponse, "call_action")(_call_action)
    replaces(S3Response, "_set_action")(_set_action)


def calls_since_asked() -> dict[str, int]:
    """Return the calls since this was asked last."""
    with _COUNTING:
        found = dict(CALLS)
        CALLS.clear()
    return found


def _call_action(self: BaseResponse) -> Any:
    call = Call(
        str(self.service_name),
        str(self._get_action()),
        self.current_account,
        self.region,
        getattr(self, "params", None) or {},
        self,
    )
    with _COUNTING:
        CALLS[f"{call.service}.{call.operation}"] += 1
    fault = _fault_of(call)
    if fault.code:
        return _serialized(call, ActionResult(Refused(fault.code, fault.message, fault.status)))
    if call.service in _MAY_WAIT:
        answer = _act(call)
    else:
        with ONE_AT_A_TIME:
            answer = _act(call)
    if fault.lose_answer:
        faults.drop_this_connection()
    return answer


def _set_action(self: S3Response, kind: str, method: str, query: dict[str, Any]) -> None:
    """Let faults happen to S3, whose requests take a way of their own through moto.

    Operations are named as policies name them: ListBucket for ListObjectsV2, otherwise as the API does.
    """
    _SET_ACTION(self, kind, method, query)
    call = Call("s3", str(self.data["Action"]), self.current_account, self.region, {}, self)
    fault = _fault_of(call)
    if fault.code:
        raise S3ClientError(fault.code, fault.message)
    if fault.lose_answer:
        faults.drop_this_connection()


def _fault_of(call: Call) -> Fault:
    """Return what goes wrong with a call, after the time it takes longer."""
    fault = faults.take(call)
    time.sleep(fault.latency_s)
    return fault


def _act(call: Call) -> Any:
    rules = rules_of(call)
    try:
        for check in rules.before:
            check(call)
        if rules.answers:
            answer: Any = _serialized(call, rules.answers[0](call))
        else:
            answer = _CALL_ACTION(call.response)
        if int(answer[0]) < 300:
            for effect in rules.after:
                effect(call)
    except ServiceException as refusal:
        return _serialized(call, ActionResult(refusal))
    return answer


def _serialized(call: Call, result: ActionResult) -> Any:
    status, headers, body = call.response.serialized(result)
    headers, body = call.response._enrich_response(headers, body)  # noqa: SLF001 - it puts the request id in
    return getattr(result.result, "http_status", 0) or status, headers, body
