"""Work of the daemon as messages: which job is asked of which scope, by whom and when.

What comes from a queue is anybody's who may write to it: it is checked before it is believed, and says nothing but what to look at.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

import orjson

from controller.model.printable import LONGEST_NAME

LONGEST_BODY: Final = 64 << 10
"""Bytes of a message that is read at all."""
LONGEST_DEDUP: Final = 128
"""Characters of a deduplication id and of a message group, as SQS bounds them."""
_PLAIN: Final = re.compile(r"[!-~]{1,128}")
"""What SQS takes as a group or a deduplication id: letters, digits and punctuation of ASCII."""
_LONGEST_DETAIL: Final = 1024
_MOST_DETAILS: Final = 16


SNAPSHOTS: Final = "snapshots"
"""The scope of all that is written to the snapshots' store: one after the other."""


class Job(StrEnum):
    """What is asked of a scope."""

    RECONCILE = "reconcile"
    """Read the source, and bring tables and accounts to what it says."""
    LOOK = "look"
    """Look at a live scope and heal it, from what was accepted."""
    DEEP_LOOK = "deep-look"
    """The same with what a light look does not show: hooks, notifications, references."""
    POWER = "power"
    """Switch what a schedule, an override or a wait that has ended makes due."""
    SNAPSHOT = "snapshot"
    """Take a snapshot, prove it, and take away those that are kept no longer."""
    ANCHORS = "anchors"
    """Write the heads of all chains to where nobody changes them."""
    OPERATION = "operation"
    """Do what somebody asked for by HTTP, as the row says that the details name."""
    ARCHIVE = "archive"
    """Move records of the ledger that are old enough out of the table."""


class WorkProblem(Exception):
    """A message that is no work of ours; the text says why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One job asked of one scope. Works of a scope are done one after the other, in the order they were put."""

    scope: str
    """``config``, ``<account>/<region>``, ``snapshots``: the group that is worked on by one worker."""
    job: Job
    dedup: str
    """Of two works with the same id, put within five minutes of each other, the second is dropped: see ``dedup_id``."""
    asked_at: datetime
    """Aware."""
    trigger: str
    """What asked: ``tick``, ``webhook``, ``stream``, or who did."""
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What the job has to know besides, such as a commit that a webhook named: hints, never orders."""

    def body(self) -> bytes:
        """Return the message: JSON that ``work_of`` reads."""
        return orjson.dumps(
            {
                "formatVersion": 1,
                "scope": self.scope,
                "job": self.job,
                "dedup": self.dedup,
                "askedAt": self.asked_at.astimezone(UTC).isoformat(),
                "trigger": self.trigger,
                "details": dict(self.details),
            },
            option=orjson.OPT_SORT_KEYS,
        )


class Backlog(NamedTuple):
    """How much a queue holds."""

    waiting: int
    in_flight: int
    """Taken, and not ended yet."""
    dead: int
    """Given up: to be looked at by people."""
    lag_s: float
    """How long the work taken last had waited; 0 where none waits."""


def dedup_id(scope: str, job: Job, bucket: str) -> str:
    """Return the deduplication id of a work: equal for who asks the same within the same bucket (a time, a commit)."""
    plain = f"{scope}:{job}:{bucket}"
    if _PLAIN.fullmatch(plain):
        return plain
    return hashlib.sha256(plain.encode()).hexdigest()


def time_bucket(at: datetime, every_s: int) -> str:
    """Return the bucket of a moment: the same for all machines within the same ``every_s`` seconds."""
    return str(int(at.timestamp()) // every_s * every_s)


def work_of(body: bytes, group: str) -> Work:
    """Return the work that a message of a group holds. Raises WorkProblem for anything else, however it is made."""
    if len(body) > LONGEST_BODY:
        raise WorkProblem(f"longer than {LONGEST_BODY >> 10} KiB")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise WorkProblem("not JSON") from None
    if not isinstance(found, dict) or found.get("formatVersion") != 1:
        raise WorkProblem("no work of format 1")
    texts = {name: found.get(name) for name in ("scope", "dedup")}
    for name, text in texts.items():
        if not isinstance(text, str) or not _PLAIN.fullmatch(text):
            raise WorkProblem(f"{name} is not 1 to {LONGEST_DEDUP} plain characters")
    if found["scope"] != group:
        raise WorkProblem("the scope is not its message group")
    try:
        job = Job(str(found.get("job")))
    except ValueError:
        raise WorkProblem("a job that does not exist here") from None
    trigger = found.get("trigger")
    if not isinstance(trigger, str) or len(trigger) > LONGEST_NAME:
        raise WorkProblem(f"trigger is not a text of at most {LONGEST_NAME} characters")
    return Work(
        scope=found["scope"],
        job=job,
        dedup=found["dedup"],
        asked_at=_moment(found.get("askedAt")),
        trigger=trigger,
        details=_details(found.get("details", {})),
    )


def _moment(text: object) -> datetime:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise WorkProblem("askedAt is no time with its zone")
    return at


def _details(found: object) -> Mapping[str, str]:
    if not isinstance(found, dict) or len(found) > _MOST_DETAILS:
        raise WorkProblem(f"details are not at most {_MOST_DETAILS} texts by name")
    for text in found.values():
        if not isinstance(text, str) or len(text) > _LONGEST_DETAIL:
            raise WorkProblem(f"a detail is not a text of at most {_LONGEST_DETAIL} characters")
    return MappingProxyType(found)
