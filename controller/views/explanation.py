"""An explanation as people read it."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final, NamedTuple

from controller.engine.power.fleet import GROUP
from controller.engine.queries.effective import EffectiveDocument
from controller.engine.queries.explain.explanation import (
    STATES,
    Explanation,
    SourceFacts,
    StepKind,
    Written,
)
from controller.ledger.records import POWER, who_changed
from controller.loading.positions import dotted
from controller.loading.yaml_text import scalar_text
from controller.model.override import Override
from controller.model.printable import in_short, printable
from controller.model.ref import ResourceRef
from controller.planning.wording import TIMES, end_text, what_text
from controller.scheduling.decision import Verdict
from controller.scheduling.facts import Source
from controller.scheduling.schedule import State
from controller.scheduling.wall_clock import zone_of
from controller.views.audit.records import approval_text, record_time_text
from controller.views.blocks import block_line
from controller.views.override_text import overlay_lines
from controller.views.plan.wording import AS_USUAL, Asked
from controller.views.time_text import (
    even_moment_text,
    moment_text,
    second_text,
    utc_text,
)

_SHORT: Final = 7
SOURCES: Final = {
    Source.OVERRIDE: "override",
    Source.INSTANCE: "instance tag",
    Source.GROUP: "group tag",
    Source.ROLE: "role",
    Source.ENVIRONMENT: "environment",
}


def why_lines(explanation: Explanation) -> list[str]:
    """Return which rule decides, and where it was written by whom; of a document the latter."""
    found, lines, verb = explanation.power, [], "changed"
    if found is not None:
        rule, subject = found.decision.deciding, found.subject
        if found.environment is None:
            return []
        if rule is None or rule.verdict is not Verdict.DECIDES:
            return [str(found.decision.reason or "no rule applies")]
        choice = found.choice
        on_instance = rule.source is Source.INSTANCE
        place = subject.instance if on_instance else f"group {subject.group}"
        tagged = f"tag {rule.tag} = {rule.text} on {place}"
        if rule.source is Source.OVERRIDE:
            lines = [f"{rule.why or 'an override'}: {rule.text}"]
        elif rule.source is Source.ENVIRONMENT:
            verb = "set"
            if choice is None:
                lines = [f"{found.owner} cannot be read back"]
            elif choice.mode != "automatic":
                lines = [f"{found.owner} has no schedule, mode {choice.mode}"]
            else:
                used = ResourceRef("Schedule", choice.use) if choice.use else choice.expression
                lines = [f"{found.owner} follows {used}"]
        elif rule.is_persons_tag:
            lines = [f"{tagged}, put there by a person (AWS does not say who)"]
        else:
            if rule.source is Source.GROUP:
                lines = [f"{tagged}, written there by envctl for its role"]
            lines.append(f"role {subject.role} of {found.owner} has a schedule of its own")
    return [*lines, *(_place(document, verb, explanation.zone) for document in explanation.written)]


def _place(document: Written, verb: str, zone: tzinfo) -> str:
    """Return ``c50.yaml:1   set by tango-dev, 4e0c2d1, 3 Nov, audit 01JDF…``; of a Schedule what it says.

    A Schedule is one line: ``mon-fri 08:00-19:00 Europe/London, except england-holidays``.
    """
    spec = document.schedule
    if spec is not None:
        periods = ", ".join(
            f"{days if isinstance(days := period.days, str) else ','.join(days)} {period.from_}\N{EN DASH}{period.to}"
            for period in spec.periods or ()
        )
        excepted = f", except {', '.join(spec.except_)}" if spec.except_ else ""
        text = spec.expression or f"{periods} {spec.timezone or 'UTC'}{excepted}"
        return f"{document.origin}   {text}"
    record = document.record
    if record is None:
        return str(document.origin)
    who = in_short(who_changed(record.actor, record.changed_by))
    day = datetime.fromisoformat(record.iso_timestamp).astimezone(zone)
    merged = f"merged by {in_short(record.actor.merged_by)}" if record.actor.merged_by else ""
    by = ", ".join(filter(None, (who, record.actor.commit[:_SHORT], merged, f"{day.day} {day:%b}")))
    return f"{document.origin}   {verb} by {by}, audit {record.transaction_id}"


class RuleText(NamedTuple):
    """One rule of the order; ``shown`` is as the order shows it, the one that decides in brackets: ``[environment office-hours]``."""

    name: str
    text: str
    verdict: str
    why: str
    shown: str


_SHOWN: Final = {
    Verdict.DECIDES: "[{name} {text}]",
    Verdict.ABSENT: "{name} \N{EN DASH}",
    Verdict.BEATEN: "{name} {text}",
}


def order_of(explanation: Explanation) -> list[RuleText]:
    """Return every rule of the order, with what became of it."""
    found, order = explanation.power, []
    if found is None or found.environment is None:
        return []
    for rule in found.decision.chain:
        name, text, verdict = SOURCES[rule.source], rule.text, rule.verdict
        if rule.source is Source.ROLE and found.subject.role:
            name = f"role {found.subject.role}"
        if rule.source is Source.ENVIRONMENT:
            text = found.environment.label or text
        form = _SHOWN.get(verdict, "{name} {text} ({verdict})")
        why = "" if verdict is Verdict.DECIDES else rule.why
        shown = form.format(name=name, text=text, verdict=verdict)
        order.append(RuleText(name, text, verdict.value, why, shown))
    return order


NOT_READ: Final = SourceFacts(document=None)
"""What is told of a source that was not read."""
_WIDTH: Final = 14
_STRAYS: Final = 3
_VALUE_WIDTH: Final = 56


def explanation_lines(explanation: Explanation, asked: Asked = AS_USUAL) -> tuple[str, ...]:
    """Return the answer for people."""
    source = explanation.source or NOT_READ
    # Last what blocks the changes that a plan of the source has.
    blocking = (*explanation.blocks, *source.blocks)
    first, *rest = [block_line(block).text for block in blocking] or ("nothing",)
    told = "; ".join(block_line(notice).text for notice in explanation.information)
    order = order_of(explanation)
    blocks = [
        ("Last change", last_change_lines(explanation)),
        ("In no chain", stray_lines(explanation) if explanation.strays else []),
        ("Why", why_lines(explanation)),
        ("Order", [" · ".join(rule.shown for rule in order)] if order else []),
        ("", [f"{rule.name}: {rule.why}" for rule in order if rule.why]),
        ("Values", value_lines(source.document) if source.document else []),
        ("Overrides", override_lines(explanation) if explanation.overrides else []),
        ("Blocks", [f"{first}{f' ({told}: information only)' if told else ''}", *rest]),
    ]
    found = explanation.power
    if found is not None and found.environment is not None:
        zone, coming = explanation.zone, []
        for change in found.next:
            in_utc = f"{change.at.astimezone(zone):%Z}" == "UTC"
            utc = "" if in_utc else f"  {utc_text(change.at)}"
            coming.append(f"{change.state.upper():<4} {moment_text(change.at, zone, 2)}{utc}")
        blocks.append(("Next", coming or ["it changes no more"]))
    lines = ["    ".join(filter(None, heading_of(explanation)))]
    lines += filter(None, (verdict_of(explanation),))
    lines.append("")
    for label, told_lines in blocks:
        labels = (label, *[""] * len(told_lines))
        lines += [f"{own:<{_WIDTH}}{line}" for own, line in zip(labels, told_lines, strict=False)]
    commands = commands_of(explanation, asked)
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
        instance = found.instance
        place = f", {found.lifecycle} in {found.subject.group}" if found.lifecycle else ""
        return (
            f"{instance.instance_id}  {dict(instance.tags).get('Name', '')}  {instance.private_ip}".rstrip(),
            f"{instance.state}{place}",
            found.scope,
        )
    if found.group is not None:
        group = found.group
        lifecycles = Counter(member.lifecycle for member in group.members)
        sizes = f"min {group.minimum}, desired {group.desired}, max {group.maximum}"
        members = _counted(lifecycles) or "no instances"
        coming = sum(n for state, n in lifecycles.items() if state.startswith("Pending"))
        if lifecycles["InService"] + coming < group.desired:
            members = f"{lifecycles['InService']} of {group.desired} in service: {members}"
        return (f"{group.name}  {sizes}", members, found.scope)
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
        if source.document is None:
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
    if decision.wanted not in STATES.values():
        left = decision.wanted is State.NOSCHEDULE
        wanted = "Wanted: left alone" if left else "Nothing is wanted"
        return f"{moment}{wanted}, is {_counted(found.states)}"
    wanted = decision.wanted.value.upper()
    if moment:
        return f"{moment}wanted {wanted}, as schedules and overrides are now"
    apart = f"; left alone: {_counted(found.left_alone)}" if found.left_alone else ""
    if explanation.in_order and found.states:
        record = explanation.last.record
        since = ""
        if record and record.phase == "succeeded":
            done = datetime.fromisoformat(record.iso_timestamp)
            since = f" since {second_text(done, explanation.zone)}"
        return f"Wanted {wanted}, is {decision.wanted.value}{since} (in order){apart}"
    of_groups = found.short if found.states and explanation.ref.kind != GROUP else ()
    short = f"; short of instances: {', '.join(of_groups)}" if of_groups else ""
    counted = Counter(found.states)
    counted.subtract(found.left_alone)
    states = _counted(+counted) or ("nothing else" if found.left_alone else "without instances")
    return f"Wanted {wanted}, is {states}{short}{apart}"


def last_change_lines(explanation: Explanation) -> list[str]:
    """Return what last changed it, ``InService, running → Standby, stopped``, and ``by envctl (scheduled), audit 01JDF…``."""
    record, begun, launched = explanation.last
    found = explanation.power
    if found is not None and found.environment is None:
        return []
    if record is None:
        if found is None:
            return ["the ledger has no record of it"]
        if not found.states:
            return ["none: it has no instances, and the ledger has no change of any"]
        started = f"; last started {moment_text(launched)}" if launched else ""
        return [
            f"none by envctl that the ledger knows: outside, or before it was installed{started}"
        ]
    done = datetime.fromisoformat(record.iso_timestamp)
    actor = record.actor
    commit = f"  commit {actor.commit[:_SHORT]}" if actor.commit else ""
    who = in_short(who_changed(actor, record.changed_by))
    applied = [f"by {who} ({record.cause}), audit {record.transaction_id}{commit}"]
    caller = f", AWS caller {actor.principal}" if actor.principal else ""
    if caller or actor.applied_by != who:
        applied.append(f"applied by {in_short(actor.applied_by)} ({actor.trigger}){caller}")
    applied += [f"approved: {approval_text(approval)}" for approval in actor.approvals]
    if found is None:
        return [f"{second_text(done, UTC)}  {record.change_type}", *applied]
    since = datetime.fromisoformat(begun.iso_timestamp) if begun else None
    if found.instance:
        states = []
        for images in (record.old_value, record.new_value):
            image = (images or {}).get(str(explanation.ref), images) or {}
            found_in = [str(image[name]) for name in ("lifecycle", "state") if image.get(name)]
            others = [f"{name} {value}" for name, value in sorted(image.items())]
            states.append(", ".join(found_in or others) or "nothing")
        what = " → ".join(states)
    else:
        # A record of power has an image for each instance; any other is of one object.
        count = len(record.new_value or {}) if record.entity_type == POWER else 1
        action = record.new_meta.get("Action", record.change_type.lower())
        what = f"{action} {TIMES} {count}" if count > 1 else action
        if record.entity_type == GROUP and explanation.ref.kind != GROUP:
            what = f"{action} {GROUP}/{record.entity_key.rpartition('/')[2]}"
    if record.phase == "failed":
        what += f"  FAILED: {record.new_meta.get('Message', '')}"
    lines = [f"{second_text(done, explanation.zone, since)}  {what}", *applied]
    if launched and found.instance and (launched - done).total_seconds() > 1:
        lines.append(f"started outside envctl after that, {moment_text(launched)}")
    return lines


def stray_lines(explanation: Explanation) -> list[str]:
    """Return the newest records of it that stand in no chain, whatever they say."""
    told = explanation.strays[:_STRAYS]
    lines = [
        f"{in_short(record_time_text(line.iso_timestamp))}  {printable(line.change_type)} {line.entity} by {in_short(line.changed_by)}, record {printable(line.audit_id)}"
        for line in told
    ]
    more = len(explanation.strays) - len(told)
    lines += [f"and {more} more"] if more else []
    return [*lines, "none of it counts: envctl audit verify tells more"]


def value_lines(document: EffectiveDocument) -> list[str]:
    """Return each value of a document with its place."""
    shown = [
        (
            f"{dotted(path).removeprefix('spec.')}: {scalar_text(document.value_at(path))}",
            origin._replace(column=0),
        )
        for path, origin in document.origins.items()
        if path and path[0] == "spec"
    ]
    width = min(max((len(text) for text, _ in shown), default=0), _VALUE_WIDTH)
    return [f"{text:<{width}}  {place}" for text, place in shown]


def override_lines(explanation: Explanation) -> list[str]:
    """Return the overrides that concern it, and which of two holds until when."""
    zone, overrides = explanation.zone, explanation.overrides
    lines = [override_line(override, zone) for override in overrides]
    return [*lines, *overlay_lines(overrides, zone)]


def override_line(override: Override, zone: tzinfo) -> str:
    """Return an override that concerns it."""
    what, end = what_text(override), end_text(override, zone)
    return f"{override.id}  {override.ref} {what} {end} ({in_short(override.actor)}: {in_short(override.reason)})"


class Command(NamedTuple):
    """What to type next, and what for."""

    purpose: str
    text: str


def commands_of(explanation: Explanation, asked: Asked = AS_USUAL) -> list[Command]:
    """Return what to type next, in order, with what was ``asked`` for; a purpose is said once."""
    told: list[Command] = []
    settings, found = asked.settings, explanation.source
    for step in explanation.steps:
        match step.kind:
            case StepKind.HISTORY:
                purpose, text = "History", f"envctl{settings} audit list --entity {step.target}"
            case StepKind.DOCUMENT if found is None or found.document is None:
                # A source that does not have it shows nothing of it.
                continue
            case StepKind.DOCUMENT:
                purpose, text = "Whole", f"envctl{settings} render {step.target}{asked.source}"
            case StepKind.CORRECT_TAG:
                purpose = "Put it right"
                text = f"correct the tag {step.tag} of {step.target}, or take it off"
            case StepKind.REMOVE_TAG:
                purpose = "Let it follow"
                text = f"take the tag {step.tag} off {step.target}; an override to off does not go before it"
            case StepKind.OVERRIDE:
                first = next(iter(explanation.power.states), "") if explanation.power else ""
                purpose = "Keep it" if STATES.get(first) is step.state else "Have it"
                purpose = f"{purpose} {step.state}"
                every = f"      (all {step.instances} instances)" if step.instances > 1 else ""
                text = f'envctl{settings} override {step.target} schedule={step.state} --until 10:00 --reason "…"{every}'
        said = any(known.purpose == purpose for known in told)
        told.append(Command("" if said else purpose, text))
    return told
