"""Why a document is as it is: where each value comes from, who changed it last, what overrides and what blocks it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.power.fleet import AcceptedNow
from controller.engine.queries.effective import effective_documents
from controller.engine.queries.explain.explanation import (
    Explanation,
    LastChange,
    LedgerQuestions,
    NextStep,
    SourceFacts,
    StepKind,
    written,
)
from controller.kinds.language.kind import Kind
from controller.model.plan import ScopePlan
from controller.model.ref import ResourceRef
from controller.planning.scope_plan import blocks


@dataclass(frozen=True, slots=True)
class FromSource:
    """The source as just loaded, and the plan of the config scope made from it."""

    revision: LoadedRevision
    made: ScopePlan | None


def explain_document(
    ref: ResourceRef, state: AcceptedNow, at: datetime, now: datetime
) -> Explanation:
    """Return the answer for a document that was accepted. Raises as asking the ledger."""
    ledger = LedgerQuestions(state.accounts.installation)
    found = state.seen.scopes[0].objects.get(ref)
    return Explanation(
        ref=ref,
        at=at,
        now=now,
        revision=found.mark.revision if found is not None and found.mark is not None else "",
        last=LastChange(ledger.document(ref)),
        written=tuple(written(ref, state.accepted, ledger)),
        overrides=tuple(override for override in state.accepted.overrides if override.ref == ref),
        steps=(NextStep(StepKind.HISTORY, str(ref)), NextStep(StepKind.DOCUMENT, str(ref))),
    )


def with_source(
    answer: Explanation, source: FromSource, kinds: Mapping[str, Kind[Any]]
) -> Explanation:
    """Add where each value comes from and what keeps the document from being applied, as far as the source tells."""
    ref, plan = answer.ref, source.made
    if ref not in source.revision.loaded.resources:
        return replace(answer, source=SourceFacts(document=None))
    (document,) = effective_documents(source.revision, kinds, str(ref))
    facts = SourceFacts(
        document=document,
        changes=tuple(change for change in plan.changes if change.ref == ref) if plan else (),
        blocks=blocks(plan, ref) if plan else (),
    )
    return replace(answer, source=facts)
