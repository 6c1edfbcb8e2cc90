"""The ledger for programs: lists, single records, results of a verification. Enums may grow."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict

from controller.aws.items import number_text
from controller.engine.state.archive_records import OldRecords
from controller.engine.streams.table_reader import StreamRead
from controller.errors import EnvctlError
from controller.ledger.chain import Finding, FindingKind, VerificationReport
from controller.ledger.redaction import DIGEST, is_digest
from controller.ledger.summaries import RecordSummary, summary_of
from controller.model.canonical import ABSENT
from controller.model.ledger_record import LedgerRecord
from controller.planning.fields import Difference, differences
from controller.views.documents.envelope import filled

_LONGEST_INTEGER = 63
"""Bits of an integer that every reader of JSON takes."""


class ApprovalObject(TypedDict):
    """What let a change through that a guard refused."""

    token: Annotated[str, "guard@digest of the violation."]
    by: Annotated[str, "Who approved it, by what."]


class SummaryObject(TypedDict):
    """One line of the ledger. Texts are empty for records other programs wrote; sequence is 0 for what stands in no chain."""

    auditId: str
    at: Annotated[
        str, "UTC, ISO 8601 with milliseconds; of records other programs wrote as they have it."
    ]
    transaction: str
    changedBy: str
    author: str
    commit: str
    appliedBy: str
    trigger: str
    principal: Annotated[str, "ARN of the caller as AWS named it; empty in older records."]
    role: Annotated[str, "Of a live change: ARN of the role it was made with."]
    subject: Annotated[str, "Why: the commit's subject, or an override's reason."]
    mergedBy: Annotated[str, "Who merged the author's commit, where the revision is a merge."]
    pullRequest: Annotated[str, "The request it came by, as the commit or its merge names it."]
    host: Annotated[str, "The user a command ran as, and the machine: ada@laptop."]
    approvals: list[ApprovalObject]
    table: str
    key: str
    range: str | None
    version: int | None
    changeType: Annotated[str, ("Created", "Updated", "Deleted", "Baseline", "Gap")]
    cause: str
    phase: str
    origin: str
    scope: str
    sequence: int


class FieldObject(TypedDict):
    """A field that differs."""

    path: str
    before: NotRequired[Annotated[object, "Absent if there was nothing."]]
    after: NotRequired[Annotated[object, "Absent if there is nothing."]]


class RecordObject(SummaryObject):
    """One record whole."""

    planDigest: str
    previousHash: str
    hash: str
    beforeDigest: str
    afterDigest: str
    account: Annotated[str, "Of a live change: where it was made."]
    requestId: Annotated[str, "Of a live change: AWS's id of the request."]
    message: Annotated[str, "Why it failed, most often."]
    otherWriter: Annotated[
        str, "Of drift in an account: who wrote the object before, as CloudTrail says."
    ]
    fields: list[FieldObject]


class AuditListDocument(TypedDict):
    """Changes, newest first."""

    records: list[SummaryObject]
    next: Annotated[str | None, "What --page takes to go on; null at the end."]


class AuditShowDocument(TypedDict):
    """Records whole: one, or those of a transaction."""

    records: list[RecordObject]


class StreamObject(TypedDict):
    """What came of reading a table's stream."""

    table: Annotated[str, "Its logical name."]
    events: int
    ours: int
    outside: Annotated[int, "Changes by others that were recorded."]
    hasGap: Annotated[
        bool, "Whether it was compared with the ledger, as events may have been lost."
    ]
    error: Annotated[str | None, "Why it could not be read; null where it was."]


class AuditFollowDocument(TypedDict):
    """A change by others, or what came of reading all streams; each is one line."""

    record: Annotated[RecordObject | None, "null in the line of a round."]
    streams: Annotated[list[StreamObject] | None, "null in the line of a record."]


class OldRecordsObject(TypedDict):
    """Records of one scope that are to be moved, or were."""

    scope: str
    records: int
    to: Annotated[int, "Sequence of the last of them."]
    since: Annotated[str, "UTC, ISO 8601; empty where there are none."]
    until: Annotated[str, "UTC, ISO 8601; empty where there are none."]
    left: Annotated[int, "Records that are in segments already, and in the table still."]
    heldBy: Annotated[str, "The record without an end, from which on all stay; empty for none."]


class AuditArchiveDocument(TypedDict):
    """What is too old for the table."""

    before: Annotated[datetime, "Of before this moment records are moved."]
    moved: bool
    scopes: list[OldRecordsObject]


class FindingObject(TypedDict):
    """One thing wrong."""

    kind: Annotated[str, FindingKind]
    where: Annotated[str, "The scope, or the item as table/key."]
    sequence: Annotated[int, "The first record concerned; 0 where it is about an item alone."]
    lastSequence: int
    what: str
    fix: str


class ChainObject(TypedDict):
    """What became of a scope's chain."""

    scope: str
    records: int
    last: Annotated[int, "Sequence of the newest record seen."]
    lastHash: str
    intact: bool
    findings: list[FindingObject]
    moreFindings: int


