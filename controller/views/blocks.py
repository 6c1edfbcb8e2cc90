"""What keeps something from being as it is wanted, or might be taken for it, in lines and as data. Pure; no colour."""

from typing import Final, NamedTuple

from controller.engine.queries.explain.explanation import Block, BlockCode
from controller.model.plan import Note, Violation
from controller.model.ref import Reason


class BlockLine(NamedTuple):
    """What blocks, or might be taken for it: as data, and in a line."""

    code: str
    subject: str
    detail: str
    text: str


_BLOCK_TEXTS: Final = {
    BlockCode.MODE: "mode of power in {subject}: {detail}; nothing is switched",
    BlockCode.NOT_OBSERVED: "{subject} is not known: {message}",
    BlockCode.NOT_VALID: "{detail}; until that is put right it is left as it is",
    BlockCode.MAINTENANCE: "environment in maintenance",
    BlockCode.SCHEDULE_PROTECTED: "schedule protected by EnvironmentType/{subject}",
    BlockCode.DEPLOYMENTS_LOCKED: "deployments locked",
    BlockCode.DECISION: "{detail}",
    BlockCode.SHORT: "{detail}",
}


def block_line(block: Block | Violation | Note) -> BlockLine:
    """Return what blocks, or might be taken for it."""
    match block:
        case Violation(guard=guard, message=message):
            return BlockLine("guard", guard, message, f"{guard}: {message}")
        case Note(category=category, text=text):
            return BlockLine("note", category, text, f"{category}: {text}")
        case Block(code, subject, detail):
            facts = {**block._asdict(), "message": Reason.stored(detail).message}
            return BlockLine(code, subject, detail, _BLOCK_TEXTS[code].format(**facts))
