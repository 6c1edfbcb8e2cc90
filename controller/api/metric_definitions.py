"""Every figure there is for Prometheus: its name with its unit, what it says, and its labels, whose values are few."""

from typing import Final, Literal, NamedTuple


class Metric(NamedTuple):
    """One figure. A counter's name is scraped with ``_total`` behind it, a histogram's with ``_bucket``, ``_sum`` and ``_count``."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    labels: tuple[str, ...] = ()
    not_shown: str = ""
    """Why neither the dashboard nor an alert of ``deploy`` uses it; empty where one does."""

    @property
    def scraped(self) -> frozenset[str]:
        """The names that Prometheus keeps it under."""
        if self.kind == "counter":
            return frozenset({f"{self.name}_total"})
        if self.kind == "histogram":
            return frozenset(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return frozenset({self.name})


WORKS: Final = Metric("envctl_works", "counter", "Works by job and outcome.", ("job", "outcome"))
WORK_DURATION: Final = Metric(
    "envctl_work_duration_seconds", "histogram", "How long works took that were done.", ("job",)
)
COMMIT_TO_APPLIED: Final = Metric(
    "envctl_commit_to_applied_seconds",
    "histogram",
    "From a commit's date until its revision was applied to the tables in full.",
)
NOTIFICATIONS: Final = Metric(
    "envctl_notifications",
    "counter",
    "Alerts and changes by the sink they went to, and what became of them: sent, failed (each try), dropped.",
    ("sink", "outcome"),
)
ALERTS_RAISED: Final = Metric(
    "envctl_alerts_raised",
    "counter",
    "Alerts that began, told by this daemon.",
    ("alert",),
    "what stands is what people look at: envctl_alerts",
)
REQUESTS: Final = Metric(
    "envctl_http_requests",
    "counter",
    "Requests by method, route and status.",
    ("method", "route", "status"),
)
REQUEST_DURATION: Final = Metric(
    "envctl_http_request_duration_seconds", "histogram", "How long requests took.", ("route",)
)
AWS_CALLS: Final = Metric(
    "envctl_aws_requests",
    "counter",
    "Requests to AWS that left this process, each try for itself.",
    ("service", "operation"),
)
AWS_THROTTLES: Final = Metric(
    "envctl_aws_throttles",
    "counter",
    "Requests to AWS that were answered with a throttle.",
    ("service", "operation"),
)
BUILD: Final = Metric("envctl_build_info", "gauge", "1, with the version.", ("version",))
READABLE: Final = Metric(
    "envctl_readable",
    "gauge",
    "Whether a part could be read just now; where it could not its figures are left out.",
    ("part",),
)
QUEUE_WORKS: Final = Metric("envctl_queue_works", "gauge", "Works on the queue.", ("state",))
QUEUE_LAG: Final = Metric(
    "envctl_queue_lag_seconds", "gauge", "How long the work taken last had waited."
)
SCOPES: Final = Metric("envctl_scopes", "gauge", "Scopes by state.", ("state",))
ALERTS: Final = Metric("envctl_alerts", "gauge", "Alerts that stand.", ("alert",))
SINKS_FAILING: Final = Metric(
    "envctl_sinks_failing", "gauge", "Sinks that did not take what they were told last."
)
DRIFT_AGE: Final = Metric(
    "envctl_drift_age_seconds",
    "gauge",
    "For how long the oldest change that is due has been left, of scopes that are enforced; 0 where none is.",
)
LOOK_AGE: Final = Metric(
    "envctl_look_age_seconds", "gauge", "How long ago the scope was seen that was not seen longest."
)
SNAPSHOT_AGE: Final = Metric(
    "envctl_snapshot_age_seconds", "gauge", "How old the newest proven snapshot is."
)
STREAM_LAG: Final = Metric(
    "envctl_stream_lag_seconds",
    "gauge",
    "How long ago the stream of a table was read that was not read longest.",
)
INSTANCES: Final = Metric(
    "envctl_instances",
    "gauge",
    "Instances that power looks after, by whether they are on; what is off is what schedules save.",
    ("power",),
)
INSTANCES_TO_START: Final = Metric(
    "envctl_instances_to_start", "gauge", "Instances that are off and should be on."
)

METRICS: Final = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""All of them, in the order in which they are defined."""
