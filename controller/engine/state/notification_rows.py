"""What is remembered of notifications, as rows of EnvctlState: alerts and who was told, how far changes were told, sinks that fail. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from controller.ledger.records import iso_ms
from controller.model.alert import Alert, AlertKey, AlertKind, KnownAlert
from controller.model.ref import NO_REASON, Reason
from controller.redactor import REDACTOR

ALERT_PREFIX: Final = "alert#"
"""The key of an alert's row is this, its kind, ``#`` and its subject."""
SINK_PREFIX: Final = "sink#"
TOLD_KEY: Final = "told#changes"
"""The row that says up to which record of each scope changes were told."""

Row = Mapping[str, Any]


def alert_id(key: AlertKey) -> str:
    """Return the key of an alert's row."""
    return f"{ALERT_PREFIX}{key.kind}#{key.subject}"


def row_of_alert(known: KnownAlert) -> dict[str, Any]:
    """Return the row of an alert."""
    alert = known.alert
    row: dict[str, Any] = {
        "Id": alert_id(alert.key),
        "Text": REDACTOR.redact(alert.text),
        "Next": alert.next,
        "Since": iso_ms(known.since),
        "Told": dict(known.told),
    }
    if known.cleared_at is not None:
        row["ClearedAt"] = iso_ms(known.cleared_at)
    return row


def alert_of_row(row: Row) -> KnownAlert | None:
    """Read a row; None for one that is damaged: what it says is then told anew, if it still stands."""
    try:
        kind, _, subject = str(row["Id"]).removeprefix(ALERT_PREFIX).partition("#")
        cleared_at = row.get("ClearedAt")
        return KnownAlert(
            Alert(AlertKey(AlertKind(kind), subject), str(row["Text"]), str(row["Next"])),
            datetime.fromisoformat(row["Since"]),
            None if cleared_at is None else datetime.fromisoformat(cleared_at),
            {str(sink): word for sink, word in row["Told"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def alerts_in(rows: Iterable[Row]) -> dict[AlertKey, KnownAlert]:
    """Return the alerts among rows of EnvctlState."""
    mine = (row for row in rows if str(row.get("Id", "")).startswith(ALERT_PREFIX))
    found = (alert_of_row(row) for row in mine)
    return {known.alert.key: known for known in found if known is not None}


@dataclass(frozen=True, slots=True)
class SinkHealth:
    """Whether a sink takes what it is sent. Moments are aware."""

    name: str
    failures: int = 0
    """Tries in a row that failed."""
    because: Reason = NO_REASON
    retry_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether it may be tried."""
        return self.retry_at is None or self.retry_at <= now


def row_of_sink(health: SinkHealth) -> dict[str, Any]:
    """Return the row of a sink."""
    row: dict[str, Any] = {
        "Id": SINK_PREFIX + health.name,
        "Failures": health.failures,
        "Because": REDACTOR.redact(health.because),
    }
    if health.retry_at is not None:
        row["RetryAt"] = iso_ms(health.retry_at)
    return row


def sink_of_row(name: str, row: Row | None) -> SinkHealth:
    """Read the row of a sink; a healthy one where there is none, or a damaged one: it is tried."""
    if row is None:
        return SinkHealth(name)
    try:
        retry_at = row.get("RetryAt")
        return SinkHealth(
            name,
            int(row["Failures"]),
            Reason.stored(str(row["Because"])),
            None if retry_at is None else datetime.fromisoformat(retry_at),
        )
    except (KeyError, TypeError, ValueError):
        return SinkHealth(name)


def sinks_in(rows: Iterable[Row]) -> tuple[SinkHealth, ...]:
    """Return the sinks among rows of EnvctlState, by name."""
    mine = {str(row["Id"]): row for row in rows if str(row.get("Id", "")).startswith(SINK_PREFIX)}
    return tuple(sink_of_row(name.removeprefix(SINK_PREFIX), mine[name]) for name in sorted(mine))


@dataclass(frozen=True, slots=True)
class ToldChanges:
    """Up to which record changes were told, by scope."""

    sequences: Mapping[str, int] = field(default_factory=dict)


def row_of_told(told: ToldChanges) -> dict[str, Any]:
    """Return the row that holds it."""
    return {"Id": TOLD_KEY, "Sequences": dict(told.sequences)}


def told_of_row(row: Row | None) -> ToldChanges | None:
    """Read it; None where there is none, or a damaged one: changes are then told from now on."""
    try:
        found = (row or {})["Sequences"].items()
        return ToldChanges({str(scope): int(sequence) for scope, sequence in found})
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
