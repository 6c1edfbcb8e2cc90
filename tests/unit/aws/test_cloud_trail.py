"""Who wrote a resource by the word of CloudTrail: others alone, few requests, and nothing that fails what it is asked for."""

from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.clients import Clients
from controller.aws.cloud_trail import MOST_ASKED, OtherWriters
from controller.aws.errors import Place

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)


class Trail:
    """Answers with pages, then with nothing."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self.meta = type("Meta", (), {"region_name": "eu-west-1"})
        self.pages, self.asked = list(pages), list[dict[str, Any]]()

    def lookup_events(self, **request: Any) -> dict[str, Any]:
        self.asked.append(dict(request))
        if not self.pages:
            refusal: Any = {"Error": {"Code": "ThrottlingException", "Message": "slower"}}
            raise ClientError(refusal, "LookupEvents")
        page = self.pages.pop(0)
        return {"Events": page, "NextToken": "more"}


def event(user: str, name: str = "UpdateAutoScalingGroup", **more: Any) -> dict[str, Any]:
    return {"Username": user, "EventName": name, "EventTime": NOW, "ReadOnly": "false", **more}


def test_the_newest_change_by_others_is_told() -> None:
    trail = Trail([event("envctl-i-1"), event("ada", "Describe", ReadOnly="true"), event("eve")])
    told = OtherWriters(trail).of("c50-ta-Web", NOW)
    assert told == "eve by UpdateAutoScalingGroup at 2026-11-24 19:00:00+0000"
    (asked,) = trail.asked
    assert asked["LookupAttributes"][0]["AttributeValue"] == "c50-ta-Web"


def test_no_more_than_two_pages_are_read() -> None:
    trail = Trail([], [event("envctl-i-1")], [event("eve")])
    assert OtherWriters(trail).of("x", NOW) == ""
    assert [request.get("NextToken") for request in trail.asked] == [None, "more"]


def test_after_an_error_nothing_more_is_asked() -> None:
    trail = Trail()
    writers = OtherWriters(trail)
    told = {writers.of("x", NOW) for _ in range(3)}
    assert len(told) == 1
    assert told.pop().startswith("not known: cloudtrail: look up x: AWS throttles LookupEvents")
    assert len(trail.asked) == 1


def test_of_many_resources_a_few_are_asked() -> None:
    trail = Trail(*[[event("eve")] for _ in range(MOST_ASKED + 5)])
    writers = OtherWriters(trail)
    told = [writers.of("x", NOW) for _ in range(MOST_ASKED + 2)]
    assert [bool(text) for text in told] == [True] * MOST_ASKED + [False] * 2


def test_a_name_steers_no_terminal() -> None:
    told = OtherWriters(Trail([event("e\x1b[2Jve" + "x" * 999)])).of("x", NOW)
    assert told.isprintable()
    assert len(told) <= 200


def test_a_hint_is_not_tried_again() -> None:
    client = Clients().client(Place("", "eu-west-1"), "cloudtrail")
    assert client.meta.config.read_timeout == 5
