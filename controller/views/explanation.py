"""An explanation as people read it."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, NamedTuple

from controller.engine.queries.effective import EffectiveDocument
from controller.engine.queries.explain.explanation import (
    STATES,
    Block,
    BlockCode,
    Explanation,
    NextChange,
    NextStep,
    PowerFacts,
    StepKind,
)
from controller.loading.positions import FieldPath, dotted
from controller.loading.yaml_text import scalar_text
from controller.model.plan import Note, Violation
from controller.model.ref import Reason
from controller.planning.wording import end_text, what_text
from controller.scheduling.schedule import State
from controller.scheduling.wall_clock import zone_of
from controller.views.causes import (
    action_text,
    applied_text,
    order_of,
    switch_text,
    when_text,
    why_lines,
)
from controller.views.time_text import even_moment_text, moment_text, second_text, utc_text

_WIDTH: Final = 14
_VALUE_WIDTH: Final = 56


def explanation_lines(explanation: Explanation) -> tuple[str, ...]:
    """Return the answer for people."""
    first, *rest = block_lines(explanation) or ("nothing",)
    told = "; ".join(block_text(notice) for notice in explanation.information)
    order = order_of(explanation)
    blocks = [
        ("Last change", last_change_lines(explanation)),
        ("Why", why_lines(explanation)),
        ("Order", [" · ".join(map(str, order))] if order else []),
        ("", [f"{rule.name}: {rule.why}" for rule in order if rule.why]),
        ("Values", value_lines(explanation)),
        ("Overrides", override_lines(explanation)),
        ("Blocks", [f"{first}{f' ({told}: information only)' if told else ''}", *rest]),
    ]
    found = explanation.power
    if found is not None and found.environment is not None:
        coming = [_next_text(change, explanation.zone) for change in found.next]
        blocks.append(("Next", coming or ["it changes no more"]))
    lines = ["    ".join(filter(None, heading_of(explanation)))]
    lines += filter(None, (verdict_of(explanation),))
    lines.append("")
    for label, told_lines in blocks:
        labels = (label, *[""] * len(told_lines))
        lines += [f"{own:<{_WIDTH}}{line}" for own, line in zip(labels, told_lines, strict=False)]
    commands = commands_of(explanation)
    if commands:
        lines.append("")
        width = max(_WIDTH - 1, *(len(command.purpose) + 1 for command in commands))
        for command in commands:
            label = f"{command.purpose}:" if command.purpose else ""
            lines.append(f"{label:<{width}} {command.text}")
    return tuple(lines)


def heading_of(explanation: Explanation) -> tuple[str, ...]:
    """Return what it is: its name, its state, its scope."""
    found = explanation.power
    if found is None:
        revision = explanation.revision[:12]
        return (str(explanation.ref), f"revision {revision}" if revision else "")
    if found.instance is not None:
        instance, group = found.instance, found.subject.group
        place = f", {found.lifecycle} in {group}" if found.lifecycle else ""
        return (
            f"{instance.instance_id}  {instance.tag('Name') or ''}  {instance.private_ip}".rstrip(),
            f"{instance.state}{place}",
            found.scope,
        )
    if found.group is not None:
        group_found = found.group
        lifecycles = Counter(member.lifecycle for member in group_found.members)
        sizes = (
            f"min {group_found.minimum}, desired {group_found.desired}, max {group_found.maximum}"
        )
        members = _counted(lifecycles) or "no instances"
        return (f"{group_found.name}  {sizes}", members, found.scope)
    groups = f" in {found.groups} groups" if found.groups > 1 else ""
    instances = f"{_counted(found.states) or 'no instances'}{groups}"
    return (f"{explanation.ref}  {found.environment_type}", instances, found.scope)


def _counted(counts: Mapping[str, int]) -> str:
    """Return ``3 running, 1 stopped``; the state alone of a single one."""
    if len(counts) == 1 and sum(counts.values()) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))


def verdict_of(explanation: Explanation) -> str:
    """Return in a line what is wanted, and whether it is so; empty if that is not known."""
    found, source = explanation.power, explanation.source
    if found is None:
        if source is None:
            return ""
        if not value_lines(explanation):
            return "the source has it no more"
        planned = [
            f"{change.action} is planned ({change.cause.value})" for change in source.changes
        ]
        return "; ".join(planned) or "as the source says (in order)"
    if found.environment is None:
        ours = "; the ledger knows it as ours" if found.known_as_ours else ""
        return f"It belongs to no environment that is known{ours}: it is never touched"
    decision, moment = found.decision, ""
    if explanation.at != explanation.now:
        schedule = decision.schedule
        zone: tzinfo = UTC
        if schedule is not None and schedule.fixed is None:
            zone = zone_of(schedule.zone)
        moment = f"At {even_moment_text(explanation.at, zone)} "
    if not found.switches:
        left = decision.wanted is State.NOSCHEDULE
        wanted = "Wanted: left alone" if left else "Nothing is wanted"
        return f"{moment}{wanted}, is {_counted(found.states)}"
    wanted = decision.wanted.value.upper()
    if moment:
        return f"{moment}wanted {wanted}, as schedules and overrides are now"
    if explanation.in_order and found.states:
        record = explanation.last.record
        succeeded = record is not None and record.phase == "succeeded"
        since = f" since {when_text(record, explanation.zone)}" if record and succeeded else ""
        return f"Wanted {wanted}, is {decision.wanted.value}{since} (in order)"
    return f"Wanted {wanted}, is {_counted(found.states) or 'without instances'}"


def last_change_lines(explanation: Explanation) -> list[str]:
    """Return what last changed it, and by whom."""
    record, begun, launched = explanation.last
    found = explanation.power
    if found is None:
        if record is None:
            return ["the ledger has no record of it"]
        return [f"{when_text(record, UTC)}  {record.change_type}", applied_text(record)]
    if found.environment is None:
        return []
    if record is None:
        started = f"; last started {moment_text(launched)}" if launched else ""
        return [
            f"none by envctl that the ledger knows: outside, or before it was installed{started}"
        ]
    since = datetime.fromisoformat(begun.iso_timestamp) if begun else None
    what = switch_text(record, explanation.ref) if found.instance else action_text(record)
    done = datetime.fromisoformat(record.iso_timestamp)
    lines = [f"{second_text(done, explanation.zone, since)}  {what}", applied_text(record)]
    if launched and found.instance and (launched - done).total_seconds() > 1:
        lines.append(f"started outside envctl after that, {moment_text(launched)}")
    return lines


def value_lines(explanation: Explanation) -> list[str]:
    """Return each value of the document with its place; empty where the source was not read."""
    document = explanation.source.document if explanation.source else None
    if document is None:
        return []
    shown = [
        (
            f"{dotted(path).removeprefix('spec.')}: {scalar_text(value_in(document, path))}",
            origin.at_line,
        )
        for path, origin in document.origins.items()
        if path and path[0] == "spec"
    ]
    width = min(max((len(text) for text, _ in shown), default=0), _VALUE_WIDTH)
    return [f"{text:<{width}}  {place}" for text, place in shown]


def value_in(document: EffectiveDocument, path: FieldPath) -> Any:
    """Return the value at a path of a document."""
    value: Any = document.document
    for step in path:
        value = value[step]
    return value


def override_lines(explanation: Explanation) -> list[str]:
    """Return the overrides that concern it."""
    return [
        f"{override.id}  {override.ref} {what_text(override)} {end_text(override, explanation.zone)} ({override.actor}: {override.reason})"
        for override in explanation.overrides
    ]


def block_lines(explanation: Explanation) -> list[str]:
    """Return what keeps it from being as it is wanted."""
    return [
        *map(block_text, explanation.blocks),
        *map(_planned_block_text, planned_blocks(explanation)),
    ]


def planned_blocks(explanation: Explanation) -> tuple[Violation | Note, ...]:
    """Return what blocks the changes a plan of the source has; nothing where the source has it no more."""
    source = explanation.source
    return source.blocks if source is not None and value_lines(explanation) else ()


def block_text(block: Block) -> str:
    """Return in a line what blocks, or might be taken for it."""
    match block.code:
        case BlockCode.MODE:
            return f"mode of power in {block.subject}: {block.detail}; nothing is switched"
        case BlockCode.NOT_OBSERVED:
            return f"{block.subject} is not known: {Reason.stored(block.detail).message}"
        case BlockCode.NOT_VALID:
            return f"{block.detail}; until that is put right it is left as it is"
        case BlockCode.MAINTENANCE:
            return "environment in maintenance"
        case BlockCode.SCHEDULE_PROTECTED:
            return f"schedule protected by EnvironmentType/{block.subject}"
        case BlockCode.DEPLOYMENTS_LOCKED:
            return "deployments locked"
        case BlockCode.DECISION:
            return block.detail


def _planned_block_text(block: Violation | Note) -> str:
    if isinstance(block, Violation):
        return f"{block.guard}: {block.message}"
    return f"{block.category}: {block.text}"


def _next_text(change: NextChange, zone: tzinfo) -> str:
    text = f"{change.state.upper():<4} {moment_text(change.at, zone, 2)}"
    in_utc = f"{change.at.astimezone(zone):%Z}" == "UTC"
    return text if in_utc else f"{text}  {utc_text(change.at)}"


class Command(NamedTuple):
    """What to type next, and what for."""

    purpose: str
    text: str


def commands_of(explanation: Explanation) -> list[Command]:
    """Return what to type next, in order; a purpose is said once."""
    told: list[Command] = []
    for step in explanation.steps:
        command = _command(step, explanation.power)
        said = any(known.purpose == command.purpose for known in told)
        told.append(command._replace(purpose="") if said else command)
    return told


def _command(step: NextStep, found: PowerFacts | None) -> Command:
    match step.kind:
        case StepKind.HISTORY:
            return Command("History", f"envctl audit list --entity {step.target}")
        case StepKind.DOCUMENT:
            return Command("Whole", f"envctl render {step.target}")
        case StepKind.CORRECT_TAG:
            text = f"correct the tag {step.tag} of {step.target}, or take it off"
            return Command("Put it right", text)
        case StepKind.REMOVE_TAG:
            text = f"take the tag {step.tag} off {step.target}; an override to off does not go before it"
            return Command("Let it follow", text)
        case StepKind.OVERRIDE:
            first = next(iter(found.states), "") if found else ""
            verb = "Keep it" if STATES.get(first) is step.state else "Have it"
            every = f"      (all {step.instances} instances)" if step.instances > 1 else ""
            command = (
                f'envctl override {step.target} schedule={step.state} --until 10:00 --reason "…"'
            )
            return Command(f"{verb} {step.state}", f"{command}{every}")
