"""What is measured, for Prometheus. Labels are few: never a scope or a name."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from controller import __version__
from controller.api.fleet_figures import FleetFigures
from controller.api.metric_definitions import (
    ALERTS,
    ALERTS_RAISED,
    AWS_CALLS,
    AWS_THROTTLES,
    BUILD,
    COMMIT_TO_APPLIED,
    DRIFT_AGE,
    INSTANCES,
    INSTANCES_TO_START,
    LOOK_AGE,
    NOTIFICATIONS,
    QUEUE_LAG,
    QUEUE_WORKS,
    READABLE,
    REQUEST_DURATION,
    REQUESTS,
    SCOPES,
    SINKS_FAILING,
    SNAPSHOT_AGE,
    STREAM_LAG,
    WORK_DURATION,
    WORKS,
    Metric,
)
from controller.aws.clients import CallCounter
from controller.errors import EnvctlError
from controller.events import (
    AlertRaised,
    Emit,
    Event,
    NotificationDropped,
    NotificationFailed,
    NotificationSent,
    RevisionApplied,
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
_LATENCY_S: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400)


class Metrics:
    """Counts of one process, in a registry of its own; what stands at the moment is asked for when it is scraped."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._registry = CollectorRegistry()
        self._works = self._counter(WORKS)
        self._work_seconds = self._histogram(WORK_DURATION)
        self._latency = self._histogram(COMMIT_TO_APPLIED, _LATENCY_S)
        self._notifications = self._counter(NOTIFICATIONS)
        self._alerts = self._counter(ALERTS_RAISED)
        self._requests = self._counter(REQUESTS)
        self._request_seconds = self._histogram(REQUEST_DURATION)

    def counting(self, emit: Emit) -> Emit:
        """Return what counts events, and passes all of them on."""

        def counted(event: Event) -> None:
            self._count(event)
            emit(event)

        return counted

    def _count(self, event: Event) -> None:
        match event:
            case WorkDone() | WorkFailed() | WorkGivenUp():
                job = event.job if event.job in _JOBS else _OTHER
                self._works.labels(job, _OUTCOMES[type(event)]).inc()
                if isinstance(event, WorkDone):
                    self._work_seconds.labels(job).observe(event.seconds)
            case RevisionApplied(seconds=seconds) if seconds is not None:
                self._latency.observe(seconds)
            case AlertRaised():
                self._alerts.labels(event.alert).inc()
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

    def ask(
        self,
        backlog: Callable[[], Backlog],
        fleet: Callable[[], FleetFigures],
        calls: Iterable[CallCounter] = (),
    ) -> None:
        """Take what tells how much is on the queue, how the fleet stands, and which requests to AWS left."""
        self._registry.register(_Standing(backlog, fleet, tuple(calls)))

    def text(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _counter(self, metric: Metric) -> Counter:
        return Counter(metric.name, metric.text, metric.labels, registry=self._registry)

    def _histogram(
        self, metric: Metric, buckets: Iterable[float] = Histogram.DEFAULT_BUCKETS
    ) -> Histogram:
        return Histogram(
            metric.name,
            metric.text,
            metric.labels,
            registry=self._registry,
            buckets=tuple(buckets),
        )


class _Standing:
    """What stands now. What cannot be read is left out, and ``envctl_readable`` says so: no figure is not nought."""

    def __init__(
        self,
        backlog: Callable[[], Backlog],
        fleet: Callable[[], FleetFigures],
        calls: tuple[CallCounter, ...],
    ) -> None:
        self._backlog, self._fleet, self._calls = backlog, fleet, calls

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Say nothing beforehand: nothing is read when this is registered."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Yield what can be read."""
        yield _gauge(BUILD, {__version__: 1})
        readable: dict[str, float] = {}
        for part, read in (("queue", self._of_queue), ("state", self._of_fleet)):
            try:
                families = list(read())
            except EnvctlError:
                families = []
            readable[part] = float(bool(families))
            yield from families
        yield _gauge(READABLE, readable)
        yield self._of_calls(AWS_CALLS, CallCounter.counts)
        yield self._of_calls(AWS_THROTTLES, CallCounter.throttles)

    def _of_queue(self) -> Iterator[GaugeMetricFamily]:
        found = self._backlog()
        states = {"waiting": found.waiting, "in-flight": found.in_flight, "dead": found.dead}
        yield _gauge(QUEUE_WORKS, states)
        yield _value(QUEUE_LAG, found.lag_s)

    def _of_fleet(self) -> Iterator[GaugeMetricFamily]:
        found = self._fleet()
        yield _gauge(SCOPES, found.scopes)
        yield _gauge(ALERTS, found.alerts)
        yield _gauge(INSTANCES, {"on": found.on, "off": found.off})
        values = {
            SINKS_FAILING: found.sinks_failing,
            DRIFT_AGE: found.drift_age_s,
            LOOK_AGE: found.look_age_s,
            SNAPSHOT_AGE: found.snapshot_age_s,
            STREAM_LAG: found.stream_lag_s,
            INSTANCES_TO_START: found.to_start,
        }
        for metric, value in values.items():
            if value is not None:
                yield _value(metric, value)

    def _of_calls(
        self,
        metric: Metric,
        counts: Callable[[CallCounter], Mapping[tuple[str, str, str, str], int]],
    ) -> CounterMetricFamily:
        # Accounts and regions may be many: what throttles is an API.
        sums: dict[tuple[str, str], int] = {}
        for counter in self._calls:
            for (_, _, service, operation), count in counts(counter).items():
                sums[service, operation] = sums.get((service, operation), 0) + count
        family = CounterMetricFamily(metric.name, metric.text, labels=metric.labels)
        for api in sorted(sums):
            family.add_metric(api, sums[api])
        return family


def _gauge(metric: Metric, values: Mapping[str, float]) -> GaugeMetricFamily:
    """Return a figure for each value of its one label."""
    family = GaugeMetricFamily(metric.name, metric.text, labels=metric.labels)
    for label in sorted(values):
        family.add_metric((label,), values[label])
    return family


def _value(metric: Metric, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(metric.name, metric.text, value)
