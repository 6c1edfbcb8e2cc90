"""Somebody changed one item after the plan was made: that change and what relies on it wait, everything else is done.

Covers: engine.commit.change_queue, engine.commit.storage, engine.config.apply.
"""

import base64
import random
from dataclasses import replace

import pytest

from controller.aws.transactions import MAX_BYTES, transaction_bytes
from controller.errors import RefusedByAws, Unreachable
from controller.events import ApplyProgressed, Event
from controller.model.plan import Status
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from tests.support.estate import PREFIX, Estate
from tests.support.toy_kinds import SERVICES, environment, projection, service


@pytest.fixture
def estate() -> Estate:
    return Estate()


def ref(name: str) -> ResourceRef:
    return ResourceRef("Service", name)


def test_the_others_in_its_transaction_are_written_in_the_next(estate: Estate) -> None:
    estate.wants(*(service(f"s{n}") for n in range(10)))
    changes = estate.plans()
    estate.meddles(
        SERVICES.name,
        ServiceName="s3",
        Audit={"Version": 4, "User": "bob", "LastChanged": "2026-11-24T09:59:00.000Z"},
    )
    result = estate.worker().takes().applies(changes)
    by_name = {outcome.change.ref.key: outcome for outcome in result.outcomes}
    assert by_name["s3"].status is Status.CONFLICTED
    assert "exists by now: found version 4 by bob" in by_name["s3"].message
    assert {o.status for name, o in by_name.items() if name != "s3"} == {Status.APPLIED}
    assert len(estate.store.transactions) == 1
    estate.check_ledger()


def test_what_relies_on_it_is_skipped_all_the_way(estate: Estate) -> None:
    estate.wants(
        service("a"), service("b", 1, ref("a")), service("c", 2, ref("b")), service("d", 3)
    )
    changes = estate.plans()
    estate.meddles(SERVICES.name, ServiceName="a")
    result = estate.worker().takes().applies(changes)
    assert {o.change.ref.key: o.status for o in result.outcomes} == {
        "a": Status.CONFLICTED,
        "b": Status.SKIPPED,
        "c": Status.SKIPPED,
        "d": Status.APPLIED,
    }
    skipped = next(o for o in result.outcomes if o.change.ref.key == "c")
    assert "Service/b, which must come first, was not done" in skipped.message


@pytest.mark.parametrize(
    ("meddling", "said"),
    [
        (
            {"Audit": {"Version": 2, "TransactionID": "other"}},
            "planned from version 1, found version 2",
        ),
        (
            {"Audit": {"Version": 1, "TransactionID": "other"}},
            "planned from version 1, found version 1",
        ),
        (None, "is gone"),
    ],
)
def test_an_update_is_only_of_the_version_planned_from(
    estate: Estate, meddling: dict[str, object] | None, said: str
) -> None:
    estate.wants(service("a", 40000))
    worker = estate.worker().takes()
    worker.applies()
    estate.wants(service("a", 40001))
    changes = estate.plans()
    if meddling is None:
        estate.store.drop(PREFIX + SERVICES.name, {"ServiceName": "a"})
    else:
        found = estate.item(SERVICES.name, ServiceName="a")
        assert found is not None
        estate.meddles(SERVICES.name, **{**found, **meddling})
    (outcome,) = worker.applies(changes).outcomes
    assert outcome.status is Status.CONFLICTED
    assert said in outcome.message


@pytest.mark.parametrize("audit", [{}, {"Audit": "yesterday"}, {"Audit": {"User": "bob"}}])
def test_an_item_without_a_version_must_be_just_as_it_was_found(
    estate: Estate, audit: dict[str, object]
) -> None:
    found = {"ServiceName": "old", "Value": {"BluePort": "40001", "Tags": ["x"]}, **audit}
    estate.meddles(SERVICES.name, **found)
    estate.wants(service("old"))
    worker = estate.worker().takes()
    changes = estate.plans(adopt=True)
    estate.meddles(SERVICES.name, **{**found, "Value": {"BluePort": "40002", "Tags": ["x"]}})
    assert worker.applies(changes).outcomes[0].status is Status.CONFLICTED
    (outcome,) = worker.applies(estate.plans(adopt=True)).outcomes
    assert outcome.status is Status.APPLIED
    item = estate.item(SERVICES.name, ServiceName="old")
    assert item is not None
    assert item["Audit"]["Version"] == 1
    assert estate.plans() == ()


@pytest.mark.parametrize("size", [10, 300_000])
@pytest.mark.parametrize(
    ("meddling", "said"),
    [
        (
            {"Value": {"RunbookUrl": "x"}},
            "its item in InfraConfigServices was changed after the plan was made: Value",
        ),
        (
            {"Note": "by hand"},
            "was changed after the plan was made: Note, by a writer that does not sign",
        ),
    ],
)
def test_what_a_writer_that_leaves_the_audit_alone_wrote_is_not_lost_unseen(
    estate: Estate, meddling: dict[str, object], said: str, size: int
) -> None:
    def noted(port: int, **note: str) -> Projection:
        item = {"ServiceName": "a", "Value": {"Port": port, "Text": "x" * size}, **note}
        return projection(ref("a"), {SERVICES.name: item})

    estate.wants(noted(40000))
    worker = estate.worker().takes()
    worker.applies()
    estate.wants(noted(40001, Note="of the document"))
    changes = estate.plans()
    found = estate.item(SERVICES.name, ServiceName="a")
    assert found is not None
    estate.meddles(SERVICES.name, **{**found, **meddling})
    (outcome,) = worker.applies(changes).outcomes
    assert outcome.status is Status.CONFLICTED
    assert said in outcome.message
    meddled = estate.item(SERVICES.name, ServiceName="a")
    assert meddled == {**found, **meddling}
    assert worker.applies(estate.plans()).outcomes[0].status is Status.APPLIED
    # What it takes away, the ledger has seen.
    del meddled["Audit"], meddled["Managed"]
    assert estate.records()[-1].old_value == meddled
    estate.check_ledger()


