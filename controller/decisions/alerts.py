"""Which alerts begin and which are over: what is remembered compared with what stands now. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from controller.model.alert import Alert, AlertKey, KnownAlert


class AlertSteps(NamedTuple):
    """What changes in what is remembered. A text that differs alone changes nothing: people were told."""

    raised: tuple[KnownAlert, ...]
    cleared: tuple[KnownAlert, ...]
    forgotten: tuple[AlertKey, ...]
    """Those that are over and owe nobody a word."""


def alert_steps(
    known: Mapping[AlertKey, KnownAlert],
    standing: Iterable[Alert],
    sinks: Collection[str],
    now: datetime,
) -> AlertSteps:
    """Compare. ``sinks`` are the names of those that are told of alerts."""
    stands = {alert.key: alert for alert in standing}
    raised = [
        # Who was told that it is over is told again; who was not yet has heard of it.
        KnownAlert(alert, now, told=known[key].told if key in known else {})
        for key, alert in stands.items()
        if key not in known or known[key].cleared_at is not None
    ]
    cleared, forgotten = [], []
    for key, found in known.items():
        if key in stands:
            continue
        over = found if found.cleared_at is not None else replace(found, cleared_at=now)
        if not any(over.owed_to(sink) for sink in sinks):
            forgotten.append(key)
        if over is not found:
            cleared.append(over)
    return AlertSteps(tuple(raised), tuple(cleared), tuple(forgotten))