class AuditVerifyDocument(TypedDict):
    """Whether the ledger is whole and unaltered."""

    intact: bool
    scopes: list[ChainObject]
    strays: Annotated[list[FindingObject], "Records in no chain."]
    tables: Annotated[list[FindingObject] | None, "null: tables were not compared."]
    byOthers: Annotated[
        int, "Items that others changed as they may: none of ours, or in fields that are shared."
    ]
    anchors: Annotated[int | None, "Anchors compared with; null: not asked for."]
    unusableAnchors: list[FindingObject]


def list_json(records: Iterable[RecordSummary], next_token: str | None = None) -> AuditListDocument:
    """Return a list; ``next_token`` is where it goes on."""
    return {"records": [summary_json(record) for record in records], "next": next_token}


def show_json(records: Iterable[LedgerRecord]) -> AuditShowDocument:
    """Return records whole."""
    return {"records": [record_json(record) for record in records]}


def record_json(record: LedgerRecord) -> RecordObject:
    """Return a record with its fields before and after."""
    return filled(
        RecordObject,
        record,
        **summary_json(summary_of(record)),
        beforeDigest=record.before,
        afterDigest=record.after,
        message=message_of(record),
        otherWriter=str(record.new_meta.get("OtherWriter", "")),
        fields=[
            filled(
                FieldObject,
                path=".".join(map(str, difference.path)),
                before=plain_json(difference.before),
                after=plain_json(difference.after),
            )
            for difference in record_differences(record)
        ],
    )


def follow_json(
    record: LedgerRecord | None = None,
    *,
    reads: Mapping[str, StreamRead] | None = None,
    errors: Mapping[str, EnvctlError] | None = None,
) -> AuditFollowDocument:
    """Return the line of a record, or that of a round: what was read of each table, and what could not be."""
    streams = None
    if reads is not None:
        nothing = {table: (StreamRead(), str(error)) for table, error in (errors or {}).items()}
        told = {table: (read, None) for table, read in reads.items()} | nothing
        streams = [
            StreamObject(
                table=table,
                events=read.events,
                ours=read.ours,
                outside=read.outside,
                hasGap=read.has_gap,
                error=error,
            )
            for table, (read, error) in sorted(told.items())
        ]
    return {"record": None if record is None else record_json(record), "streams": streams}


def archive_json(
    old: Iterable[OldRecords], before: datetime, *, moved: bool
) -> AuditArchiveDocument:
    """Return which records are moved, or were."""
    scopes = [filled(OldRecordsObject, found, heldBy=found.held_by) for found in old]
    return {"before": before, "moved": moved, "scopes": scopes}


def verification_json(report: VerificationReport) -> AuditVerifyDocument:
    """Return a verification."""
    tables = report.tables
    scopes = [
        filled(ChainObject, scope, findings=_findings(scope.findings), moreFindings=scope.more)
        for scope in report.scopes
    ]
    return {
        "intact": report.intact,
        "scopes": scopes,
        "strays": _findings(report.strays),
        "tables": None if tables is None else _findings(tables),
        "byOthers": report.by_others,
        "anchors": report.anchors,
        "unusableAnchors": _findings(report.unusable),
    }


def summary_json(record: RecordSummary) -> SummaryObject:
    """Return one line of the ledger."""
    return filled(
        SummaryObject,
        record,
        record.actor,
        record.entity,
        at=record.iso_timestamp,
        transaction=record.transaction_id,
        key=record.entity.hash_key,
        range=record.entity.range_key,
        approvals=[filled(ApprovalObject, approval) for approval in record.actor.approvals],
        version=record.entity_version,
    )


def _findings(findings: Iterable[Finding]) -> list[FindingObject]:
    return [filled(FindingObject, finding, lastSequence=finding.last) for finding in findings]


def message_of(record: LedgerRecord) -> str:
    """Return what is to be said of how a change of an account ended: why it failed, most often."""
    return str(record.new_meta.get("Message", ""))


def record_differences(record: LedgerRecord) -> list[Difference]:
    """Return where the images of a record differ, ``Audit`` and ``Managed`` left out but for what was authored in ``Extra``."""
    before, after = (
        _authored(record.old_value, record.old_meta),
        _authored(record.new_value, record.new_meta),
    )
    return differences(before, after)


def _authored(value: Mapping[str, Any] | None, meta: Mapping[str, Any]) -> Any:
    if value is None:
        return ABSENT
    managed = meta.get("Managed")
    extra = managed.get("Extra") if isinstance(managed, Mapping) else None
    return shown_value({**value, "Managed.Extra": extra} if extra else value)


def shown_value(value: Any) -> Any:
    """Return a value in which each digest that stands for a sensitive one is a text, so that no path leads into it."""
    if is_digest(value):
        return f"(sensitive {value[DIGEST][:19]})"
    if isinstance(value, Mapping):
        return {name: shown_value(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shown_value(member) for member in value]
    return value


def plain_json(value: Any) -> Any:
    """Return plain JSON: sets as sorted lists, bytes as base64, numbers that JSON has no form for as text."""
    match value:
        case Mapping():
            return {name: plain_json(member) for name, member in value.items()}
        case list():
            return [plain_json(member) for member in value]
        case frozenset() | set():
            return [plain_json(member) for member in sorted(value)]
        case bytes():
            return b64encode(value).decode()
        case Decimal():
            return number_text(value)
        case int() if value.bit_length() > _LONGEST_INTEGER:
            return number_text(value)
        case _:
            return value
