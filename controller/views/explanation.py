"""An explanation as people read it, and as JSON."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, NamedTuple

from controller.engine.queries.effective import EffectiveDocument
from controller.engine.queries.explain.explanation import (
    Block,
    BlockCode,
    Explanation,
    NextChange,
    PowerFacts,
    Written,
)
from controller.engine.queries.explain.written import used_schedule
from controller.kinds.schedule import ScheduleSpec
from controller.loading.positions import dotted
from controller.loading.yaml_text import scalar_text
from controller.model.plan import Note, Violation
from controller.planning.wording import end_text, what_text
from controller.scheduling.decision import Rule, Verdict
from controller.scheduling.facts import Source
from controller.scheduling.schedule import State
from controller.scheduling.wall_clock import zone_of
from controller.views.commands import commands_of
from controller.views.record_text import (
    action_text,
    applied_text,
    author_text,
    switch_text,
    when_text,
)
from controller.views.time_text import (
    even_moment_text,
    moment_text,
    second_text,
    utc_text,
)

SOURCES: Final = {
    Source.OVERRIDE: "override",
    Source.INSTANCE: "instance tag",
    Source.GROUP: "group tag",
    Source.ROLE: "role",
    Source.ENVIRONMENT: "environment",
}
_NOTHING: Final = "\N{EN DASH}"
_WIDTH: Final = 14
_VALUE_WIDTH: Final = 56


def explanation_lines(explanation: Explanation) -> tuple[str, ...]:
    """Return the answer for people."""
    return tuple(_lines(explanation))


def _lines(explanation: Explanation) -> Iterator[str]:
    yield "    ".join(filter(None, _heading(explanation)))
    if verdict := _verdict(explanation):
        yield verdict
    yield ""
    yield from _block("Last change", _last_change(explanation))
    yield from _block("Why", _why(explanation))
    order = order_of(explanation)
    if order:
        yield from _block("Order", [" · ".join(map(str, order))])
        yield from _block("", [f"{rule.name}: {rule.why}" for rule in order if rule.why])
    yield from _block("Values", _values(explanation))
    yield from _block("Overrides", _overrides(explanation))
    first, *rest = _blocks(explanation) or ("nothing",)
    told = "; ".join(_block_text(notice) for notice in explanation.information)
    yield from _block("Blocks", [f"{first}{f' ({told}: information only)' if told else ''}", *rest])
    if _has_next(explanation):
        yield from _block("Next", _next(explanation) or ["it changes no more"])
    commands = commands_of(explanation)
    if commands:
        yield ""
        width = max(len(command.purpose) for command in commands) + 1
        for command in commands:
            label = f"{command.purpose}:" if command.purpose else ""
            yield f"{label:<{max(width, _WIDTH - 1)}} {command.text}"


def _block(label: str, lines: list[str]) -> Iterator[str]:
    for place, line in enumerate(lines):
        yield f"{label if not place else '':<{_WIDTH}}{line}"


def _heading(explanation: Explanation) -> tuple[str, ...]:
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


def _verdict(explanation: Explanation) -> str:
    if explanation.power is not None:
        return _power_verdict(explanation, explanation.power)
    source = explanation.source
    if source is None:
        return ""
    if not _values(explanation):
        return "the source has it no more"
    planned = [f"{change.action} is planned ({change.cause.value})" for change in source.changes]
    return "; ".join(planned) or "as the source says (in order)"


def _power_verdict(explanation: Explanation, found: PowerFacts) -> str:
    if found.environment is None:
        ours = "; the ledger knows it as ours" if found.known_as_ours else ""
        return f"It belongs to no environment that is known{ours}: it is never touched"
    decision, now = found.decision, explanation.at == explanation.now
    moment = "" if now else f"At {even_moment_text(explanation.at, _decided_in(found))} "
    if not found.switches:
        left = decision.wanted is State.NOSCHEDULE
        wanted = "Wanted: left alone" if left else "Nothing is wanted"
        return f"{moment}{wanted}, is {_counted(found.states)}"
    wanted = decision.wanted.value.upper()
    if not now:
        return f"{moment}wanted {wanted}, as schedules and overrides are now"
    if explanation.in_order and found.states:
        record = explanation.last.record
        succeeded = record is not None and record.phase == "succeeded"
        since = f" since {when_text(record, explanation.zone)}" if record and succeeded else ""
        return f"Wanted {wanted}, is {decision.wanted.value}{since} (in order)"
    return f"Wanted {wanted}, is {_counted(found.states) or 'without instances'}"


def _decided_in(found: PowerFacts) -> tzinfo:
    """Return the zone of the schedule that decides."""
    schedule = found.decision.schedule
    return zone_of(schedule.zone) if schedule is not None and schedule.fixed is None else UTC


def _last_change(explanation: Explanation) -> list[str]:
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


def _why(explanation: Explanation) -> list[str]:
    found = explanation.power
    if found is None:
        return [_place(document, "changed", explanation.zone) for document in explanation.written]
    if found.environment is None:
        return []
    rule = found.decision.deciding
    if rule is None or rule.verdict is not Verdict.DECIDES:
        return [found.decision.reason or "no rule applies"]
    verb = "set" if rule.source is Source.ENVIRONMENT else "changed"
    places = [_place(document, verb, explanation.zone) for document in explanation.written]
    return [*_rule_lines(rule, found), *places]


def _rule_lines(rule: Rule, found: PowerFacts) -> Iterator[str]:
    subject, candidate = found.subject, rule.candidate
    on_instance = rule.source is Source.INSTANCE
    tagged = f"tag {candidate.tag} = {rule.text} on {subject.instance if on_instance else f'group {subject.group}'}"
    if rule.source is Source.OVERRIDE:
        yield f"{rule.why or 'an override'}: {rule.text}"
    elif rule.source is Source.ENVIRONMENT:
        follows = _follows(found)
        yield (
            f"{found.owner} follows {follows}" if follows else f"{found.owner} cannot be read back"
        )
    elif candidate.is_persons_tag:
        yield f"{tagged}, put there by a person (AWS does not say who)"
    else:
        if rule.source is Source.GROUP:
            yield f"{tagged}, written there by envctl for its role"
        yield f"role {subject.role} of {found.owner} has a schedule of its own"


def _follows(found: PowerFacts) -> str:
    choice = found.choice
    if choice is None:
        return ""
    if choice.mode != "automatic":
        return f"mode {choice.mode}"
    return str(used_schedule(choice) or choice.expression)


def _place(document: Written, verb: str, zone: tzinfo) -> str:
    """Return ``c50.yaml:1   set by tango-dev, 4e0c2d1, 3 Nov, audit 01JDF…``; of a Schedule what it says."""
    if document.schedule is not None:
        return f"{document.origin}   {schedule_text(document.schedule)}"
    if document.record is None:
        return str(document.origin)
    by = author_text(document.record, zone)
    return f"{document.origin}   {verb} by {by}, audit {document.record.transaction_id}"


def schedule_text(spec: ScheduleSpec) -> str:
    """Return a Schedule in one line: ``mon-fri 08:00-19:00 Europe/London, except england-holidays``."""
    if spec.expression is not None:
        return spec.expression
    periods = ", ".join(
        f"{days if isinstance(days := period.days, str) else ','.join(days)} {period.from_}\N{EN DASH}{period.to}"
        for period in spec.periods or ()
    )
    excepted = f", except {', '.join(spec.except_)}" if spec.except_ else ""
    return f"{periods} {spec.timezone or 'UTC'}{excepted}"


class RuleText(NamedTuple):
    """One rule of the order, as it is shown."""

    name: str
    text: str
    verdict: str
    why: str = ""

    def __str__(self) -> str:
        """Print as the order shows it; the one that decides in brackets: ``[environment office-hours]``."""
        match self.verdict:
            case Verdict.DECIDES:
                return f"[{self.name} {self.text}]"
            case Verdict.ABSENT:
                return f"{self.name} {_NOTHING}"
            case Verdict.BEATEN:
                return f"{self.name} {self.text}"
            case _:
                return f"{self.name} {self.text} ({self.verdict})"


def order_of(explanation: Explanation) -> list[RuleText]:
    """Return every rule of the order, with what became of it."""
    found = explanation.power
    if found is None or found.environment is None:
        return []
    own = f"role {found.subject.role}" if found.subject.role else SOURCES[Source.ROLE]
    label = found.environment.label
    return [
        RuleText(
            own if rule.source is Source.ROLE else SOURCES[rule.source],
            (label if rule.source is Source.ENVIRONMENT else "") or rule.text,
            rule.verdict.value,
            "" if rule.verdict is Verdict.DECIDES else rule.why,
        )
        for rule in found.decision.chain
    ]


def _values(explanation: Explanation) -> list[str]:
    document = explanation.source.document if explanation.source else None
    if document is None:
        return []
    shown = [
        (f"{dotted(path).removeprefix('spec.')}: {_value(document, path)}", origin.at_line)
        for path, origin in document.origins.items()
        if path and path[0] == "spec"
    ]
    width = min(max((len(text) for text, _ in shown), default=0), _VALUE_WIDTH)
    return [f"{text:<{width}}  {place}" for text, place in shown]


def _value(document: EffectiveDocument, path: tuple[str | int, ...]) -> str:
    value: Any = document.document
    for step in path:
        value = value[step]
    return scalar_text(value)


def _overrides(explanation: Explanation) -> list[str]:
    return [
        f"{override.id}  {override.ref} {what_text(override)} {end_text(override, explanation.zone)} ({override.actor}: {override.reason})"
        for override in explanation.overrides
    ]


def _blocks(explanation: Explanation) -> list[str]:
    told = [_block_text(block) for block in explanation.blocks]
    if explanation.source is not None and _values(explanation):
        told += map(_planned_block_text, explanation.source.blocks)
    return told


def _block_text(block: Block) -> str:
    match block.code:
        case BlockCode.MODE:
            return f"mode of power in {block.subject}: {block.detail}; nothing is switched"
        case BlockCode.NOT_OBSERVED:
            return f"{block.subject} is not known: {block.detail.partition(chr(10))[0]}"
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
        return f"{block.guard}: {block.message.partition(chr(10))[0]}"
    return f"{block.category}: {block.text}"


def _has_next(explanation: Explanation) -> bool:
    """Tell whether changes to come are a question at all."""
    return explanation.power is not None and explanation.power.environment is not None


def _next(explanation: Explanation) -> list[str]:
    return [_next_text(change, explanation.zone) for change in _changes(explanation)]


def _next_text(change: NextChange, zone: tzinfo) -> str:
    text = f"{change.state.upper():<4} {moment_text(change.at, zone, 2)}"
    in_utc = f"{change.at.astimezone(zone):%Z}" == "UTC"
    return text if in_utc else f"{text}  {utc_text(change.at)}"


def _changes(explanation: Explanation) -> tuple[NextChange, ...]:
    return explanation.power.next if explanation.power else ()


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Return the answer for programs."""
    found, zone = explanation.power, explanation.zone
    return {
        "ref": str(explanation.ref),
        "heading": list(_heading(explanation)),
        "verdict": _verdict(explanation),
        "at": explanation.at.isoformat(),
        "wanted": found.decision.wanted.value if found and found.environment else "",
        "inOrder": explanation.in_order,
        "lastChange": _last_change(explanation),
        "why": _why(explanation),
        "order": [rule._asdict() for rule in order_of(explanation)],
        "values": _values(explanation),
        "overrides": _overrides(explanation),
        "blocks": _blocks(explanation),
        "information": [_block_text(notice) for notice in explanation.information],
        "next": [
            {
                "at": change.at.astimezone(zone).isoformat(),
                "utc": change.at.astimezone(UTC).isoformat(),
                "state": change.state,
            }
            for change in _changes(explanation)
        ],
        "commands": [command._asdict() for command in commands_of(explanation)],
    }
