"""The page of docs/reference about forms of schedules that are refused, with what to write instead as an import writes it."""

from collections.abc import Iterator

from controller.scheduling.grammar import schedule_or_refusal
from controller.scheduling.old_forms import old_meaning
from controller.scheduling.schedule import Schedule

INTRO = (
    "A schedule in one line is `on`, `247`, `off`, `noschedule`, or entries and a time zone: "
    "`start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | Europe/London`. Of what the old product took besides, it made something by "
    "accident; that is refused now, with what to write instead. An import writes the first of these so by itself, with the "
    "same meaning."
)
OBEYED = {
    "start: 0 8 * * 1-7": "7 and 8 are days of the week like 6: Saturday",
    "stop: 0 8 * * 7": "the same: Saturday; for Sunday write 0",
    "stop: 0 24 * * *": "numbers out of range are the highest there is: hour 24 is 23, minute 61 is 59",
    "stop: 0 13 * * * | GMT Standard Time": "a time zone that it does not know is UTC",
    "stop: 0 13 * * * | UTC | Europe/London": "nothing behind a second bar",
    "stop: 0 13": "what is missing is every value",
    "start: 0:8 * * *": "nothing behind a second colon",
}
"""What the old product made of a text in a way that can be told."""
LEFT_TO_A_PERSON = {
    "start: 0 20-2 * * *": (
        "an hour range that runs backwards started nothing",
        "start: 0 20-23,0-2 * * *",
    ),
    "start: 0 8 * * 6-1": (
        "days of the week that run backwards are every day",
        "start: 0 8 * * 6,0,1",
    ),
    "start: 0 8 * * 1,,2": ("an empty member of a list counts as 0: Sunday", "start: 0 8 * * 1,2"),
    "start: 0 8 * * monday": (
        "a word that is no day or month is every one",
        "start: 0 8 * * mon",
    ),
}
"""What it obeyed in no way that can be told for sure: what is written is what was meant, which a person knows."""


def schedule_form_lines() -> Iterator[str]:
    """Yield the lines of the page. Raises AssertionError where a form is not refused, or what to write is."""
    yield "| text | what the old product made of it | write |\n|---|---|---|"
    for text, made in OBEYED.items():
        schedule = old_meaning(text).schedule
        assert schedule is not None, text
        yield _row(text, made, schedule.text)
    yield ""
    yield (
        "What follows is left to a person, and an import says so. What is to be written if both ends, or the day that is"
        " named, were meant:\n"
    )
    yield "| text | what the old product made of it | write |\n|---|---|---|"
    for text, (made, written) in LEFT_TO_A_PERSON.items():
        assert old_meaning(text).schedule is None, text
        yield _row(text, made, written)
    yield ""
    yield (
        "What it refused, too, such as an entry that is not `start:` or `stop:`, or a `;` at the end, switched nobody: an"
        " import writes `noschedule`."
    )


def _row(text: str, made: str, written: str) -> str:
    assert not isinstance(schedule_or_refusal(text), Schedule), text
    assert isinstance(schedule_or_refusal(written), Schedule), written
    shown = (part.replace("|", "\\|") for part in (f"`{text}`", made, f"`{written}`"))
    return f"| {' | '.join(shown)} |"
