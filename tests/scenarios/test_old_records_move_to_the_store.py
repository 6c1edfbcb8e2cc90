"""Records of long ago move out of the table, and every question is answered as before; killed anywhere the next run ends it.

Covers: engine.queries.archive, engine.installation.object_stores, engine.state.archive_records,
engine.state.recover_archive.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ministack import MINISTACK, ministack
from controller import catalog
from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.aws.items import to_wire
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.cli.process import process_context
from controller.engine.installation.installation import (
    Installation,
    Master,
    find_installation,
    open_settings,
)
from controller.engine.queries.archive import archive_old_records
from controller.engine.queries.audit import verify_installation
from controller.engine.state import archive_records
from controller.engine.state.archive_records import RecordArchiver, find_old_records
from controller.engine.state.open_records import row_of_open_records
from controller.errors import DamagedState
from controller.ledger.archived.archive import ARCHIVES_ROW
from controller.ledger.archived.segments import FOLDER, segment_of_key
from tests.support.command_line import Fleet, envctl, installation, service, use_settings
from tests.support.request_faults import request_faults
from tests.support.told import Told

LATER = datetime.now(UTC) + timedelta(days=200)
"""When records of now are old: the month they are of ended more than ninety days before."""


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def kept(
    request: pytest.FixtureRequest,
    installed: Fleet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three clusters' and services' lives on record, in segments of three records once they are moved."""
    place = f"folder: {tmp_path / 'kept'}" if request.param == "folder" else in_bucket()
    monkeypatch.setattr(archive_records, "MOST_RECORDS", 3)
    use_settings(tmp_path, monkeypatch, f"ledger: {{keepDays: 90}}\nsnapshots: {{{place}}}\n")
    lived(installed)


