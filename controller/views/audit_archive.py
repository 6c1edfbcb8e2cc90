"""Old records that are to be moved, or were, as text. Pure."""

from collections.abc import Iterable
from datetime import datetime

from controller.engine.state.archive_records import OldRecords


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
