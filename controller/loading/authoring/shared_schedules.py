"""Schedules that several environments have as text become one Schedule, which they name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from controller.loading.authoring.found import Written, free_name
from controller.loading.yaml_text import flow_text
from controller.model.ref import ResourceRef
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import Period, compile_periods, periods_of
from controller.scheduling.schedule import Schedule

FEWEST = 2
"""Environments that make a text a schedule of its own."""

Json = Any


def share_schedules(
    written: Mapping[ResourceRef, Written], *, rewrite: bool = False
) -> dict[ResourceRef, Written]:
    """Return the documents with a Schedule for each text that several environments have, or a Schedule says already.

    It has the form made for people where that gives the very text that the tables hold, so that taking it over changes
    nothing; with ``rewrite`` also where the text only means the same. What was written before is left as it is.
    """
    result = dict(written)
    known = dict(_known(written))
    users: dict[str, list[Written]] = {}
    for document in written.values():
        text = _text_of(document)
        if text is None:
            continue
        if rewrite:
            # The text that stands for all that mean the same.
            schedule = parse_schedule(text)
            periods = periods_of(schedule)
            text = compile_periods(schedule.zone, periods).text if periods else text
        users.setdefault(text, []).append(document)
    for text, sharing in sorted(users.items()):
        name = known.get(text)
        if name is None and len(sharing) >= FEWEST:
            taken = {ref.key for ref in result if ref.kind == "Schedule"}
            made = _schedule(text, taken, rewrite=rewrite)
            made.comments.append(f"shared by {len(sharing)} environments")
            result[made.ref] = made
            name = made.name
        for environment in sharing if name is not None else ():
            environment.spec["schedule"] = {"mode": "automatic", "use": name}
    return result


def _known(written: Mapping[ResourceRef, Written]) -> Iterator[tuple[str, str]]:
    """Yield (text, name) of Schedules that are and say no more than a text."""
    for ref, document in written.items():
        spec = document.spec
        if ref.kind != "Schedule" or spec.get("except"):
            continue
        if spec.get("expression"):
            yield str(spec["expression"]).strip(), document.name
        else:
            periods = [
                Period(hours["days"], hours["from"], hours["to"]) for hours in spec["periods"]
            ]
            yield compile_periods(spec.get("timezone") or "UTC", periods).text, document.name


def _text_of(document: Written) -> str | None:
    """Return the text an environment follows, if it could as well be a Schedule's."""
    schedule = document.spec.get("schedule")
    if document.ref.kind != "Environment" or document.ours or not isinstance(schedule, dict):
        return None
    text = schedule.get("expression")
    if schedule.get("mode") != "automatic" or not isinstance(text, str) or text != text.strip():
        return None
    return text if parse_schedule(text).fixed is None else None


def _schedule(text: str, taken: set[str], *, rewrite: bool) -> Written:
    schedule = parse_schedule(text)
    periods = periods_of(schedule)
    exact = periods is not None and compile_periods(schedule.zone, periods).text == text
    name = _name(schedule, periods, taken)
    comments: list[str] = []
    spec: dict[str, Json]
    if periods is not None and (exact or rewrite):
        spec = _people(schedule, periods)
    else:
        spec = {"expression": text}
        if periods is not None:
            same = _people(schedule, periods)
            comments = [
                "the same in periods, which would write the text in the tables another way:",
                *(f"  {field}: {flow_text(value)}" for field, value in same.items()),
            ]
    return Written(ResourceRef("Schedule", name), name, spec, comments=comments)


def _people(schedule: Schedule, periods: tuple[Period, ...]) -> dict[str, Json]:
    zone = {} if schedule.zone == "UTC" else {"timezone": schedule.zone}
    return {
        **zone,
        "periods": [
            {"days": period.days, "from": period.start, "to": period.end} for period in periods
        ],
    }


def _name(schedule: Schedule, periods: tuple[Period, ...] | None, taken: set[str]) -> str:
    """Return a name that says when it is on, as far as a name can."""
    if periods is None:
        base = "schedule"
    else:
        first = periods[0]
        hours = f"{first.start}-{first.end}".replace(":", "")
        base = f"{re.sub('[^a-z-]', '-', str(first.days))}-{hours}"
        base += "-and-more" if len(periods) > 1 else ""
    if schedule.zone != "UTC":
        base += f"-{schedule.zone.rpartition('/')[2].lower().replace('_', '-')}"
    return free_name(base, taken)
