"""Whose schedule may decide about an instance: all candidates, in the order in which they are asked."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from controller.scheduling.facts import (
    DecisionRules,
    EnvironmentFacts,
    GroupFacts,
    InstanceFacts,
    Level,
    PowerOverride,
    RoleFacts,
    Tags,
    tag_value,
)
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.override_tag import parse_override_tag
from controller.scheduling.refusals import InvalidSchedule
from controller.scheduling.schedule import ALWAYS_ON, Schedule


class Source(StrEnum):
    """Where a schedule comes from."""

    OVERRIDE = "override"
    INSTANCE = "instance"
    GROUP = "asg"
    ROLE = "role"
    ENVIRONMENT = "environment"


class Candidate(NamedTuple):
    """A place where a schedule may be found."""

    source: Source
    text: str
    schedule: Schedule | InvalidSchedule | None
    """None: there is none in this place."""
    until: datetime | None = None
    note: str = ""
    is_persons_tag: bool = False
    blocks_when_invalid: bool = True
    """When it is invalid the instance is left alone; otherwise the next candidate is asked."""
    tag: str = ""
    """Key of the tag it was read from; "" where it is none."""
    level: Level | None = None
    """How narrow an override is; None where it is none."""
    override: str = ""
    """Id of the recorded override it is; "" where it is none."""

    def applies(self, now: datetime) -> bool:
        """Say whether it has not ended."""
        return self.until is None or now < self.until


def candidates(
    instance: InstanceFacts,
    group: GroupFacts | None,
    role: RoleFacts | None,
    environment: EnvironmentFacts,
    overrides: Sequence[PowerOverride],
    rules: DecisionRules,
) -> list[Candidate]:
    """Return every candidate, absent ones included, so that a chain always shows the whole order."""
    tag_keys = group.tags if group else ()
    found = list(_overrides(instance.tags, tag_keys, overrides, rules.override_tag))
    if not found:
        found.append(Candidate(Source.OVERRIDE, "", None))
    found.append(_tag(Source.INSTANCE, instance.tags, rules.schedule_tag, is_persons=True))
    is_persons = group is not None and not group.schedule_tag_is_ours
    found.append(_tag(Source.GROUP, tag_keys, rules.schedule_tag, is_persons=is_persons))
    role_schedule = role.schedule if role else None
    found.append(Candidate(Source.ROLE, _label(role_schedule), role_schedule))
    label = environment.label or _label(environment.schedule)
    found.append(Candidate(Source.ENVIRONMENT, label, environment.schedule))
    return found


def own_schedule(found: Sequence[Candidate]) -> Candidate:
    """Return the candidate that would decide if there were no overrides."""
    return next(
        candidate
        for candidate in found
        if candidate.source is not Source.OVERRIDE and candidate.schedule is not None
    )


def _overrides(
    instance_tags: Tags, tag_keys: Tags, overrides: Sequence[PowerOverride], override_tag: str
) -> Iterator[Candidate]:
    """Yield the overrides, narrowest first; of equally narrow ones a person's tag goes first."""
    for level in Level:
        tags = {Level.INSTANCE: instance_tags, Level.GROUP: tag_keys}.get(level, ())
        text = tag_value(tags, override_tag)
        if text:
            yield _override_tag(level, override_tag, text)
        for override in overrides:
            if override.level is level:
                who = f" by {override.actor}" if override.actor else ""
                yield Candidate(
                    Source.OVERRIDE,
                    _label(override.schedule),
                    override.schedule,
                    override.until,
                    f"{override.target}{who}: {override.reason}".rstrip(": "),
                    blocks_when_invalid=False,
                    level=level,
                    override=override.id,
                )


def _override_tag(level: Level, key: str, text: str) -> Candidate:
    found = Candidate(
        Source.OVERRIDE,
        text,
        ALWAYS_ON,
        note=f"tag on the {level.name.lower()}",
        is_persons_tag=True,
        tag=key,
        level=level,
    )
    try:
        return found._replace(until=parse_override_tag(text))
    except InvalidSchedule as refusal:
        # a person meant to keep it on: stopping it because of a slip of the pen would be a guess
        return found._replace(schedule=refusal)


def _tag(source: Source, tags: Tags, key: str, *, is_persons: bool) -> Candidate:
    text = tag_value(tags, key)
    if not text:
        return Candidate(source, "", None, tag=key)
    try:
        schedule: Schedule | InvalidSchedule = parse_schedule(text)
    except InvalidSchedule as refusal:
        schedule = refusal
    return Candidate(source, text, schedule, is_persons_tag=is_persons, tag=key)


def _label(schedule: Schedule | InvalidSchedule | None) -> str:
    return schedule.text if isinstance(schedule, Schedule) else ""
