"""What a change of schedules means, in words and as JSON."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from controller.model.plan import ScheduleMeaning
from controller.model.ref import ResourceRef
from controller.views.plan.wording import names_text
from controller.views.time_text import clock_text, day_text, relative_day_text

TITLE = "Schedules"


class MeaningLine(NamedTuple):
    """One line: what it is about, which may be cut, and what is said of it."""

    title: str
    remark: str = ""


def tally_of(meaning: ScheduleMeaning) -> str:
    """Return of how many environments it is."""
    count = len({name for shift in meaning.shifts for name in shift.environments})
    return f"{count:,} environment{'' if count == 1 else 's'}"


def meaning_lines(meaning: ScheduleMeaning, *, expand: bool) -> Iterator[MeaningLine]:
    """Yield the lines below the title: each kind of exchange, the totals, what switches now and first."""
    for shift in meaning.shifts:
        refs = [ResourceRef("Environment", name) for name in shift.environments]
        role = f"role {shift.role}  " if shift.role else ""
        same = shift.before == shift.after
        what = f"{shift.after} changes" if same else f"{shift.before} → {shift.after}"
        hours = f"{_count(shift.hours_before)} → {_count(shift.hours_after)}"
        each = " each" if len(shift.environments) > 1 else ""
        remark = f"{role}{what}  on per week {hours}{each}"
        yield MeaningLine(names_text(refs, expand=expand), remark)
    count = sum(shift.instances for shift in meaning.shifts)
    yield MeaningLine(
        f"in total {_signed(meaning.environment_hours)} environment hours, {_signed(meaning.instance_hours)}"
        f" instance hours a week ({count:,} instance{'' if count == 1 else 's'}, {meaning.instances_are})"
    )
    yield MeaningLine(
        f"now ({day_text(meaning.now)} {clock_text(meaning.now)}): {_switches(meaning)}; {_first(meaning)}"
    )


def _count(hours: float | None) -> str:
    return "left alone" if hours is None else f"{_plain(hours)} h"


def _plain(hours: float) -> str:
    rounded = round(hours, 1)
    return f"{int(rounded):,}" if rounded == int(rounded) else f"{rounded:,.1f}"


def _signed(hours: float) -> str:
    rounded = round(hours, 1)
    if rounded == 0:
        return "±0"
    return f"{'+' if rounded > 0 else '-'}{_plain(abs(rounded))}"


def _switches(meaning: ScheduleMeaning) -> str:
    told = [
        f"{count:,} instance{'' if count == 1 else 's'} {verb}"
        for state, verb in (("on", "started"), ("off", "stopped"))
        if (count := meaning.switching(state))
    ]
    if told:
        return " and ".join(told)
    changing = {shift.switches_now for shift in meaning.shifts} - {""}
    return "no instances to switch" if changing else "nothing switches"


def _first(meaning: ScheduleMeaning) -> str:
    first = meaning.first_difference
    if first is None:
        return "no difference within a year"
    if first <= meaning.now:
        return "first difference now"
    return f"first difference {relative_day_text(first, meaning.now)} {clock_text(first)}"


def meaning_json(meaning: ScheduleMeaning) -> dict[str, Any]:
    """Return it for programs."""
    return {
        "at": meaning.now,
        "environmentHoursPerWeek": meaning.environment_hours,
        "instanceHoursPerWeek": meaning.instance_hours,
        "instancesAre": meaning.instances_are,
        "startedNow": meaning.switching("on"),
        "stoppedNow": meaning.switching("off"),
        "firstDifference": meaning.first_difference,
        "exchanges": [
            {
                "environments": list(shift.environments),
                "role": shift.role,
                "before": shift.before,
                "after": shift.after,
                "hoursPerWeekBefore": shift.hours_before,
                "hoursPerWeekAfter": shift.hours_after,
                "instances": shift.instances,
                "switchesNow": shift.switches_now,
                "firstDifference": shift.first_difference,
            }
            for shift in meaning.shifts
        ],
    }
