"""TransactWriteItems with a ClientRequestToken is done once.

"Providing a ClientRequestToken makes the call to TransactWriteItems idempotent, meaning that multiple identical
calls have the same effect as one single call. [...] A client request token is valid for 10 minutes after the first
request that uses it is completed. [...] If you submit a request with the same client token but a change in other
parameters within the 10-minute idempotency window, DynamoDB returns an IdempotentParameterMismatch exception."
(Amazon DynamoDB API Reference, TransactWriteItems)
"""

import hashlib
import json
import time

from moto.core.responses import ActionResult

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import after, answers, before
from controller.sandbox.state import STATE

VALID_FOR_S = 600


def _key(call: Call) -> tuple[str, ...]:
    token = str(call.params.get("ClientRequestToken", ""))
    return ("transaction token", call.account, call.region, token)


def _digest(call: Call) -> str:
    text = json.dumps(call.params, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


@before("dynamodb", "TransactWriteItems")
def same_token_same_request(call: Call) -> None:
    """Refuse the token of another request within its ten minutes."""
    known = STATE.remembered.get(_key(call))
    if known is None or not call.params.get("ClientRequestToken"):
        return
    digest, until = known
    if time.monotonic() > until:
        del STATE.remembered[_key(call)]
    elif digest != _digest(call):
        raise Refused(
            "IdempotentParameterMismatchException",
            "The provided token was already used with other request parameters",
        )


@answers("dynamodb", "TransactWriteItems")
def applied_once(call: Call) -> ActionResult:
    """Answer a request done before as done; let moto do the others."""
    if call.params.get("ClientRequestToken") and _key(call) in STATE.remembered:
        return ActionResult({})
    result: ActionResult = call.response.transact_write_items()  # type: ignore[attr-defined]  # DynamoDB's own response class
    return result


@after("dynamodb", "TransactWriteItems")
def token_is_remembered(call: Call) -> None:
    """Remember the token of a request that was done; a refused one may be sent again."""
    if call.params.get("ClientRequestToken"):
        STATE.remembered.setdefault(_key(call), (_digest(call), time.monotonic() + VALID_FOR_S))
