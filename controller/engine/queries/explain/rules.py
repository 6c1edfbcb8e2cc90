"""The rule that decides about power in words: what it is, and where it was written."""

from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from typing import Final, NamedTuple

from controller.engine.queries.explain.explanation import RuleShown
from controller.engine.queries.explain.history import LedgerQuestions
from controller.kinds.schedule import ScheduleSpec
from controller.model.accepted import AcceptedState
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.wording import end_text, what_text
from controller.scheduling.decision import Decision, Verdict
from controller.scheduling.decision_sources import Source
from controller.scheduling.facts import EnvironmentFacts, RoleFacts

NAMES: Final = {
    Source.OVERRIDE: "override",
    Source.INSTANCE: "instance tag",
    Source.GROUP: "group tag",
    Source.ROLE: "role",
    Source.ENVIRONMENT: "environment",
}


class Subject(NamedTuple):
    """What is explained: what it belongs to. Empty texts where there is none."""

    environment: str
    role: str = ""
    group: str = ""
    instance: str = ""

    def refs(self, scope: str) -> tuple[ResourceRef, ...]:
        """Return everything an override may be of, narrowest first."""
        found = (
            ResourceRef("Instance", f"{scope}/{self.instance}") if self.instance else None,
            ResourceRef("Group", f"{scope}/{self.group}") if self.group else None,
            ResourceRef("Environment", self.environment) if self.environment else None,
        )
        return tuple(one for one in found if one is not None)


def order_of(
    decision: Decision, role: RoleFacts | None, environment: EnvironmentFacts
) -> tuple[RuleShown, ...]:
    """Return every rule of the order, with what became of it."""
    return tuple(
        RuleShown(
            f"role {role.name}" if rule.source is Source.ROLE and role else NAMES[rule.source],
            _label(rule.source, rule.text, environment),
            rule.verdict.value,
            "" if rule.verdict is Verdict.DECIDES else rule.why,
        )
        for rule in decision.chain
    )


def why_lines(
    decision: Decision,
    subject: Subject,
    accepted: AcceptedState,
    ledger: LedgerQuestions,
    *,
    tag_is_ours: bool = False,
) -> tuple[str, ...]:
    """Return which rule decides and where it comes from; ``tag_is_ours``: the group's tag is as envctl wrote it for its role."""
    return tuple(_why(decision, subject, accepted, ledger, tag_is_ours=tag_is_ours))


def _why(
    decision: Decision,
    subject: Subject,
    accepted: AcceptedState,
    ledger: LedgerQuestions,
    *,
    tag_is_ours: bool,
) -> Iterator[str]:
    rule = next((one for one in decision.chain if one.verdict is Verdict.DECIDES), None)
    if rule is None:
        yield str(decision.reason or "no rule applies")
        return
    match rule.source:
        case Source.OVERRIDE:
            yield f"{rule.why or 'an override'}: {rule.text}"
        case Source.INSTANCE:
            yield f"tag Schedule = {rule.text} on {subject.instance}, put there by a person (AWS does not say who)"
        case Source.GROUP:
            if not tag_is_ours:
                yield f"tag Schedule = {rule.text} on group {subject.group}, put there by a person (AWS does not say who)"
                return
            yield f"tag Schedule = {rule.text} on group {subject.group}, written there by envctl for its role"
            yield from _of_role(subject, accepted, ledger)
        case Source.ROLE:
            yield from _of_role(subject, accepted, ledger)
        case Source.ENVIRONMENT:
            yield from _of_environment(subject.environment, accepted, ledger)


def _of_role(subject: Subject, accepted: AcceptedState, ledger: LedgerQuestions) -> Iterator[str]:
    spec = accepted.spec("Environment", subject.environment)
    role = (spec.roles or {}).get(subject.role) if spec is not None else None
    own = role is not None and getattr(role, "schedule", None) is not None
    ref = ResourceRef("Environment", subject.environment)
    if not own and spec is not None:
        ref = ResourceRef("DeploymentMap", spec.deployment_map)
    yield f"role {subject.role} of {ref} has a schedule of its own"
    yield from written(ref, accepted, ledger)


def _of_environment(
    environment: str, accepted: AcceptedState, ledger: LedgerQuestions
) -> Iterator[str]:
    ref = ResourceRef("Environment", environment)
    spec = accepted.spec("Environment", environment)
    choice = spec.schedule if spec is not None else None
    if choice is None:
        yield f"{ref} cannot be read back"
        return
    used = (
        ResourceRef("Schedule", choice.use) if choice.use and choice.mode == "automatic" else None
    )
    follows = used or (choice.expression if choice.mode == "automatic" else f"mode {choice.mode}")
    yield f"{ref} follows {follows}"
    record = ledger.schedule_set(environment)
    by = f"   set by {ledger.by(record)}, audit {record.transaction_id}" if record else ""
    yield f"{_place(ref, accepted)}{by}"
    if used is not None and used in accepted.resources:
        yield f"{_place(used, accepted)}   {schedule_words(accepted.specs[used])}"


def written(ref: ResourceRef, accepted: AcceptedState, ledger: LedgerQuestions) -> Iterator[str]:
    """Yield where a document was written, and who changed it last."""
    if ref not in accepted.resources:
        return
    record = ledger.document(ref)
    by = f"   changed by {ledger.by(record)}, audit {record.transaction_id}" if record else ""
    yield f"{_place(ref, accepted)}{by}"


def schedule_words(spec: ScheduleSpec) -> str:
    """Return a Schedule in one line: ``mon-fri 08:00-19:00 Europe/London, except england-holidays``."""
    if spec.expression is not None:
        return spec.expression
    periods = ", ".join(
        f"{days if isinstance(days := period.days, str) else ','.join(days)} {period.from_}\N{EN DASH}{period.to}"
        for period in spec.periods or ()
    )
    excepted = f", except {', '.join(spec.except_)}" if spec.except_ else ""
    return f"{periods} {spec.timezone or 'UTC'}{excepted}"


def override_lines(overrides: Iterable[Override], zone: tzinfo = UTC) -> tuple[str, ...]:
    """Return one line for each override."""
    return tuple(
        f"{override.id}  {override.ref} {what_text(override)} {end_text(override, zone)} ({override.actor}: {override.reason})"
        for override in overrides
    )


def _place(ref: ResourceRef, accepted: AcceptedState) -> str:
    return str(accepted.resources[ref].origin._replace(column=0))


def _label(source: Source, text: str, environment: EnvironmentFacts) -> str:
    if source is Source.ENVIRONMENT:
        return environment.label or text
    return text
