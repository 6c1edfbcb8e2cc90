"""The causes an explanation names, in words: records of changes, the rule that decides, where it was written."""

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

from controller.engine.queries.explain.explanation import Explanation, PowerFacts, Written
from controller.engine.queries.explain.history import used_schedule
from controller.kinds.schedule import ScheduleSpec
from controller.model.ledger_record import LedgerRecord
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from controller.planning.wording import TIMES
from controller.scheduling.decision import Rule, Verdict
from controller.scheduling.facts import Source
from controller.views.time_text import date_text, second_text

_SHORT: Final = 7
SOURCES: Final = {
    Source.OVERRIDE: "override",
    Source.INSTANCE: "instance tag",
    Source.GROUP: "group tag",
    Source.ROLE: "role",
    Source.ENVIRONMENT: "environment",
}
_NOTHING: Final = "\N{EN DASH}"


def when_text(record: LedgerRecord, zone: tzinfo) -> str:
    """Return when it was written: ``Tue 24 Nov 19:00:41 GMT``."""
    return second_text(datetime.fromisoformat(record.iso_timestamp), zone)


def switch_text(record: LedgerRecord, ref: ResourceRef) -> str:
    """Return what a live change did to an object: ``InService, running → Standby, stopped``."""
    before, after = (_state(image, ref) for image in (record.old_value, record.new_value))
    return f"{before} → {after}{_failure(record)}"


def _state(images: Mapping[str, Any] | None, ref: ResourceRef) -> str:
    image = images.get(str(ref), images) if images else None
    if not image:
        return "nothing"
    told = ", ".join(str(image[name]) for name in ("lifecycle", "state") if image.get(name))
    return told or ", ".join(f"{name} {value}" for name, value in sorted(image.items()))


def action_text(record: LedgerRecord) -> str:
    """Return what was done to how many objects."""
    count = len(record.new_value or {})
    action = record.new_meta.get("Action", record.change_type.lower())
    return f"{action}{f' {TIMES} {count}' if count > 1 else ''}{_failure(record)}"


def _failure(record: LedgerRecord) -> str:
    return f"  FAILED: {record.new_meta.get('Message', '')}" if record.phase == "failed" else ""


def applied_text(record: LedgerRecord) -> str:
    """Return ``by envctl (scheduled), audit 01JDF…``."""
    actor = record.actor
    commit = f"  commit {actor.commit[:_SHORT]} {actor.author}" if actor.commit else ""
    who = record.changed_by or actor.applied_by
    return f"by {who} ({record.cause}), audit {record.transaction_id}{commit}"


def why_lines(explanation: Explanation) -> list[str]:
    """Return which rule decides, and where it was written by whom; of a document the latter."""
    found = explanation.power
    if found is None:
        return [_place(document, "changed", explanation.zone) for document in explanation.written]
    if found.environment is None:
        return []
    rule = found.decision.deciding
    if rule is None or rule.verdict is not Verdict.DECIDES:
        return [str(found.decision.reason or "no rule applies")]
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
        choice = found.choice
        if choice is None:
            yield f"{found.owner} cannot be read back"
        elif choice.mode != "automatic":
            yield f"{found.owner} follows mode {choice.mode}"
        else:
            yield f"{found.owner} follows {used_schedule(choice) or choice.expression}"
    elif candidate.is_persons_tag:
        yield f"{tagged}, put there by a person (AWS does not say who)"
    else:
        if rule.source is Source.GROUP:
            yield f"{tagged}, written there by envctl for its role"
        yield f"role {subject.role} of {found.owner} has a schedule of its own"


def _place(document: Written, verb: str, zone: tzinfo) -> str:
    """Return ``c50.yaml:1   set by tango-dev, 4e0c2d1, 3 Nov, audit 01JDF…``; of a Schedule what it says."""
    if document.schedule is not None:
        return f"{document.origin}   {schedule_text(document.schedule)}"
    record = document.record
    if record is None:
        return str(document.origin)
    author = "" if record.actor.author == UNKNOWN_AUTHORSHIP.author else record.actor.author
    who = author or record.changed_by or "somebody"
    day = date_text(datetime.fromisoformat(record.iso_timestamp).astimezone(zone))
    by = ", ".join(filter(None, (who, record.actor.commit[:_SHORT], day)))
    return f"{document.origin}   {verb} by {by}, audit {record.transaction_id}"


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
