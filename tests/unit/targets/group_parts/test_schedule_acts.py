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
    as_a_whole: bool = False
    """Whether a call is rejected for one action at a time that is taken."""
    request_id: str = ""
    calls: list[list[str]] = field(default_factory=list)
    """The names that each call put."""

    def described(self, what: str) -> dict[str, Any]:
        return {}

    def change(self, what: str, method: str, **request: Any) -> dict[str, Any]:
        for name in request.get("ScheduledActionNames", ()):
            del self.there[name]
        failed = []
        puts = request.get("ScheduledUpdateGroupActions", ())
        self.calls.append([one["ScheduledActionName"] for one in puts])
        for one in puts:
            name, at = one["ScheduledActionName"], one["Recurrence"]
            taken = any(n != name and o["recurrence"] == at for n, o in self.there.items())
            if taken and self.as_a_whole:
                raise RefusedByAws("AWS refused", "AlreadyExists")
            if taken or name in self.refused:
                code = "AlreadyExists" if taken else "ValidationError"
                failed.append(
                    {"ScheduledActionName": name, "ErrorCode": code, "ErrorMessage": code}
                )
            else:
                sizes = {"desiredCapacity": one["DesiredCapacity"]}
                self.there[name] = {**self.there.get(name, {}), "recurrence": at, **sizes}
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


def test_the_old_one_goes_first_too_where_the_call_is_rejected_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {"EM-Scheduled-Action-1": OLD}
    client = Client(dict(there), as_a_whole=True)
    put(monkeypatch, client, there)
    assert client.there == {"envctl-1": {"recurrence": "0 5 * * *", "desiredCapacity": 2}}


def test_of_one_that_sets_fewer_sizes_nothing_of_the_old_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {"envctl-1": {**OLD, "minSize": 1}}
    client = Client(dict(there))
    put(monkeypatch, client, there)
    assert client.there == {"envctl-1": {"recurrence": "0 5 * * *", "desiredCapacity": 2}}

    client = Client(dict(there), refused={"envctl-1"})
    with pytest.raises(RefusedByAws, match="ValidationError"):
        put(monkeypatch, client, there)
    assert client.calls[-1] == ["envctl-1"], "the old one was put back, as far as AWS takes it"


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
