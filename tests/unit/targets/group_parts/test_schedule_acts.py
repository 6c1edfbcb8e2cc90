"""Actions that AWS refuses at a time at which another comes: the old one goes for them, and comes back if that was for nothing."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from controller.errors import RefusedByAws
from controller.model.canonical import canonical_bytes
from controller.model.plan import Cause, Change
from controller.model.ref import ResourceRef
from controller.targets.group_parts import schedule_acts
from controller.targets.group_parts.schedule_acts import put_actions

OLD = {"recurrence": "0 5 * * *", "timezone": "UTC", "desiredCapacity": 1}
NEW = {**OLD, "desiredCapacity": 2}


@dataclass
class Client:
    """One group's actions. ``refused`` are names that AWS does not take, whatever else is there."""

    there: dict[str, Any]
    refused: set[str] = field(default_factory=set)
    request_id: str = ""

    def described(self, what: str) -> dict[str, Any]:
        return {}

    def change(self, what: str, method: str, **request: Any) -> dict[str, Any]:
        for name in request.get("ScheduledActionNames", ()):
            del self.there[name]
        failed = []
        for one in request.get("ScheduledUpdateGroupActions", ()):
            name, at = one["ScheduledActionName"], one["Recurrence"]
            taken = any(n != name and o["recurrence"] == at for n, o in self.there.items())
            if taken or name in self.refused:
                code = "AlreadyExists" if taken else "ValidationError"
                failed.append(
                    {"ScheduledActionName": name, "ErrorCode": code, "ErrorMessage": code}
                )
            else:
                self.there[name] = {"recurrence": at}
        return {"FailedScheduledUpdateGroupActions": failed}

    def tags(self, values: dict[str, str]) -> list[dict[str, str]]:
        return [{"Value": value} for value in values.values()]

    def tag(self, what: str, tags: Any, method: str) -> None:
        return None


def put(monkeypatch: pytest.MonkeyPatch, client: Client, there: dict[str, Any]) -> None:
    monkeypatch.setattr(schedule_acts, "GroupClient", lambda *_: client)
    monkeypatch.setattr(schedule_acts, "carries_our_mark", lambda *_: True)
    monkeypatch.setattr(schedule_acts, "read_actions", lambda *_: {"g": dict(there)})
    after = canonical_bytes({"actions": {"envctl-1": NEW}})
    ref = ResourceRef("ScalingSchedules", "staging-eu/eu-west-1/g")
    change = Change(
        "update", "scaling-schedules", ref, Cause.EDITED, (), b"{}", after, b"{}", "d", b"{}"
    )
    acts: Any = None
    put_actions(change, acts)


def test_the_old_one_at_that_time_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"EM-Scheduled-Action-1": OLD, "theirs": {**OLD, "recurrence": "0 6 * * *"}}
    client = Client(dict(there))
    put(monkeypatch, client, there)
    assert client.there.keys() == {"envctl-1", "theirs"}


def test_it_comes_back_where_the_new_one_is_refused_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {"EM-Scheduled-Action-1": OLD}
    client = Client(dict(there), refused={"envctl-1"})
    with pytest.raises(RefusedByAws, match="ValidationError"):
        put(monkeypatch, client, there)
    assert client.there.keys() == {"EM-Scheduled-Action-1"}


def test_one_of_others_at_that_time_stays_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"theirs": OLD}
    client = Client(dict(there))
    with pytest.raises(RefusedByAws, match="AWS refused 1 scheduled actions of g: envctl-1"):
        put(monkeypatch, client, there)
    assert client.there.keys() == {"theirs"}
