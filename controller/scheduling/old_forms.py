"""Schedules in forms that the old product obeyed and this one refuses, written so that they mean the same here.

Its parser clamped numbers out of range, took days of the week 7 and 8 for Saturday, evaluated in UTC where it did not know the
time zone, and read nothing behind a second ``|`` or a second ``:`` of an entry. What it did not obey is not rewritten.
"""

import re
from typing import Final, NamedTuple

from controller.scheduling.grammar import schedule_or_refusal
from controller.scheduling.schedule import Schedule

_ENTRY: Final = re.compile(r"\s*(start|stop)\s*:([^:]*)", re.IGNORECASE)
_HIGHEST: Final = (59, 23, 31, 12, 6)
"""Of the fields of a cron, in their order; a number beyond was taken for it."""
_NUMBERS: Final = re.compile(r"(?<![#/\w])[0-9]{1,4}(?![\w])")
_WEEKDAY: Final = 4


class OldMeaning(NamedTuple):
    """What a text meant to the old product. ``schedule`` is None where it cannot be told; its ``text`` is the form to write."""

    schedule: Schedule | None
    obeyed: bool
    """False for what the old product refused and left alone; with no schedule: it was obeyed by accident, nobody knows how."""


def old_meaning(text: str) -> OldMeaning:
    """Return what a text meant to the old product: as it is where it is of today's form, else rewritten."""
    plain = schedule_or_refusal(text)
    if isinstance(plain, Schedule):
        return OldMeaning(plain, obeyed=True)
    entries, *zone = text.strip().split("|")
    written = []
    for part in entries.split(";"):
        entry = _ENTRY.match(part)
        cron = entry[2].split() if entry is not None else []
        if entry is None or not cron:
            return OldMeaning(None, obeyed=False)
        cron += ["*"] * (len(_HIGHEST) - len(cron))
        fields = [_clamped(field, place) for place, field in enumerate(cron[: len(_HIGHEST)])]
        written.append(f"{entry[1].lower()}: {' '.join([*fields, *cron[len(_HIGHEST) :]])}")
    rewritten, named = "; ".join(written), zone[0].strip() if zone else ""
    schedule = schedule_or_refusal(
        f"{rewritten} | {named}" if named and _is_zone(named) else rewritten
    )
    return OldMeaning(schedule if isinstance(schedule, Schedule) else None, obeyed=True)


def _clamped(field: str, place: int) -> str:
    """Return a field with numbers out of range as they were taken; a range that then is empty is left to be refused."""
    highest = _HIGHEST[place]
    clamped = _NUMBERS.sub(lambda number: str(min(int(number[0]), highest)), field)
    if place == _WEEKDAY:
        # 1-7 became 1-6 and means it: Monday to Saturday.
        return re.sub(r"\b([0-9])-\1\b", r"\1", clamped)
    return clamped


def _is_zone(name: str) -> bool:
    return isinstance(schedule_or_refusal(f"start: 0 0 * * * | {name}"), Schedule)
