"""Hours that instances were on, from the records of their switching. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from controller.ledger.summaries import BY_MOMENT
from controller.model.ledger_record import LedgerRecord

_INSTANCE: Final = "Instance"
_STATES: Final = {"running": True, "stopped": False}


class Present(NamedTuple):
    """An instance as it is at the end of a period. ``launched_at`` (aware) is EC2's: of its last start, None if not known."""

    on: bool
    launched_at: datetime | None = None


class PowerHours(NamedTuple):
    """Hours of one instance within a period: of a part of it, where it was not there, or nothing is known, for the rest.

    ``recorded`` False: nothing was recorded, it is taken as it is now, from its last start on.
    """

    on: float
    off: float
    recorded: bool


def power_hours(
    records: Iterable[LedgerRecord],
    present: Mapping[str, Present],
    since: datetime,
    until: datetime,
) -> dict[str, PowerHours]:
    """Return the hours of each instance, by ``Kind/key``: those of the records, and those there now.

    ``records`` are those that succeeded, in any order. An instance that is there no more counts up to its last record, as
    nobody knows when it ended. Moments are aware.
    """
    switches: dict[str, list[_Switch]] = {}
    for record in sorted(records, key=BY_MOMENT):
        at = datetime.fromisoformat(record.iso_timestamp)
        for ref, before, after in _switched(record):
            switches.setdefault(ref, []).append(_Switch(min(max(at, since), until), before, after))
    return {
        ref: _hours(switches.get(ref, []), present.get(ref), since, until)
        for ref in sorted(switches.keys() | present.keys())
    }


class _Switch(NamedTuple):
    at: datetime
    before: bool
    after: bool


def _hours(
    switches: Sequence[_Switch], found: Present | None, since: datetime, until: datetime
) -> PowerHours:
    seconds = {True: 0.0, False: 0.0}
    launched = found.launched_at if found is not None else None
    first = switches[0] if switches else None
    # A start that is not on record may be its launch: before it there was nothing to save.
    begins = first is None or (launched is not None and launched <= first.at)
    last = min(max(since, launched), until) if launched is not None and begins else since
    on = first.before if first is not None else found is not None and found.on
    for switch in switches:
        seconds[on] += (switch.at - last).total_seconds()
        last, on = switch.at, switch.after
    if found is not None:
        if found.on and not on and launched is not None and launched > last:
            # Somebody else started it since.
            started = min(launched, until)
            seconds[False] += (started - last).total_seconds()
            last, on = started, True
        seconds[on] += (until - last).total_seconds()
    return PowerHours(seconds[True] / 3600, seconds[False] / 3600, recorded=bool(switches))


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
