"""AWS writes, and the answer never comes: the ledger says that it was us, so nothing is written twice."""

import pytest

from controller.aws.errors import OutcomeUnknown
from controller.aws.transactions import Cancelled
from controller.errors import AccessDenied, Throttled, Unreachable
from controller.model.plan import Status
from tests.support.estate import PREFIX, Estate
from tests.support.toy_kinds import SERVICES, service


@pytest.fixture
def estate() -> Estate:
    estate = Estate()
    estate.wants(*(service(f"s{n:03}") for n in range(100)))
    return estate


def versions(estate: Estate) -> set[int]:
    return {item["Audit"]["Version"] for item in estate.store.items(PREFIX + SERVICES.name)}


def test_it_is_recognised_as_done_and_the_rest_goes_on(estate: Estate) -> None:
    def lose_the_first(*_: object) -> None:
        if len(estate.store.transactions) == 1:
            raise OutcomeUnknown("no answer")

    estate.store.after = lose_the_first
    result = estate.worker().takes().applies()

    assert [outcome.status for outcome in result.outcomes] == [
        *[Status.ALREADY_DONE] * 49,
        *[Status.APPLIED] * 51,
    ]
    assert all(outcome.audit_ids for outcome in result.outcomes)
    assert len(estate.store.transactions) == 3
    assert versions(estate) == {1}
    assert estate.plans() == ()
    estate.check_ledger()


def test_one_that_was_not_written_is_sent_again_with_the_same_token(estate: Estate) -> None:
    tokens: list[str] = []

    def lose_the_first_try(_: object, token: str) -> None:
        tokens.append(token)
        if len(tokens) == 1:
            raise OutcomeUnknown("no answer")

    estate.store.before = lose_the_first_try
    result = estate.worker().takes().applies()
    assert {outcome.status for outcome in result.outcomes} == {Status.APPLIED}
    assert tokens[0] == tokens[1]
    assert len(set(tokens)) == 3
    estate.check_ledger()


def test_where_the_client_itself_tried_again_the_conflict_with_ourselves_is_seen(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second try finds our own records, and everything conflicts: with ourselves."""
    transact = estate.store.transact

    def twice(writes: object, token: str) -> object:
        transact(writes, token)  # type: ignore[arg-type]  # passed on as it came
        estate.store.forget_tokens()
        answer = transact(writes, token)  # type: ignore[arg-type]  # passed on as it came
        assert isinstance(answer, Cancelled)
        return Cancelled(answer.reasons, maybe_done_before=True)

    monkeypatch.setattr(estate.store, "transact", twice)
    result = estate.worker().takes().applies()
    assert {outcome.status for outcome in result.outcomes} == {Status.ALREADY_DONE}
    assert versions(estate) == {1}
    estate.check_ledger()


@pytest.mark.parametrize(
    ("error", "tries", "status"),
    [
        (OutcomeUnknown("no answer"), 4, Status.UNKNOWN),
        (Throttled("slow down"), 4, Status.FAILED),
        (Unreachable("no network"), 4, Status.FAILED),
        (AccessDenied("not allowed"), 1, Status.FAILED),
    ],
)
def test_what_does_not_pass_ends_the_run_and_every_change_has_an_outcome(
    estate: Estate, error: Exception, tries: int, status: Status
) -> None:
    sent = 0

    def always(*_: object) -> None:
        nonlocal sent
        sent += 1
        raise error

    estate.store.before = always
    result = estate.worker().takes().applies()
    assert sent == tries
    assert result.stopped is error
    assert [outcome.status for outcome in result.outcomes] == [
        *[status] * 49,
        *[Status.SKIPPED] * 51,
    ]
    assert str(error) in result.outcomes[99].message

    estate.store.before = lambda *_: None
    assert {o.status for o in estate.converges().outcomes} == {Status.APPLIED}
    estate.check_ledger()


def test_a_request_given_up_that_lands_late_is_ours_too(estate: Estate) -> None:
    """The first try is cancelled after an unknown one; before the rest is sent again the unknown one lands."""
    held: list[tuple[object, str]] = []
    transact = estate.store.transact

    def hold_the_first(writes: object, token: str) -> None:
        if not held:
            held.append((writes, token))
            raise OutcomeUnknown("still on its way")

    estate.store.before = hold_the_first
    worker = estate.worker().takes()
    changes = estate.plans()
    estate.meddles(SERVICES.name, ServiceName="s000")

    def land_before_the_third(writes: object, token: str) -> None:
        if token != held[0][1]:
            estate.store.before = lambda *_: None
            estate.store.drop(PREFIX + SERVICES.name, {"ServiceName": "s000"})
            transact(*held[0])  # type: ignore[arg-type]  # sent once more as it was

    def hold_then_land(writes: object, token: str) -> None:
        if held:
            land_before_the_third(writes, token)
        else:
            hold_the_first(writes, token)

    estate.store.before = hold_then_land
    result = worker.applies(changes)
    assert result.stopped is None
    statuses = [outcome.status for outcome in result.outcomes]
    assert statuses == [*[Status.ALREADY_DONE] * 49, *[Status.APPLIED] * 51]
    assert versions(estate) == {1}
    estate.check_ledger()
