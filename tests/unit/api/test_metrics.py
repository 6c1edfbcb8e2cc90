"""Figures: few labels, and what cannot be read is left out."""

from types import SimpleNamespace

from controller.api.fleet_figures import FleetFigures
from controller.api.metric_definitions import METRICS
from controller.api.metrics import Metrics
from controller.aws.clients import CallCounter
from controller.aws.errors import Place
from controller.errors import Unreachable
from controller.events import (
    AlertRaised,
    Event,
    NotificationDropped,
    NotificationFailed,
    NotificationSent,
    RevisionApplied,
    WorkDone,
    WorkFailed,
    WorkGivenUp,
)
from controller.model.work import Backlog

FIGURES = FleetFigures(
    scopes={"ok": 7, "unknown": 1},
    alerts={"drift-storm": 1, "dead-letters": 0},
    sinks_failing=1,
    drift_age_s=60.0,
    look_age_s=30.0,
    snapshot_age_s=3600.0,
    stream_lag_s=None,
    on=5,
    off=4,
    to_start=1,
)


def test_works_and_requests_are_counted() -> None:
    metrics, seen = Metrics(), list[Event]()
    emit = metrics.counting(seen.append)
    emit(WorkDone("staging/eu-west-1", "look", 0.5))
    emit(WorkFailed("ticks", "anything at all", "why"))
    emit(WorkGivenUp("config", "reconcile", "why"))
    metrics.count_request("GET", "/healthz", 200, 0.001)
    text = metrics.text().decode()

    assert len(seen) == 3
    assert 'envctl_works_total{job="look",outcome="done"} 1.0' in text
    assert 'envctl_works_total{job="other",outcome="failed"} 1.0' in text
    assert 'envctl_works_total{job="reconcile",outcome="given-up"} 1.0' in text
    assert 'envctl_http_requests_total{method="GET",route="/healthz",status="200"} 1.0' in text
    assert "staging" not in text


def test_notifications_are_counted() -> None:
    metrics = Metrics()
    emit = metrics.counting(lambda _: None)
    emit(NotificationSent("topics", 7))
    emit(NotificationFailed("webhook", 2, "gone"))
    emit(NotificationDropped("topics", 3, "a day old"))
    text = metrics.text().decode()

    assert 'envctl_notifications_total{outcome="sent",sink="topics"} 7.0' in text
    assert 'envctl_notifications_total{outcome="failed",sink="webhook"} 1.0' in text
    assert 'envctl_notifications_total{outcome="dropped",sink="topics"} 3.0' in text


def test_what_stands_is_asked_when_it_is_scraped() -> None:
    metrics = Metrics()
    calls = CallCounter()
    place = Place("012345678901", "eu-west-1")
    calls.request_created(place, event_name="request-created.ec2.X", operation_name="X")
    throttled = (None, {"Error": {"Code": "RequestLimitExceeded"}})
    operation = SimpleNamespace(name="X")
    calls.answered(place, event_name="needs-retry.ec2.X", response=throttled, operation=operation)
    calls.answered(place, event_name="needs-retry.ec2.X", response=None, operation=operation)
    metrics.ask(lambda: Backlog(3, 2, 1, 4.5), lambda: FIGURES, [calls, CallCounter()])
    text = metrics.text().decode()

    assert 'envctl_queue_works{state="waiting"} 3.0' in text
    assert "envctl_queue_lag_seconds 4.5" in text
    assert 'envctl_scopes{state="unknown"} 1.0' in text
    assert 'envctl_readable{part="state"} 1.0' in text
    assert 'envctl_alerts{alert="drift-storm"} 1.0' in text
    assert "envctl_drift_age_seconds 60.0" in text
    assert "envctl_stream_lag_seconds" not in text, "nobody read a stream yet"
    assert 'envctl_aws_requests_total{operation="X",service="ec2"} 1.0' in text
    assert 'envctl_aws_throttles_total{operation="X",service="ec2"} 1.0' in text
    assert "012345678901" not in text


def test_what_cannot_be_read_is_no_nought() -> None:
    def unreadable() -> FleetFigures:
        raise Unreachable("the tables do not answer")

    metrics = Metrics()
    metrics.ask(lambda: Backlog(0, 0, 0, 0.0), unreadable)
    text = metrics.text().decode()

    assert 'envctl_readable{part="state"} 0.0' in text
    assert 'envctl_readable{part="queue"} 1.0' in text
    assert "envctl_scopes{" not in text


def test_only_what_is_defined_is_scraped_and_all_of_it() -> None:
    metrics = Metrics()
    metrics.ask(lambda: Backlog(0, 0, 0, 0.0), lambda: FIGURES._replace(stream_lag_s=1.0))
    emit = metrics.counting(lambda _: None)
    emit(RevisionApplied("9f1e0aa", None))
    emit(RevisionApplied("9f1e0aa", 42.0))
    emit(AlertRaised("drift-storm", "", "", ""))
    lines = metrics.text().decode().splitlines()

    described = {line.split()[2] for line in lines if line.startswith("# HELP")}
    defined = {name for metric in METRICS for name in metric.scraped | {metric.name}}
    made = {name.removesuffix("_created") for name in described if name.endswith("_created")}
    assert described - {f"{name}_created" for name in made} <= defined
    assert {metric.name for metric in METRICS} <= {n.removesuffix("_total") for n in described}
    assert "envctl_commit_to_applied_seconds_count 1.0" in lines