def test_what_large_items_are_compared_with_counts_as_well(estate: Estate) -> None:
    worker = estate.worker().takes()
    for fill in "xy":
        estate.wants(*(service(f"s{n:02}", Description=fill * 350_000) for n in range(12)))
        assert {o.status for o in worker.applies().outcomes} == {Status.APPLIED}
    sizes = [transaction_bytes(writes) for writes in estate.store.transactions]
    assert max(sizes) < MAX_BYTES
    assert len(sizes) > 4


def test_an_item_of_too_many_attributes_is_not_written_uncompared(estate: Estate) -> None:
    estate.wants(service("a"), service("b"))
    worker = estate.worker().takes()
    worker.applies()
    found = estate.item(SERVICES.name, ServiceName="a")
    assert found is not None
    estate.meddles(SERVICES.name, **found, **{f"X{n}": n for n in range(200)})
    estate.wants(service("a", 1), service("b", 1))
    by_key = {o.change.ref.key: o for o in worker.applies().outcomes}
    assert by_key["a"].status is Status.FAILED
    assert "Service/a: its item has 205 attributes" in by_key["a"].message
    assert by_key["b"].status is Status.APPLIED


def test_one_that_aws_refuses_is_found_and_only_it_fails(estate: Estate) -> None:
    estate.wants(*(service(f"s{n:02}") for n in range(60)))

    def refuse(writes: object, _: str) -> None:
        if "s13" in repr(writes):
            raise RefusedByAws("tables: AWS refused: ValidationException", "ValidationException")

    estate.store.before = refuse
    result = estate.worker().takes().applies()
    failed = [o.change.ref.key for o in result.outcomes if o.status is Status.FAILED]
    assert failed == ["s13"]
    assert {o.status for o in result.outcomes} == {Status.FAILED, Status.APPLIED}
    estate.check_ledger()


def test_one_that_is_too_large_fails_and_says_what_to_do(estate: Estate) -> None:
    estate.wants(service("a"), environment("c1", "x" * 500_000), service("z"))
    result = estate.worker().takes().applies()
    by_key = {o.change.ref.key: o for o in result.outcomes}
    assert by_key["c1"].status is Status.FAILED
    assert "DynamoDB holds 409,600" in by_key["c1"].message
    assert "fleet/c1.yaml:3" in by_key["c1"].message
    assert by_key["a"].status is by_key["z"].status is Status.APPLIED
    estate.check_ledger()


def noise(seed: int, length: int) -> str:
    return base64.b85encode(random.Random(seed).randbytes(length)).decode()


def test_a_change_no_record_can_hold_fails_and_says_what_to_do(estate: Estate) -> None:
    estate.wants(service("a", Description=noise(1, 300_000)))
    worker = estate.worker().takes()
    assert worker.applies().outcomes[0].status is Status.APPLIED
    estate.wants(service("a", Description=noise(2, 300_000)), service("b"))
    by_key = {o.change.ref.key: o for o in worker.applies().outcomes}
    assert by_key["a"].status is Status.FAILED
    assert "set snapshots.bucket in the settings" in by_key["a"].message
    assert by_key["b"].status is Status.APPLIED


def test_with_a_store_for_large_images_it_is_done(estate: Estate) -> None:
    kept: dict[str, bytes] = {}

    class Store:
        def put(self, key: str, content: bytes) -> None:
            kept[key] = content

        def get(self, key: str) -> bytes | None:
            return kept.get(key)

    worker = estate.worker().takes()
    for seed in (1, 2):
        estate.wants(service("a", Description=noise(seed, 300_000)))
        storage = replace(estate.storage, blobs=Store())
        assert worker.applies(storage=storage).outcomes[0].status is Status.APPLIED
    assert len(kept) == 1


@pytest.mark.parametrize("puts_before_it_fails", [0, 1])
def test_a_store_that_fails_fails_only_what_needs_it(
    estate: Estate, puts_before_it_fails: int
) -> None:
    class Failing:
        puts = 0

        def put(self, key: str, content: bytes) -> None:
            self.puts += 1
            if self.puts > puts_before_it_fails:
                raise Unreachable("the bucket does not answer")

        def get(self, key: str) -> bytes | None:
            return None

    worker = estate.worker().takes()
    estate.wants(service("a", Description=noise(1, 300_000)))
    worker.applies()
    others = [service(f"s{n:03}") for n in range(60)]
    estate.wants(service("a", Description=noise(2, 300_000)), *others)
    storage = replace(estate.storage, blobs=Failing())
    by_key = {o.change.ref.key: o for o in worker.applies(storage=storage).outcomes}
    assert by_key["a"].status is Status.FAILED
    assert "the bucket does not answer" in by_key["a"].message
    assert by_key["s059"].status is Status.APPLIED
    estate.check_ledger()


def test_progress_counts_every_change_once(estate: Estate) -> None:
    estate.wants(*(service(f"s{n:03}") for n in range(120)))
    worker = estate.worker().takes()
    seen: list[Event] = []
    worker.emit = seen.append
    worker.applies()
    assert seen[:3] == [ApplyProgressed("config", done, 120) for done in (49, 98, 120)]
