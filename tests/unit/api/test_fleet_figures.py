"""What status says, in figures."""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.api.fleet_figures import figures_of
from controller.engine.queries.status.view import SnapshotView
from controller.engine.state.notification_rows import SinkHealth
from controller.model.alert import Alert, AlertKey, AlertKind, KnownAlert
from controller.model.observed import ScopeCounts, ScopeState
from tests.unit.views.test_status_text import NOW, WHOLE, stands

EMPTY = replace(WHOLE, scopes=(), snapshot=None)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def test_scopes_and_alerts_are_counted_and_what_does_not_stand_is_nought() -> None:
    scopes = (
        stands("a/r", ScopeState.OK),
        stands("b/r", ScopeState.OK),
        replace(stands("gone/r", ScopeState.OK), known=False),
    )
    alert = KnownAlert(Alert(AlertKey(AlertKind.DRIFT_STORM, "x"), "t"), NOW)
    view = replace(EMPTY, scopes=scopes, alerts=(alert,), failing_sinks=(SinkHealth("topic", 1),))

    found = figures_of(view)

    assert found.scopes == {"ok": 2}
    assert (found.alerts["drift-storm"], found.alerts["dead-letters"]) == (1, 0)
    assert found.alerts.keys() == set(map(str, AlertKind))
    assert found.sinks_failing == 1


def test_ages_are_those_of_the_oldest() -> None:
    scopes = (
        stands("a/r", ScopeState.OK, looked_at=ago(minutes=5), left_since=ago(minutes=50)),
        stands("b/r", ScopeState.OK, looked_at=ago(minutes=15), left_since=ago(minutes=20)),
        stands("c/r", ScopeState.OBSERVE, looked_at=ago(minutes=1), left_since=ago(days=9)),
    )
    snapshot = SnapshotView("one", NOW - timedelta(hours=7))
    view = replace(EMPTY, scopes=scopes, snapshot=snapshot, streams_read_until=ago(seconds=9))

    found = figures_of(view)

    assert (found.drift_age_s, found.look_age_s) == (50 * 60, 15 * 60)
    assert (found.snapshot_age_s, found.stream_lag_s) == (7 * 3600, 9)


def test_what_is_not_there_has_no_age() -> None:
    found = figures_of(EMPTY)

    assert found.drift_age_s == 0
    assert (found.look_age_s, found.snapshot_age_s, found.stream_lag_s) == (None, None, None)


def test_instances_are_those_of_all_scopes() -> None:
    counts = ScopeCounts(at=NOW, instances_on=3, instances_off=2, to_start=1)
    scopes = (
        stands("a/r", ScopeState.OK, seen=counts),
        stands("b/r", ScopeState.OK, seen=counts),
        stands("c/r", ScopeState.OK, seen=ScopeCounts(at=NOW)),
    )

    found = figures_of(replace(EMPTY, scopes=scopes))

    assert (found.on, found.off, found.to_start) == (6, 4, 2)
