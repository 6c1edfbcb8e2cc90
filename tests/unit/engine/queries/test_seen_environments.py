"""How much of an environment is on is what the last look counted, and unknown where none did."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.engine.queries.listing import ListedEnvironment
from controller.engine.queries.seen_environments import as_seen
from controller.model.accepted import AcceptedState
from controller.model.observed import ScopeCounts, ScopeState, ScopeStatus
from controller.model.ref import Reason
from controller.views.lists.accepted import list_answer

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SCOPE = "staging-eu/eu-west-1"


def listed(name: str = "c50", account: str = "staging-eu") -> ListedEnvironment:
    nothing_else = SimpleNamespace(operational=lambda *_: False, resources={})
    return ListedEnvironment(
        name=name,
        account=account,
        region="eu-west-1",
        environment_type="Staging",
        team="Tango",
        deployment_map="web",
        schedule="office",
        wanted="on",
        next_at=None,
        next_wanted="",
        overrides=(),
        accepted=cast(AcceptedState, nothing_else),
    )


def state_of(seen: ScopeCounts | None, **where: Any) -> str:
    status = ScopeStatus(scope=SCOPE, state=ScopeState.OK, since=NOW, tried_at=NOW, seen=seen)
    known = listed("known")._replace(seen_at=NOW)
    found = [*as_seen([listed(**where)], {SCOPE: status}), known]
    rows = list_answer("environments", found, NOW).text().splitlines()
    place = rows[0].index("STATE")
    return rows[1][place : rows[0].index("WANTED")].strip()


def counts(**environments: tuple[int, int]) -> ScopeCounts:
    on = sum(on for on, _ in environments.values())
    off = sum(whole - on for on, whole in environments.values())
    return ScopeCounts(at=NOW, instances_on=on, instances_off=off, environments=environments)


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (counts(c50=(4, 4)), "on (4)"),
        (counts(c50=(2, 4)), "2 of 4 on"),
        (counts(c50=(0, 4), c51=(1, 1)), "off (4)"),
        (counts(c51=(1, 1)), "off"),
        (counts(), "off"),
        (None, "unknown"),
        (ScopeCounts(at=NOW, copies_behind=0), "unknown"),
        (ScopeCounts(at=NOW, instances_on=3, instances_off=0), "unknown"),
    ],
)
def test_on_or_off_is_what_the_last_look_counted(seen: ScopeCounts | None, state: str) -> None:
    assert state_of(seen) == state


def test_of_an_account_that_nobody_looked_at_nothing_is_known() -> None:
    assert state_of(counts(c50=(4, 4)), account="prod-eu") == "unknown"


def test_how_old_it_is_is_said() -> None:
    seen = ScopeCounts(at=NOW, instances_on=0, instances_at=NOW - timedelta(minutes=7))
    status = ScopeStatus(scope=SCOPE, state=ScopeState.OK, since=NOW, tried_at=NOW, seen=seen)
    answer = list_answer("environments", as_seen([listed()], {SCOPE: status}), NOW, "wide")

    assert "7 min ago" in answer.text()
    assert answer.remarks == (
        "envctl: STATE as the last looks saw it, 7 min ago; as it is now: envctl get groups",
    )


def test_where_nothing_is_known_there_is_no_column_of_it() -> None:
    answer = list_answer("environments", as_seen([listed()], {}), NOW, "wide")

    assert "STATE" not in answer.text()
    assert "SEEN" not in answer.text()
    assert answer.remarks == (
        "envctl: without STATE, as no look at these accounts is on record; as it is now: envctl get groups",
    )


def test_which_published_looks_do_not_tell_is_said_once() -> None:
    unseen = {SCOPE: Reason("no look is published", fix="wait"), "prod/eu-west-1": Reason("old")}
    known = listed("known")._replace(seen_at=NOW - timedelta(minutes=7))

    def said(*found: ListedEnvironment, unseen: dict[str, Reason]) -> tuple[str, ...]:
        return list_answer("environments", found, NOW, unseen=unseen).remarks

    assert said(listed(), unseen=unseen) == (
        "envctl: without STATE in prod/eu-west-1: old; so it is in 1 more",
    )
    assert said(listed(), known, unseen={SCOPE: unseen[SCOPE]}) == (
        "envctl: STATE as the last looks saw it, 7 min ago",
        f"envctl: STATE is unknown in {SCOPE}: no look is published",
    )
    assert said(known, unseen={}) == ("envctl: STATE as the last looks saw it, 7 min ago",)
