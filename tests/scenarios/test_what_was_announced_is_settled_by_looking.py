"""A worker dies, or loses its scope, between announcing a live change and writing what became of it.

Covers: engine.live.observe, engine.live.journal, engine.live.found_done.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from moto import mock_aws

from controller.engine.commit.lease import Claim
from controller.errors import AccessDenied, RefusedByAws, Unreachable
from controller.model.canonical import parse_canonical
from controller.model.plan import Cause, Change, Status
from controller.ports import ActResult, LiveActs
from tests.support.extension_targets.owners import OwnerParameters
from tests.support.fleet_yaml import environment
from tests.support.live_accounts import SCOPE, LiveEstate, live_changes


class Killed(BaseException):
    """The process is gone: nothing catches it."""


class Hooked(OwnerParameters):
    """The target with something happening before and after each act."""

    def __init__(self) -> None:
        self.before: Callable[[Change], None] = lambda _: None
        self.after: Callable[[Change], None] = lambda _: None
        self.acted: list[str] = []

    def act(self, change: Change, acts: LiveActs) -> ActResult:
        self.before(change)
        result = super().act(change, acts)
        self.acted.append(change.ref.key.rpartition("/")[2])
        self.after(change)
        return result


@pytest.fixture
def target() -> Hooked:
    return Hooked()


@pytest.fixture
def estate(tmp_path: Path, target: Hooked) -> Iterator[LiveEstate]:
    with mock_aws():
        made = LiveEstate(tmp_path / "fleet", targets=(target,))
        yield made.has({"c50.yaml": environment("c50")})


def kill(_change: Change) -> None:
    raise Killed


def kill_while_acting(estate: LiveEstate, target: Hooked, *, done: bool) -> None:
    if done:
        target.after = kill
    else:
        target.before = kill
    with pytest.raises(Killed):
        estate.applied()
    target.before = target.after = lambda _: None
    assert [record.phase for record in estate.records()] == ["intended"]


def test_what_was_done_is_found_done(estate: LiveEstate, target: Hooked) -> None:
    kill_while_acting(estate, target, done=True)
    (intended,) = estate.records()

    report = estate.applied(worker="worker-b", take_over=True)

    assert report.exit_code == 0
    assert target.acted == ["c50"]
    ended = estate.records()[1]
    assert (ended.phase, ended.intended) == ("succeeded", intended.audit_id)
    assert ended.new_meta["Message"] == "found done when the scope was looked at next"
    assert len(estate.told("record.settled")) == 1
    whole = estate.planned()
    assert whole.live is not None
    assert whole.live.left_open == frozenset()


def test_what_is_on_record_as_failed_and_was_made_is_found_done_by_a_closer_look(
    estate: LiveEstate, target: Hooked
) -> None:
    def denied(_change: Change) -> None:
        raise AccessDenied("what comes after the making is denied")

    target.after = denied
    estate.applied()
    target.after = lambda _: None
    assert [record.phase for record in estate.records()] == ["intended", "failed"]
    intended = estate.records()[0]

    assert estate.applied().exit_code == 0
    assert len(estate.records()) == 2
    assert estate.applied(deep=True).exit_code == 0

    found = estate.records()[2:]
    assert [(record.phase, record.intended) for record in found] == [
        ("succeeded", intended.audit_id)
    ]
    assert found[0].new_meta["Message"] == "found done when the scope was looked at next"
    assert target.acted == ["c50"]
    assert estate.applied(deep=True).exit_code == 0
    assert len(estate.records()) == 3


def test_what_was_not_done_is_done_now(estate: LiveEstate, target: Hooked) -> None:
    kill_while_acting(estate, target, done=False)

    report = estate.applied(worker="worker-b", take_over=True)

    assert [one.status for one in report.outcomes] == [Status.APPLIED]
    phases = [(one.phase, one.new_meta.get("Message", "")[:8]) for one in estate.records()]
    assert phases == [("intended", ""), ("failed", "not done"), ("intended", ""), ("succeeded", "")]


def test_what_became_something_else_is_said(estate: LiveEstate, target: Hooked) -> None:
    kill_while_acting(estate, target, done=True)
    ssm = estate.client("ssm")
    value = json.loads(ssm.get_parameter(Name="/owners/c50")["Parameter"]["Value"])
    mine = {**value, "owner": "me", "digest": "0"}
    ssm.put_parameter(Name="/owners/c50", Value=json.dumps(mine), Overwrite=True)

    estate.applied(worker="worker-b", take_over=True)

    phases = [(one.phase, one.new_meta.get("Message", "")[:15]) for one in estate.records()]
    assert phases[1] == ("failed", "neither as befo")
    assert live_changes(estate.planned()) == []


@pytest.mark.slow
def test_who_lost_the_scope_acts_no_more(estate: LiveEstate, target: Hooked) -> None:
    estate.has({f"e{n}.yaml": environment(f"e{n}") for n in range(9)})
    installation = estate.worker_installation("worker-b")

    def lose(_change: Change) -> None:
        if not target.acted:
            installation.leases.take(SCOPE, Claim("worker-b", take_over=True))

    target.before = lose
    report = estate.applied()

    # Those that were under way at that moment can still land; no other is begun.
    assert len(target.acted) <= 4
    assert {one.status for one in report.outcomes if one.change.target == "owners"} == {
        Status.STALE_EPOCH
    }
    assert {record.phase for record in estate.records()} == {"intended"}
    target.before = lambda _: None
    estate.applied(worker="worker-b")
    assert live_changes(estate.planned()) == []
    endings = [one.phase for one in estate.records() if one.phase != "intended"]
    assert endings.count("succeeded") == 10


@pytest.mark.slow
def test_one_that_fails_does_not_stop_the_others(estate: LiveEstate, target: Hooked) -> None:
    estate.has({"c51.yaml": environment("c51"), "c52.yaml": environment("c52")})

    def refuse(change: Change) -> None:
        if change.ref.key.endswith("c51"):
            raise RefusedByAws("owners: AWS refused it (TooManyParameters)", "TooManyParameters")

    target.before = refuse
    report = estate.applied()

    statuses = {one.change.ref.key.rpartition("/")[2]: one for one in report.outcomes}
    assert statuses["c51"].status is Status.FAILED
    assert (statuses["c50"].status, statuses["c52"].status) == (Status.APPLIED, Status.APPLIED)
    assert report.exit_code == 7
    failed = [record for record in estate.records() if record.phase == "failed"]
    assert [(one.entity_key, one.new_meta["Message"][:24]) for one in failed] == [
        (f"{SCOPE}/c51", "owners: AWS refused it (")
    ]
    assert estate.statuses()[SCOPE].changes == 1


def test_an_account_whose_credentials_are_another_s_is_left_alone(
    estate: LiveEstate, target: Hooked
) -> None:
    estate.applied("config")
    sts = estate.installation.master.aws.client("sts")
    arn = "arn:aws:sts::222233334444:assumed-role/roleInfraEnvironmentManagerChild/envctl"
    sts.meta.events.register(
        "after-call.sts.AssumeRole",
        lambda parsed, **_: parsed.update(AssumedRoleUser={"Arn": arn}),
    )

    estate.applied(SCOPE)

    assert target.acted == []
    assert estate.records() == []
    assert "are not its own" in estate.statuses()[SCOPE].reason


@pytest.mark.slow
def test_the_ledger_of_a_live_scope_is_one_chain(estate: LiveEstate, target: Hooked) -> None:
    estate.has({f"e{n}.yaml": environment(f"e{n}") for n in range(50)})
    estate.applied()

    records = estate.records()

    assert [record.sequence for record in records] == list(range(1, 103))
    for before, after in pairwise(records):
        assert after.previous_hash == before.hash
    head = estate.installation.leases.read(SCOPE)
    assert head is not None
    assert (head.sequence, head.last_hash, head.owner) == (102, records[-1].hash, "")
    phases = [record.phase for record in records]
    # Two transactions for each 49 records: announced, ended.
    assert phases == ["intended"] * 49 + ["succeeded"] * 49 + ["intended"] * 2 + ["succeeded"] * 2
    assert len(target.acted) == 51


def no_answer(_change: Change) -> None:
    raise Unreachable("owners: no answer from AWS")


@pytest.mark.slow
def test_a_create_without_an_answer_stays_open_and_is_found_done(
    estate: LiveEstate, target: Hooked
) -> None:
    target.after = no_answer
    report = estate.applied()

    (outcome,) = [found for found in report.outcomes if found.change.target == "owners"]
    assert outcome.status is Status.UNKNOWN
    assert report.exit_code == 5
    assert [record.phase for record in estate.records()] == ["intended"]

    target.after = lambda _: None
    assert estate.applied().exit_code == 0
    assert [record.phase for record in estate.records()] == ["intended", "succeeded"]
    assert target.acted == ["c50"]

    estate.has({"c50.yaml": environment("c50", more=", lifecycle: retired")}).applied()
    estate.has({"c50.yaml": None}).applied()
    assert parameters(estate) == []


@pytest.mark.slow
def test_what_is_not_known_stays_open_while_the_rest_goes_on(
    estate: LiveEstate, target: Hooked
) -> None:
    estate.has({f"e{n:02}.yaml": environment(f"e{n:02}") for n in range(60)})

    def first_without_answer(change: Change) -> None:
        if change.ref.key.endswith("/c50"):
            no_answer(change)

    target.after = first_without_answer
    report = estate.applied()

    by_status = Counter(found.status for found in report.outcomes if found.change.target)
    assert by_status[Status.UNKNOWN] == 1
    (row,) = [row for name, row in estate.rows().items() if name == f"open#{SCOPE}"]
    (left,) = row["Records"]
    (record,) = [found for found in estate.records() if found.audit_id == left]
    assert record.entity_key == f"{SCOPE}/c50"


@pytest.mark.slow
def test_what_a_refused_create_left_behind_is_ours_to_delete(
    estate: LiveEstate, target: Hooked
) -> None:
    def refuse(_change: Change) -> None:
        raise RefusedByAws("owners: AWS refused the second request", "LimitExceeded")

    target.after = refuse
    assert estate.applied().exit_code == 7
    assert [record.phase for record in estate.records()] == ["intended", "failed"]
    target.after = lambda _: None

    estate.has({"c50.yaml": environment("c50", more=", lifecycle: retired")}).applied()
    estate.has({"c50.yaml": None}).applied()

    assert parameters(estate) == []


@pytest.mark.slow
def test_our_own_half_done_work_is_no_drift_and_no_flip(estate: LiveEstate, target: Hooked) -> None:
    estate.applied()

    def half(change: Change) -> None:
        value = {"owner": parse_canonical(change.after or b"{}")["owner"]}
        ssm = estate.client("ssm")
        ssm.put_parameter(Name="/owners/c50", Value=json.dumps(value), Overwrite=True)
        raise Killed

    for cluster in ("Search", "Tango", "Search", "Tango"):
        estate.has({"c50.yaml": environment("c50", cluster)})
        estate.clock.sleep(1)
        target.before = half
        with pytest.raises(Killed):
            estate.applied(take_over=True)
        target.before = lambda _: None

        (change,) = live_changes(estate.planned())
        assert change.cause is Cause.EDITED
        assert change.because == "goes on with what an earlier run began and did not end"
        estate.clock.sleep(1)
        assert estate.applied(take_over=True).exit_code == 0
        assert live_changes(estate.planned()) == []

    assert f"flips#{SCOPE}" not in estate.rows()


@pytest.mark.slow
def test_what_was_left_open_in_a_scope_that_is_taken_is_said(
    estate: LiveEstate, target: Hooked
) -> None:
    kill_while_acting(estate, target, done=True)
    estate.installation.leases.take(SCOPE, Claim("worker-c", take_over=True))

    report = estate.applied(worker="worker-b")

    assert report.exit_code == 5
    assert f"scope {SCOPE}: owned by worker-c" in report.stopped


def parameters(estate: LiveEstate) -> list[str]:
    found = estate.client("ssm").get_parameters_by_path(Path="/owners/")["Parameters"]
    return [parameter["Name"] for parameter in found]
