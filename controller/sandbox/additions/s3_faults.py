"""Faults of S3, whose requests take a way of their own through moto.

Operations are named as policies name them: ListBucket for ListObjectsV2, otherwise as the API does.
"""

import time
from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from controller.sandbox import faults
from controller.sandbox.call import Call

_SET_ACTION = S3Response._set_action  # noqa: SLF001 - where moto knows which operation it is and has done nothing yet


def _set_action(self: Any, kind: str, method: str, query: dict[str, Any]) -> None:
    _SET_ACTION(self, kind, method, query)
    call = Call("s3", str(self.data["Action"]), self.current_account, self.region, {}, self)
    fault = faults.take(call)
    if fault is None:
        return
    if fault.latency_s:
        time.sleep(fault.latency_s)
    if fault.code:
        raise S3ClientError(fault.code, fault.message)
    if fault.lose_answer:
        faults.drop_this_connection()


for _name, _replacement in (("_set_action", _set_action),):
    setattr(S3Response, _name, _replacement)
