"""The next changes of what is wanted, whatever comes to decide."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.engine.queries.explain.instance import is_short, next_changes
from controller.model.live import FoundGroup, Member
from controller.scheduling.decision import Decision, Rule, decide
from controller.scheduling.facts import (
    EnvironmentFacts,
    InstanceFacts,
    Level,
    Source,
    Tags,
)
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import ALWAYS_ON

NOW = datetime(2026, 11, 24, 20, tzinfo=UTC)
OFFICE = "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def decided(now: datetime, schedule: str = OFFICE, tags: Tags = (), *overrides: Rule) -> Decision:
    environment = EnvironmentFacts("c50", parse_schedule(schedule))
    instance = InstanceFacts("i-1", "running", tags)
    return decide(instance, None, environment, now, overrides=overrides)


def never(moment: datetime) -> Decision:
    pytest.fail(f"nothing had to be decided anew at {moment}")


def test_a_schedule_alone_is_decided_once() -> None:
    found = next_changes(decided(NOW), NOW, (), never)

    assert found == ((at(25, 8), "on"), (at(25, 19), "off"), (at(26, 8), "on"))


@pytest.mark.parametrize("tagged", [True, False], ids=["of a tag", "on record"])
def test_an_override_that_ends_in_between_hides_what_it_covers(*, tagged: bool) -> None:
    until = at(25, 21)
    tags = (("envctl:override", "on until 2026-11-25T21:00:00Z"),) if tagged else ()
    recorded = Rule(
        Source.OVERRIDE, "on", ALWAYS_ON, until=until, level=Level.INSTANCE, override="A1"
    )
    decision = decided(NOW, OFFICE, tags, *(() if tagged else (recorded,)))

    found = next_changes(decision, NOW, (), never)

    assert found == ((until, "off"), (at(26, 8), "on"), (at(26, 19), "off"))


def test_where_the_override_of_a_document_ends_it_is_decided_anew() -> None:
    until, asked = at(25, 21), []

    def after(moment: datetime) -> Decision:
        asked.append(moment)
        return decided(moment)

    found = next_changes(decided(NOW, "on"), NOW, (until,), after)

    assert found == ((until, "off"), (at(26, 8), "on"), (at(26, 19), "off"))
    assert asked == [until]


def test_what_never_changes_ends() -> None:
    assert next_changes(decided(NOW, "on"), NOW, (), never) == ()
    kept = decided(NOW, OFFICE, (("Schedule", "on"),))
    assert next_changes(kept, NOW, (NOW - timedelta(days=1),), never) == ()
    in_maintenance = decided(NOW, OFFICE, (("Maintenance", "true"),))
    assert next_changes(in_maintenance, NOW, (), never) == ()


@pytest.mark.parametrize(
    ("desired", "lifecycles", "short"),
    [
        (2, ("InService", "InService"), False),
        (2, ("InService", "Pending"), False),
        (2, ("InService", "Standby"), True),
        (2, (), True),
        # It was made while it was to be off: what was asked of AWS is not what is wanted now.
        (0, (), True),
    ],
)
def test_a_group_that_is_to_be_on_is_short(
    desired: int, lifecycles: tuple[str, ...], short: bool
) -> None:
    members = tuple(Member(f"i-{n}", one, "", "", "", True) for n, one in enumerate(lifecycles))
    group = FoundGroup("web", "", 0, desired, 6, (), frozenset(), (), frozenset(), members)
    assert is_short(group) is short
