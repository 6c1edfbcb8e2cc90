"""Hours that instances were on, from the records of their switching. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from controller.model.ledger_record import LedgerRecord

_INSTANCE: Final = "Instance"
_STATES: Final = {"running": True, "stopped": False}


class PowerHours(NamedTuple):
    """Hours of one instance within a period. ``recorded`` False: nothing was recorded, it is taken as it is now."""

    on: float
    off: float
    recorded: bool


def power_hours(
    records: Iterable[LedgerRecord],
    present: Mapping[str, bool],
    since: datetime,
    until: datetime,
) -> dict[str, PowerHours]:
    """Return the hours of each instance, by ``Kind/key``: those of the records, and those there now (True: on).

    ``records`` are those that succeeded, in any order; of an instance that is there no more the last record tells how it went
    on. Moments are aware.
    """
    switches: dict[str, list[tuple[datetime, bool, bool]]] = {}
    for record in sorted(records, key=lambda one: (one.iso_timestamp, one.sequence)):
        at = datetime.fromisoformat(record.iso_timestamp)
        for ref, before, after in _switched(record):
            switches.setdefault(ref, []).append((min(max(at, since), until), before, after))
    return {
        ref: _hours(switches.get(ref, []), present.get(ref), since, until)
        for ref in sorted(switches.keys() | present.keys())
    }


def _hours(
    switches: list[tuple[datetime, bool, bool]],
    now_on: bool | None,
    since: datetime,
    until: datetime,
) -> PowerHours:
    total_s = (until - since).total_seconds()
    if not switches:
        on_s = total_s if now_on else 0.0
        return PowerHours(on_s / 3600, (total_s - on_s) / 3600, recorded=False)
    on_s, last, state = 0.0, since, switches[0][1]
    for at, _, after in switches:
        on_s += (at - last).total_seconds() if state else 0.0
        last, state = at, after
    on_s += (until - last).total_seconds() if state else 0.0
    return PowerHours(on_s / 3600, (total_s - on_s) / 3600, recorded=True)


def _switched(record: LedgerRecord) -> Iterable[tuple[str, bool, bool]]:
    new = record.new_value or {}
    old = record.old_value or {}
    for ref, image in new.items():
        before = old.get(ref)
        if not ref.startswith(f"{_INSTANCE}/") or not isinstance(image, Mapping):
            continue
        after_on, before_on = _on(image), _on(before)
        if after_on is not None:
            yield ref, not after_on if before_on is None else before_on, after_on


def _on(image: Any) -> bool | None:
    return _STATES.get(str(image.get("state"))) if isinstance(image, Mapping) else None
