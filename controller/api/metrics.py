"""What is measured, for Prometheus: the queue, scopes by state, works and requests. Labels are few: never a scope or a name."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from controller import __version__
from controller.errors import EnvctlError
from controller.events import (
    Emit,
    Event,
    NotificationDropped,
    NotificationFailed,
    NotificationSent,
    WorkDone,
    WorkFailed,
    WorkGivenUp,
)
from controller.model.work import Backlog, Job

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_OTHER: Final = "other"
_JOBS: Final = frozenset(Job)
_OUTCOMES: Final[Mapping[type[Event], str]] = {
    WorkDone: "done",
    WorkFailed: "failed",
    WorkGivenUp: "given-up",
}


class Metrics:
    """Counts of one process, in a registry of its own; what stands at the moment is asked for when it is scraped."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._registry = CollectorRegistry()
        self._works = Counter(
            "envctl_works",
            "Works by job and outcome.",
            ("job", "outcome"),
            registry=self._registry,
        )
        self._work_seconds = Histogram(
            "envctl_work_duration_seconds",
            "How long works took that were done.",
            ("job",),
            registry=self._registry,
        )
        self._notifications = Counter(
            "envctl_notifications",
            "Alerts and changes by the sink they went to, and what became of them; of failures each try counts once.",
            ("sink", "outcome"),
            registry=self._registry,
        )
        self._requests = Counter(
            "envctl_http_requests",
            "Requests by method, route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "envctl_http_request_duration_seconds",
            "How long requests took.",
            ("route",),
            registry=self._registry,
        )

    def counting(self, emit: Emit) -> Emit:
        """Return what counts works and notifications by their events, and passes all events on."""

        def counted(event: Event) -> None:
            outcome = _OUTCOMES.get(type(event))
            if isinstance(event, WorkDone | WorkFailed | WorkGivenUp) and outcome is not None:
                job = event.job if event.job in _JOBS else _OTHER
                self._works.labels(job, outcome).inc()
                if isinstance(event, WorkDone):
                    self._work_seconds.labels(job).observe(event.seconds)
            self._count_notification(event)
            emit(event)

        return counted

    def _count_notification(self, event: Event) -> None:
        match event:
            case NotificationSent():
                self._notifications.labels(event.sink, "sent").inc(event.messages)
            case NotificationFailed():
                self._notifications.labels(event.sink, "failed").inc()
            case NotificationDropped():
                self._notifications.labels(event.sink, "dropped").inc(event.messages)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def ask(self, backlog: Callable[[], Backlog], scopes: Callable[[], Mapping[str, int]]) -> None:
        """Take what tells how much is on the queue, and how many scopes are in which state."""
        self._registry.register(_Standing(backlog, scopes))

    def text(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        return generate_latest(self._registry)


class _Standing:
    """What stands now. What cannot be read is left out, and ``envctl_readable`` says so: no figure is not nought."""

    def __init__(
        self, backlog: Callable[[], Backlog], scopes: Callable[[], Mapping[str, int]]
    ) -> None:
        self._backlog, self._scopes = backlog, scopes

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Say nothing beforehand: nothing is read when this is registered."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield what can be read."""
        info = GaugeMetricFamily("envctl_build_info", "1, with the version.", labels=("version",))
        info.add_metric((__version__,), 1)
        yield info
        readable = GaugeMetricFamily(
            "envctl_readable", "Whether a part could be read just now.", labels=("part",)
        )
        for part, read in (("queue", self._of_queue), ("state", self._of_scopes)):
            try:
                families = list(read())
            except EnvctlError:
                families = []
            readable.add_metric((part,), float(bool(families)))
            yield from families
        yield readable

    def _of_queue(self) -> Iterator[GaugeMetricFamily]:
        found = self._backlog()
        works = GaugeMetricFamily("envctl_queue_works", "Works on the queue.", labels=("state",))
        works.add_metric(("waiting",), found.waiting)
        works.add_metric(("in-flight",), found.in_flight)
        works.add_metric(("dead",), found.dead)
        yield works
        yield GaugeMetricFamily(
            "envctl_queue_lag_seconds", "How long the work taken last had waited.", found.lag_s
        )

    def _of_scopes(self) -> Iterator[GaugeMetricFamily]:
        scopes = GaugeMetricFamily("envctl_scopes", "Scopes by state.", labels=("state",))
        for state, count in sorted(self._scopes().items()):
            scopes.add_metric((state,), count)
        yield scopes
