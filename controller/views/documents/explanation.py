"""An explanation for programs: codes and data, and beside them the sentences that people read."""

from datetime import datetime
from typing import Annotated, TypedDict

from controller.engine.queries.explain.answer import Explained
from controller.engine.queries.explain.explanation import BlockCode, Explanation
from controller.ledger.summaries import summary_of
from controller.loading.positions import dotted
from controller.scheduling.decision import Verdict
from controller.scheduling.facts import Source
from controller.scheduling.schedule import State
from controller.views.answer import Answer
from controller.views.blocks import block_line
from controller.views.documents.audit import SummaryObject, summary_json
from controller.views.documents.envelope import filled
from controller.views.documents.moments import (
    StateChangeObject,
    state_change_json,
)
from controller.views.explanation import (
    NOT_READ,
    Command,
    commands_of,
    explanation_lines,
    heading_of,
    last_change_lines,
    order_of,
    override_lines,
    value_lines,
    verdict_of,
    why_lines,
)
from controller.views.override_text import OverrideObject, override_json
from controller.views.plan.wording import AS_USUAL, Asked


class RuleObject(TypedDict):
    """One rule of the order, and what became of it."""

    name: str
    source: Annotated[str, Source]
    text: Annotated[str, "The schedule as written or called; empty if there is none."]
    tag: Annotated[str, "Key of the tag it was read from; empty if it is none."]
    override: Annotated[str, "Id of the recorded override it is; empty if it is none."]
    verdict: Annotated[str, Verdict]
    why: str


class ValueObject(TypedDict):
    """A value of a document."""

    path: str
    value: object
    origin: Annotated[str, "path:line in the source."]


class BlockObject(TypedDict):
    """What keeps something from being as it is wanted, or might be taken for it."""

    code: Annotated[str, (*BlockCode, "guard", "note")]
    subject: Annotated[str, "Scope, environment type, guard or category of note it is about."]
    detail: str


class ExplainDocument(TypedDict):
    """Why something is as it is. What has no data of its own is in sentences, which may change."""

    ref: str
    heading: list[str]
    verdict: str
    at: Annotated[datetime, "The moment asked about."]
    wanted: Annotated[str, (*State, "")]
    inOrder: Annotated[bool | None, "null: nothing is wanted, or it cannot be told."]
    lastChange: Annotated[list[str], "In sentences."]
    lastRecord: SummaryObject | None
    inNoChain: Annotated[
        list[SummaryObject], "Records of it that stand in no chain: none of them counts."
    ]
    lastStarted: Annotated[datetime | None, "The last start of its instances."]
    why: Annotated[list[str], "In sentences."]
    order: Annotated[list[RuleObject], "Every rule in order; the first that decides counts."]
    values: Annotated[list[str], "As lines: value, then place."]
    fields: Annotated[list[ValueObject], "The same as data."]
    overrides: Annotated[list[str], "In sentences; then which of two holds until when."]
    inForce: Annotated[list[OverrideObject], "The same as data."]
    blocks: Annotated[list[str], "In sentences."]
    blockCodes: Annotated[list[BlockObject], "The same as data."]
    information: Annotated[list[str], "What might be taken for a block and is none, in sentences."]
    informationCodes: Annotated[list[BlockObject], "The same as data."]
    next: Annotated[list[StateChangeObject], "Changes to come."]
    commands: list[Command]


def explanation_json(explanation: Explanation, asked: Asked = AS_USUAL) -> ExplainDocument:
    """Return the answer for programs."""
    found, zone, last = explanation.power, explanation.zone, explanation.last
    source = explanation.source or NOT_READ
    document = source.document
    blocks = [block_line(block) for block in (*explanation.blocks, *source.blocks)]
    information = [block_line(notice) for notice in explanation.information]
    return {
        "ref": str(explanation.ref),
        "heading": list(heading_of(explanation)),
        "verdict": verdict_of(explanation),
        "at": explanation.at,
        "wanted": found.decision.wanted.value if found and found.environment else "",
        "inOrder": explanation.in_order,
        "lastChange": last_change_lines(explanation),
        "lastRecord": summary_json(summary_of(last.record)) if last.record else None,
        "inNoChain": [summary_json(line) for line in explanation.strays],
        "lastStarted": last.launched_at,
        "why": why_lines(explanation),
        "order": [
            filled(RuleObject, told, rule)
            for told, rule in zip(
                order_of(explanation), found.decision.chain if found else (), strict=False
            )
        ],
        "values": value_lines(document) if document else [],
        "fields": [
            {
                "path": dotted(path),
                "value": document.value_at(path),
                "origin": str(origin._replace(column=0)),
            }
            for path, origin in document.origins.items()
            if path and path[0] == "spec"
        ]
        if document
        else [],
        "overrides": override_lines(explanation) if explanation.overrides else [],
        "inForce": [override_json((override,)) for override in explanation.overrides],
        "blocks": [block.text for block in blocks],
        "blockCodes": [filled(BlockObject, block) for block in blocks],
        "information": [notice.text for notice in information],
        "informationCodes": [filled(BlockObject, notice) for notice in information],
        "next": [
            state_change_json(change.at.astimezone(zone), change.state)
            for change in (found.next if found else ())
        ],
        "commands": commands_of(explanation, asked),
    }


def explain_answer(found: Explained, asked: Asked = AS_USUAL) -> Answer:
    """Why something is as it is; what to type next keeps what was ``asked`` for."""
    return Answer(
        document="explain",
        fields=lambda: explanation_json(found.explanation, asked),
        text=lambda: "\n".join(explanation_lines(found.explanation, asked)),
        remarks=tuple(filter(None, (found.untold,))),
    )
