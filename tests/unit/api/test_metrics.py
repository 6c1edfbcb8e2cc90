"""Figures: few labels, and what cannot be read is left out."""

from collections.abc import Mapping

from controller.api.metrics import Metrics
from controller.errors import Unreachable
from controller.events import (
    Event,
    NotificationDropped,
    NotificationFailed,
    NotificationSent,
    WorkDone,
    WorkFailed,
    WorkGivenUp,
)
from controller.model.work import Backlog


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
    metrics.ask(lambda: Backlog(3, 2, 1, 4.5), lambda: {"ok": 7, "unknown": 1})
    text = metrics.text().decode()

    assert 'envctl_queue_works{state="waiting"} 3.0' in text
    assert "envctl_queue_lag_seconds 4.5" in text
    assert 'envctl_scopes{state="unknown"} 1.0' in text
    assert 'envctl_readable{part="state"} 1.0' in text


def test_what_cannot_be_read_is_no_nought() -> None:
    def unreadable() -> Mapping[str, int]:
        raise Unreachable("the tables do not answer")

    metrics = Metrics()
    metrics.ask(lambda: Backlog(0, 0, 0, 0.0), unreadable)
    text = metrics.text().decode()

    assert 'envctl_readable{part="state"} 0.0' in text
    assert 'envctl_readable{part="queue"} 1.0' in text
    assert "envctl_scopes{" not in text