def in_bucket() -> str:
    """Make a bucket; return the setting that names it."""
    where: Any = {"LocationConstraint": "eu-west-1"}
    s3 = Clients().client(Place("", "eu-west-1"), "s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration=where)
    return "bucket: kept"


def lived(installed: Fleet) -> None:
    installed.has({"cart.yaml": service("Cart", 40001), "mail.yaml": service("Mail", 40002)})
    assert installed.apply().code == 0
    installed.has({"search.yaml": service("Search", 40000, description="d"), "cart.yaml": None})
    assert installed.apply().code == 0


def long_after() -> Installation:
    """Return the installation as a process sees it whose clock is two hundred days ahead, and that does not wait."""
    around = replace(process_context(), clock=lambda: LATER, sleep=lambda _: None)
    return find_installation(Master(open_settings(None, around), around, catalog.kinds()))


def in_table() -> list[int]:
    """Return the sequences of scope config that are in the table."""
    return [line.sequence for line in installation().ledger.lines.after("config", 0)]


def segments() -> list[tuple[int, int]]:
    stored = installation().archive.store.list(FOLDER)
    return [(one.first, one.last) for one in (segment_of_key(at.key) for at in stored) if one]


def asked() -> list[list[str]]:
    """Return what commands say of the past, line by line: records of one moment come in any order."""
    ended = [
        envctl("audit", *words.split())
        for words in (
            "list --records",
            "list --when 1d --kind Service",
            "list --entity Service/Cart",
            "list --actor ada --format json",
            "blame Service/Mail",
            "state --at 2000-01-01",
            "export --format proof",
        )
    ]
    assert {one.code for one in ended} == {0}, [one.err for one in ended]
    return [sorted(one.out.splitlines()) for one in ended]


def test_every_question_is_answered_as_before(kept: None) -> None:
    moved_and_asked()


@pytest.mark.slow
def test_every_question_is_answered_as_before_on_the_other_look_alike(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not MINISTACK.exists():
        pytest.skip("ministack is not installed: make servers")
    monkeypatch.setattr(archive_records, "MOST_RECORDS", 3)
    with ministack() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        settings = f"ledger: {{keepDays: 90}}\nsnapshots: {{{in_bucket()}}}\n"
        use_settings(tmp_path, monkeypatch, settings)
        assert envctl("bootstrap").code == 0
        lived(fleet)

        moved_and_asked()


def moved_and_asked() -> None:
    """Ask, move all but the newest record, and ask again."""
    first = installation().ledger.lines.beginning("config")
    assert first is not None
    before, records = asked(), len(in_table())
    # In the middle of what is moved.
    middle = ("state", "--at", first.iso_timestamp, "--format", "json")
    then = envctl("audit", *middle).json
    assert (
        then["objects"]
        != envctl("audit", "state", "--format", "json", "--at", "0h").json["objects"]
    )
    transaction = envctl("rollback", first.transaction_id, "--plan")

    moved = archive_old_records(long_after(), LATER)

    assert [(old.scope, old.records) for old in moved if old.records] == [("config", records - 1)]
    assert in_table() == [records]
    assert segments()[0] == (1, 3)
    assert asked() == before
    assert envctl("audit", *middle).json == then
    assert envctl("audit", "show", first.audit_id).code == 0
    again = envctl("rollback", first.transaction_id, "--plan")
    assert (again.code, again.out) == (transaction.code, transaction.out)
    verified = envctl("audit", "verify", "--replay")
    assert verified.code == 0, verified.out
    assert envctl("status", "--format", "json").json["archive"]["records"] == records - 1
    assert archive_old_records(long_after(), LATER) == ()


def test_what_was_announced_and_not_ended_stays_with_all_that_follows(kept: None) -> None:
    now = long_after()
    lines = list(now.ledger.lines.after("config", 0))
    row = row_of_open_records("config", [lines[2].audit_id])
    now.master.store.write(PutWrite(now.master.state_table, to_wire(row)))

    (moved,) = archive_old_records(now, LATER)

    assert (moved.records, moved.held_by) == (2, lines[2].audit_id)
    assert in_table() == [line.sequence for line in lines[2:]]


@pytest.mark.slow
@pytest.mark.tells("controller/engine/state/recover_archive.py", "audit recover")
@pytest.mark.tells("controller/ledger/archived/archive.py", "audit recover")
def test_a_lost_row_is_told_and_made_again(kept: None, told: Told) -> None:
    now = long_after()
    archive_old_records(now, LATER)
    row = now.master.store.get(now.master.state_table, ARCHIVES_ROW)
    for lost in (None, {**ARCHIVES_ROW, "config": {"To": 6}}):
        key = to_wire(ARCHIVES_ROW)
        now.master.store.write(
            PutWrite(now.master.state_table, to_wire(lost))
            if lost
            else DeleteWrite(now.master.state_table, key)
        )
        verified = envctl("audit", "verify")
        assert verified.code != 0

        recovered = told.types(verified.out + verified.err, "audit recover config")

        assert recovered.code == 0, recovered.err
        assert now.master.store.get(now.master.state_table, ARCHIVES_ROW) == row
        assert envctl("audit", "verify", "--replay").code == 0
    assert "nothing was written" in envctl("audit", "recover", "config").out


@pytest.mark.tells("controller/ledger/archived/segments.py", "audit verify")
def test_a_chain_that_is_not_whole_is_not_moved(kept: None, told: Told) -> None:
    now = long_after()
    _, second, *_ = now.ledger.lines.after("config", 0)
    key = {"AuditID": {"S": second.audit_id}}
    now.master.store.write(DeleteWrite(now.ledger.table, key))

    with pytest.raises(DamagedState, match="#1 is not record #2") as refused:
        archive_old_records(now, LATER)

    verified = told.types(str(refused.value), "audit verify")
    assert (verified.code, "#2" in verified.out) == (7, True), verified.out
    assert segments() == []
    assert in_table()[0] == 1


@pytest.mark.tells("controller/engine/state/archive_records.py", "audit verify")
def test_a_record_that_is_another_in_its_segment_is_not_deleted(kept: None, told: Told) -> None:
    now = long_after()
    first, *_ = now.ledger.lines.after("config", 0)
    mover = RecordArchiver(installation=now, before=LATER)
    (old,) = find_old_records(now, ["config"], LATER)
    mover._write_segments(old)
    table = now.master.client
    table.update_item(
        TableName=now.ledger.table,
        Key={"AuditID": {"S": first.audit_id}},
        UpdateExpression="SET #hash = :other",
        ExpressionAttributeNames={"#hash": "Hash"},
        ExpressionAttributeValues={":other": {"S": "0" * 64}},
    )

    with pytest.raises(DamagedState, match="not the one in its segment") as refused:
        archive_old_records(now, LATER)

    verified = told.types(str(refused.value), "audit verify")
    assert (verified.code, "#1" in verified.out) == (7, True), verified.out
    assert in_table()[0] == 1


def test_young_records_stay(kept: None) -> None:
    plan = envctl("audit", "archive", "--yes")

    assert (plan.code, segments()) == (0, [])
    assert plan.out.startswith("no record of before ")


def test_without_the_setting_nothing_is_moved(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_settings(tmp_path, monkeypatch, f"snapshots: {{folder: {tmp_path}}}\n")

    ended = envctl("audit", "archive", "--yes")

    assert ended.code == 64
    assert "keepDays" in ended.err


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def die(*_: object) -> None:
    """End everything at once."""
    raise Killed


@pytest.mark.slow
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_at_any_request_the_next_run_ends_it(kept: None, side: str) -> None:
    before, sent = asked(), 0
    # Each run gets one request further than the one before it.
    for nth in count(1):
        with request_faults() as faults:
            faults.at("", nth, **{side: die})
            try:
                archive_old_records(long_after(), LATER)
                break
            except Killed:
                sent = nth
        assert verify_installation(installation(), replay=True).intact

    assert sent > 5
    assert len(in_table()) == 1
    assert asked() == before


@pytest.mark.parametrize("operation", ["UpdateItem", "TransactWriteItems"])
@pytest.mark.slow
def test_an_answer_that_gets_lost_changes_nothing(kept: None, operation: str) -> None:
    with request_faults() as faults:
        faults.at(operation, lose_answer=True)
        archive_old_records(long_after(), LATER)

    assert len(in_table()) == 1
    assert envctl("audit", "verify", "--replay").code == 0
    assert "6 of 1 scope in segments, up to" in envctl("doctor").out


@pytest.mark.slow
def test_killed_while_a_segment_is_written_it_is_written_once(
    kept: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = type(long_after().archive.store)
    real = store.put
    for nth in count(1):
        calls = 0

        def put(self: Any, key: str, content: bytes, nth: int = nth) -> None:
            nonlocal calls
            calls += 1
            real(self, key, content)
            if calls == nth:
                raise Killed

        monkeypatch.setattr(store, "put", put)
        try:
            archive_old_records(long_after(), LATER)
            break
        except Killed:
            assert verify_installation(installation(), replay=True).intact
    assert nth > 2
    monkeypatch.setattr(store, "put", real)

    assert len(in_table()) == 1
    assert segments() == [(1, 3), (4, 6)]
    assert envctl("audit", "verify", "--replay").code == 0
