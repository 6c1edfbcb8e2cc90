"""What keeps the ledger whole, as people read it: verification, recovery, the archive of old records. Pure; no colour."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from controller.engine.state.archive_records import OldRecords
from controller.engine.state.recover import Recovered
from controller.ledger.chain import OF_ITEMS, Finding, Verification, VerificationReport
from controller.ledger.stream_changes import STREAM_PREFIX


def archive_lines(old: Iterable[OldRecords], before: datetime, *, done: bool) -> list[str]:
    """Return a line a scope: how many records, which, of which days; and what keeps the next from being moved."""
    lines: list[str] = []
    for found in old:
        if found.records:
            first = found.to - found.records + 1
            lines.append(
                f"{'moved' if done else 'would move'} {found.scope}  #{first:,} to #{found.to:,}"
                f"  {found.records:,} records  {found.since[:10]} to {found.until[:10]}"
            )
        if found.left:
            doing = "took" if done else "would take"
            lines.append(
                f"{doing} {found.scope}  {found.left:,} records out of the table that are in segments already"
            )
        if found.held_by:
            lines.append(
                f"stays {found.scope}  from record {found.held_by} on: nobody wrote what became of it;"
                f" envctl apply --scope {found.scope} settles it"
            )
    return lines or [f"no record of before {before:%Y-%m-%d} is in the table"]


def verification_lines(report: VerificationReport) -> list[str]:
    """Return one line a scope, one for all streams in which nothing by others was ever found, then what was found, each with what to do."""
    silent = [scope for scope in report.scopes if _is_silent_stream(scope)]
    names = [scope.scope for scope in report.scopes if scope not in silent]
    streams = f"streams of {len(silent)} table{'' if len(silent) == 1 else 's'}" if silent else ""
    width = max(map(len, (*names, streams)))
    lines: list[str] = []
    for scope in report.scopes:
        if scope in silent:
            continue
        lines.append(f"{scope.scope:<{width}}  {_verdict(scope)}")
        lines.extend(_finding_lines(scope.findings))
        if scope.more:
            lines.append(f"  … and {scope.more:,} more")
    if silent:
        lines.append(f"{streams:<{width}}  no record, intact")
    if report.strays:
        lines.append(f"in no chain: {len(report.strays):,}")
        lines.extend(_finding_lines(report.strays))
    if report.anchors is not None:
        lines.append(f"anchors compared with: {report.anchors:,}")
        lines.extend(_finding_lines(report.unusable))
    if report.tables is not None:
        count = len(report.differing)
        verdict = f"{count:,} items differ" if count > 1 else "1 item differs"
        lines.append(f"tables against the ledger: {verdict if count else 'as it says'}")
        if report.by_others:
            what = "item is" if report.by_others == 1 else "items are"
            lines.append(
                f"  {report.by_others:,} {what} otherwise by others, who may: none of ours, or in fields that are shared"
            )
        lines.extend(_finding_lines(report.tables))
    return lines


def recovery_lines(scope: str, made: Recovered | None) -> Iterator[str]:
    """Yield which rows of a scope were made again, and where that is on record."""
    if made is None:
        yield f"scope {scope}: has a head, and says what is open; nothing was written"
        return
    head, open_records = made.head, made.open_records
    if head is not None:
        yield f"scope {scope}: head made again at #{head.sequence:,} {head.last_hash[:12]}, owned by nobody"
    if open_records is not None:
        yield f"scope {scope}: {len(open_records):,} announced and not ended, as its records say; the next run settles it"
    yield f"audit {made.transaction}"


def _is_silent_stream(found: Verification) -> bool:
    return found.scope.startswith(STREAM_PREFIX) and found.intact and not found.records


def _verdict(verification: Verification) -> str:
    records = f"{verification.records:,} record{'' if verification.records == 1 else 's'}"
    if not verification.intact:
        count = len(verification.findings) + verification.more
        return f"{records}, {count:,} finding{'' if count == 1 else 's'}"
    return f"{records}, intact" + (
        f", up to #{verification.last:,} {verification.last_hash[:12]}" if verification.last else ""
    )


def _finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    for found in findings:
        place = f"{found.where}: " if found.kind in OF_ITEMS else ""
        yield f"  {found.kind.value}: {place}{found.what}"
        yield f"    fix: {found.fix}"
