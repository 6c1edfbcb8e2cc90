"""Who wrote a resource last, by the word of CloudTrail: a hint that is worth one or two requests, and no waiting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.errors import EnvctlError
from controller.model.printable import LONGEST_LINE, in_short

SERVICE: Final = "cloudtrail"
LOOKED_BACK: Final = timedelta(days=1)
MOST_PAGES: Final = 2
_PAGE: Final = 50
MOST_ASKED: Final = 10
"""CloudTrail answers two look-ups a second: of more resources in one run nothing is asked."""
_OWN_SESSION: Final = "envctl-"
"""What our own sessions' names begin with."""


@dataclass(slots=True)
class OtherWriters:
    """Asks the CloudTrail of one account and region, for the length of a run. After an answer that is none it asks no more."""

    client: Any
    _left: int = field(default=MOST_ASKED, init=False)
    _why_not: str = field(default="", init=False)

    def of(self, name: str, now: datetime) -> str:
        """Return who last changed the resource of this name, by what and when, in short; else why that is not known.

        Empty where CloudTrail tells of nobody: it takes some minutes to know of a change. Never raises one of our errors.
        """
        if self._left <= 0:
            return self._why_not
        self._left -= 1
        try:
            return self._asked(name, now)
        except EnvctlError as error:
            self._left, self._why_not = 0, in_short(f"not known: {error.message}", LONGEST_LINE)
            return self._why_not

    def _asked(self, name: str, now: datetime) -> str:
        request: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": name}],
            "StartTime": now - LOOKED_BACK,
            "EndTime": now,
            "MaxResults": _PAGE,
        }
        for _ in range(MOST_PAGES):
            with aws_errors(f"cloudtrail: look up {name}", place_of(self.client)):
                answer = self.client.lookup_events(**request)
            # Newest first.
            for event in answer.get("Events", ()):
                if _is_by_others(event):
                    return _told(event)
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
        return ""


def _is_by_others(event: Mapping[str, Any]) -> bool:
    user = str(event.get("Username", ""))
    return bool(user) and event.get("ReadOnly") != "true" and not user.startswith(_OWN_SESSION)


def _told(event: Mapping[str, Any]) -> str:
    at = event.get("EventTime")
    when = f" at {at:%Y-%m-%d %H:%M:%S%z}" if isinstance(at, datetime) else ""
    text = f"{event.get('Username')} by {event.get('EventName', 'an unknown call')}{when}"
    return in_short(text, LONGEST_LINE)
