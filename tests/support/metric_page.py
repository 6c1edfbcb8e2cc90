"""The page of docs/reference on figures for Prometheus, made from their definitions."""

from collections.abc import Iterator

from controller.api.metric_definitions import METRICS

INTRO = (
    "What `GET /metrics` gives ([HTTP](http.md)), in the text format of Prometheus. Names end in their unit; a counter is scraped with `_total` behind its name, a histogram with "
    "`_bucket`, `_sum` and `_count`. Labels have few values: never a scope, an account or a name. What cannot be read is left out, and `envctl_readable` says so. Several daemons read the "
    "same rows: of gauges take the highest, of counters the sum. `deploy/grafana/dashboard.json` shows them, `deploy/prometheus/alerts.yaml` has rules; [each alert has a page](../runbooks)."
)


def metric_lines() -> Iterator[str]:
    """Yield the table."""
    yield "| figure | type | labels | says | not on the dashboard, as |"
    yield "|---|---|---|---|---|"
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        yield f"| `{metric.name}` | {metric.kind} | {labels} | {metric.text} | {metric.not_shown} |"
