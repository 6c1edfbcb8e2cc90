"""Why a document is as it is: where each value comes from, who changed it last, what overrides and what blocks it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.power.accepted_now import AcceptedNow
from controller.engine.queries.explain.explanation import Command, Explanation
from controller.engine.queries.explain.history import LedgerQuestions, by_line
from controller.engine.queries.explain.rules import override_lines, written
from controller.engine.queries.render_documents import effective_documents
from controller.kinds.language.kind import Kind
from controller.loading.positions import dotted
from controller.loading.yaml_text import scalar_text
from controller.model.observed import Observation
from controller.model.plan import ScopePlan, Violation
from controller.model.ref import ResourceRef
from controller.planning.blocks import blocks


@dataclass(frozen=True, slots=True)
class FromSource:
    """The source as just loaded, and the plan of the config scope made from it."""

    revision: LoadedRevision
    made: ScopePlan | None


def explain_document(
    ref: ResourceRef, state: AcceptedNow, source: FromSource | None, now: datetime
) -> Explanation:
    """Return the answer for a document that was accepted. Raises as asking the ledger."""
    ledger = LedgerQuestions(state.accounts.installation)
    record = ledger.document(ref)
    found = state.seen.scopes[0].objects.get(ref)
    last = (
        () if record is None else (f"{ledger.when(record)}  {record.change_type}", by_line(record))
    )
    made = Explanation(
        ref=str(ref),
        heading=(str(ref), _revision(found)),
        verdict="",
        at=now,
        last_change=last or ("the ledger has no record of it",),
        why=tuple(written(ref, state.accepted, ledger)),
        overrides=override_lines(
            override for override in state.accepted.overrides if override.ref == ref
        ),
        commands=(
            Command("History", f"envctl audit list --entity {ref}"),
            Command("Whole", f"envctl render {ref}"),
        ),
    )
    return with_source(made, ref, source, state.accounts.installation.master.kinds)


def with_source(
    made: Explanation, ref: ResourceRef, source: FromSource | None, kinds: Any
) -> Explanation:
    """Add where each value comes from and what keeps the document from being applied, as far as the source tells."""
    if source is None:
        return made
    values = tuple(_values(ref, source.revision, kinds))
    if not values:
        return replace(made, verdict=made.verdict or "the source has it no more")
    held, pending = [], ""
    if source.made is not None:
        held = [_held(block) for block in blocks(source.made, ref)]
        changes = [change for change in source.made.changes if change.ref == ref]
        pending = "; ".join(f"{one.action} is planned ({one.cause.value})" for one in changes)
    verdict = made.verdict or pending or "as the source says (in order)"
    return replace(made, values=values, blocks=(*made.blocks, *held), verdict=verdict)


def _values(
    ref: ResourceRef, revision: LoadedRevision, kinds: dict[str, Kind[Any]]
) -> Iterator[str]:
    if ref not in revision.loaded.resources:
        return
    (effective,) = effective_documents(revision, kinds, str(ref))
    shown = [
        (
            dotted(path).removeprefix("spec."),
            _value(effective.document, path),
            str(origin._replace(column=0)),
        )
        for path, origin in effective.origins.items()
        if path and path[0] == "spec"
    ]
    width = max((len(f"{name}: {value}") for name, value, _ in shown), default=0)
    for name, value, place in shown:
        yield f"{f'{name}: {value}':<{min(width, 56)}}  {place}"


def _value(document: Any, path: tuple[str | int, ...]) -> str:
    for step in path:
        document = document[step]
    return scalar_text(document)


def _held(one: Any) -> str:
    if isinstance(one, Violation):
        return f"{one.guard}: {one.message}"
    return f"{one.category}: {one.text}"


def _revision(found: Observation | None) -> str:
    if found is None or found.mark is None:
        return ""
    return f"revision {found.mark.revision[:12]}" if found.mark.revision else ""
