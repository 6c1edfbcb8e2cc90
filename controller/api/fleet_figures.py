"""What status says, in figures: read once for a scrape. Pure."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from controller.engine.queries.status.view import StatusView
from controller.model.alert import AlertKind
from controller.model.observed import CONFIG_SCOPE, ScopeState


class FleetFigures(NamedTuple):
    """Ages are in seconds; None where there is nothing whose age it is."""

    scopes: Mapping[str, int]
    alerts: Mapping[str, int]
    sinks_failing: int
    drift_age_s: float
    look_age_s: float | None
    snapshot_age_s: float | None
    stream_lag_s: float | None
    on: int
    off: int
    to_start: int


def figures_of(view: StatusView) -> FleetFigures:
    """Return the figures of a status. Scopes that no account names any more do not count."""

    def age_s(moment: datetime | None) -> float | None:
        return None if moment is None else max(0.0, (view.at - moment).total_seconds())

    known = [scope for scope in view.scopes if scope.known]
    statuses = [scope.status for scope in known if scope.status is not None]
    left = [s.left_since for s in statuses if s.left_since and s.state is not ScopeState.OBSERVE]
    looked = [s.looked_at for s in statuses if s.looked_at is not None and s.scope != CONFIG_SCOPE]
    seen = [s.seen for s in statuses if s.seen is not None]
    return FleetFigures(
        scopes=Counter(scope.state for scope in known),
        # Those that do not stand are nought, so that what is over is seen to be over.
        alerts={
            **dict.fromkeys(map(str, AlertKind), 0),
            **Counter(str(one.alert.key.kind) for one in view.alerts),
        },
        sinks_failing=len(view.failing_sinks),
        drift_age_s=age_s(min(left, default=None)) or 0.0,
        look_age_s=age_s(min(looked, default=None)),
        snapshot_age_s=age_s(view.snapshot.at if view.snapshot else None),
        stream_lag_s=age_s(view.streams_read_until),
        on=sum(counts.instances_on or 0 for counts in seen),
        off=sum(counts.instances_off or 0 for counts in seen),
        to_start=sum(counts.to_start or 0 for counts in seen),
    )
