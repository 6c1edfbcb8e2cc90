"""Where the rule that decides about power was written, and by which change."""

from collections.abc import Iterator

from controller.engine.queries.explain.explanation import Subject, Written
from controller.engine.queries.explain.history import LedgerQuestions
from controller.kinds.parts.schedule_choice import ScheduleChoice
from controller.model.accepted import AcceptedState
from controller.model.ref import ResourceRef
from controller.scheduling.decision import Rule, Verdict
from controller.scheduling.facts import Source


def owner_of(rule: Rule | None, subject: Subject, accepted: AcceptedState) -> ResourceRef | None:
    """Return the document that a deciding rule is of; None where it is a person's tag, an override, or none decides."""
    if rule is None or rule.verdict is not Verdict.DECIDES or rule.candidate.is_persons_tag:
        return None
    environment = ResourceRef("Environment", subject.environment)
    if rule.source is Source.ENVIRONMENT:
        return environment
    if rule.source not in (Source.ROLE, Source.GROUP):
        return None
    spec = accepted.specs.get(environment)
    role = (spec.roles or {}).get(subject.role) if spec is not None else None
    if spec is None or getattr(role, "schedule", None) is not None:
        return environment
    return ResourceRef("DeploymentMap", spec.deployment_map)


def deciding_documents(
    rule: Rule | None, subject: Subject, accepted: AcceptedState, ledger: LedgerQuestions
) -> Iterator[Written]:
    """Yield where the deciding rule was written. Raises as asking the ledger."""
    owner = owner_of(rule, subject, accepted)
    if rule is None or owner is None:
        return
    if rule.source is not Source.ENVIRONMENT:
        yield from written(owner, accepted, ledger)
        return
    spec = accepted.specs.get(owner)
    if spec is None:
        return
    record = ledger.schedule_set(subject.environment)
    yield Written(owner, accepted.resources[owner].origin.at_line, record)
    used = used_schedule(spec.schedule)
    if used is not None and used in accepted.resources:
        origin = accepted.resources[used].origin.at_line
        yield Written(used, origin, schedule=accepted.specs[used])


def used_schedule(choice: ScheduleChoice) -> ResourceRef | None:
    """Return the Schedule that an environment follows; None where it has one of its own, or a mode."""
    follows = choice.use if choice.mode == "automatic" else None
    return ResourceRef("Schedule", follows) if follows else None


def written(
    ref: ResourceRef, accepted: AcceptedState, ledger: LedgerQuestions
) -> Iterator[Written]:
    """Yield where a document was written, and who changed it last; nothing where it cannot be read."""
    if ref in accepted.resources:
        yield Written(ref, accepted.resources[ref].origin.at_line, ledger.document(ref))
