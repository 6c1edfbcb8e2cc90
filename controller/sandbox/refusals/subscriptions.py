"""Topics: those of other accounts tell nothing of themselves, and where they may send: moto posts what is published to any address, and this AWS is to reach nothing but this machine.

AWS itself takes any address here; that one is left out by design.
"""

import re
from typing import Final

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before

_HERE: Final = re.compile(
    r"https?://(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?(?:[/?#][!-~]*)?"
)


@before("sns", "GetTopicAttributes")
def topics_of_others(call: Call) -> None:
    """Refuse to tell of another account's topic, as long as no policy allows it.

    AuthorizationError: "Indicates that the user has been denied access to the requested resource." (Amazon SNS API Reference,
    GetTopicAttributes)
    """
    arn = str(call.params.get("TopicArn", ""))
    account = (arn.split(":") + [""] * 5)[4]
    if account and account != call.account:
        raise Refused(
            "AuthorizationError",
            f"User: arn:aws:sts::{call.account}:assumed-role/envctl is not authorized to perform: SNS:GetTopicAttributes on "
            f"resource: {arn} because no resource-based policy allows the SNS:GetTopicAttributes action",
            status=403,
        )


@before("sns", "Subscribe")
def only_this_machine_is_told(call: Call) -> None:
    """Refuse an address of another machine."""
    protocol, endpoint = (str(call.params.get(name, "")) for name in ("Protocol", "Endpoint"))
    if protocol.lower().startswith("http") and not _HERE.fullmatch(endpoint):
        raise Refused(
            "InvalidParameter",
            "Invalid parameter: Endpoint: the sandbox sends to addresses of this machine alone, such as http://127.0.0.1:8000/",
        )
