"""Which alerts stand: each read off the rows that a run leaves, and none where people need not look yet."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.engine.notifications.standing import Around, next_moment, standing_alerts
from controller.engine.state.override_rows import row_of_override
from controller.engine.state.rows import FLIPS_PREFIX, row_of_status
from controller.ledger.heads import HEAD_PREFIX, row_of_head
from controller.ledger.records import iso_ms
from controller.model.alert import AlertKind
from controller.model.ledger_record import LEDGER_FORMAT, Head
from controller.model.observed import ScopeCounts, ScopeState, ScopeStatus
from controller.model.override import Override
from controller.model.ref import Reason, ResourceRef

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ACCOUNT = "staging-eu/eu-west-1"
AROUND = Around(
    now=NOW,
    scopes=frozenset({"config", ACCOUNT}),
    dead_letters=0,
    announce_within=timedelta(minutes=30),
)


def rows(*found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {str(row["Id"]): row for row in found}


def status(state: ScopeState, scope: str = ACCOUNT, **more: Any) -> Mapping[str, Any]:
    reason = Reason("it is so", fix="mend it")
    made = ScopeStatus(scope=scope, state=state, since=NOW, tried_at=NOW, reason=reason, **more)
    return row_of_status(made)


def told(*found: Mapping[str, Any], around: Around = AROUND) -> list[tuple[str, str, str]]:
    alerts = standing_alerts(rows(*found), around)
    return [(str(alert.key.kind), alert.key.subject, alert.next) for alert in alerts]


def test_nothing_stands_where_all_is_in_order() -> None:
    assert told(status(ScopeState.OK), status(ScopeState.OBSERVE, "config")) == []


def test_a_guard_that_refuses_is_an_alert_at_once() -> None:
    assert told(status(ScopeState.REFUSED)) == [
        ("guard-refused", ACCOUNT, f"envctl plan --scope {ACCOUNT}")
    ]
    assert told(status(ScopeState.REFUSED, "config")) == [
        ("guard-refused", "config", "envctl plan")
    ]


def test_what_may_pass_is_an_alert_once_it_was_tried_again() -> None:
    unknown, stalled = ScopeState.UNKNOWN, ScopeState.STALLED
    for scope, state, kind, step in (
        (ACCOUNT, unknown, "scope-unknown", f"envctl doctor {ACCOUNT}"),
        (ACCOUNT, stalled, "scope-stalled", f"envctl plan --scope {ACCOUNT}"),
        ("config", stalled, "source-stalled", "envctl validate"),
    ):
        assert told(status(state, scope, failures=1)) == []
        assert told(status(state, scope, failures=2)) == [(kind, scope, step)]
    planned = status(stalled, "config", failures=2, changes=1)
    assert told(planned) == [("source-stalled", "config", "envctl plan")]


def test_a_scope_that_no_account_names_any_more_concerns_nobody() -> None:
    assert told(status(ScopeState.REFUSED, "gone/eu-west-1")) == []


def test_instances_that_are_off_are_an_alert_once_a_second_look_saw_them() -> None:
    seen = ScopeCounts(at=NOW, to_start=2, off_since=NOW)
    later = replace(seen, at=NOW + timedelta(minutes=15)).after(seen)

    assert told(status(ScopeState.OK, seen=seen)) == []
    [alert] = standing_alerts(rows(status(ScopeState.OK, seen=later)), AROUND)
    assert alert.key.kind is AlertKind.INSTANCES_OFF
    assert alert.text == "2 instances are off and should be on, some since 2026-11-24 10:00 UTC"
    back = ScopeCounts(at=NOW + timedelta(minutes=30), to_start=0).after(later)
    assert told(status(ScopeState.OK, seen=back)) == []
    one = status(ScopeState.OK, seen=replace(later, to_start=1))
    assert standing_alerts(rows(one), AROUND)[0].text.startswith("1 instance is off")


def test_a_scope_of_a_newer_controller_is_an_alert_and_a_damaged_head_is_status_to_tell() -> None:
    newer = row_of_head(Head("config", 1, "", 0, 7, "aa", LEDGER_FORMAT + 1))
    damaged = {"Id": f"{HEAD_PREFIX}{ACCOUNT}", "Epoch": "many"}

    assert told(newer, damaged) == [("scope-from-the-future", "config", "envctl version")]


def test_an_object_that_is_fought_over_is_an_alert_until_it_is_tried_again() -> None:
    ref = ResourceRef("Service", "Search")
    moments = [int((NOW - timedelta(minutes=m)).timestamp() * 1000) for m in (9, 6, 3)]
    row = {"Id": f"{FLIPS_PREFIX}config", "Flips": {str(ref): moments}, "Told": []}

    assert told(row) == [
        ("drift-storm", "config Service/Search", "envctl audit list --entity Service/Search")
    ]
    assert told(row, around=replace(AROUND, now=NOW + timedelta(hours=1))) == []


def test_an_override_that_ends_soon_is_an_alert_and_a_damaged_one_is_not() -> None:
    made = Override(
        id="o-1",
        ref=ResourceRef("Environment", "c50"),
        reason="release night",
        actor="ada",
        since=NOW,
        until=NOW + timedelta(minutes=20),
    )
    tonight = replace(made, id="o-2", until=NOW + timedelta(hours=8))

    found = [row_of_override(made), row_of_override(tonight), {"Id": "override#o-3"}]

    assert told(*found) == [("override-ends-soon", "o-1", "envctl override list")]
    assert next_moment(rows(*found), AROUND) == made.until, "then it is over"
    assert next_moment(rows(found[1]), AROUND) == NOW + timedelta(hours=7, minutes=30)
    assert next_moment(rows(found[2]), AROUND) is None


def test_a_snapshot_that_failed_is_an_alert_until_one_is_taken() -> None:
    row = {"Id": "job#snapshot", "At": iso_ms(NOW), "Because": "the bucket is gone\n  fix: make it"}
    good = {**row, "DoneAt": iso_ms(NOW - timedelta(days=1))}

    [alert] = standing_alerts(rows(good), AROUND)

    assert alert.text == (
        "the snapshot of 2026-11-24 10:00 UTC failed: the bucket is gone;"
        " the last good one is of 2026-11-23 10:00 UTC"
    )
    assert told(row) == [("snapshot-failed", "", "envctl snapshot create")]
    assert told({**good, "Because": ""}) == []


def test_dead_letters_are_one_alert_however_many() -> None:
    for count in (1, 7):
        assert told(around=replace(AROUND, dead_letters=count)) == [
            ("dead-letters", "", "envctl doctor")
        ]
