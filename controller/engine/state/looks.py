"""Whether a scope was looked at since something happened, whatever clocks say: by how many looks its status counts."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from controller.aws.tables import ItemStore
from controller.engine.state.rows import STATUS_PREFIX, status_of_row, statuses_in
from controller.model.observed import ScopeStatus
from controller.model.work import Work

LOOKS: Final = "looks"
"""What a work's details say where it is asked for because of something that has just happened: how many looks were written by then."""


def looks_in(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return by scope how many looks its status counts; nothing of scopes that have none, or a damaged one."""
    return {scope: status.looks for scope, status in statuses_in(rows).items()}


def just_now(store: ItemStore, state_table: str, scope: str) -> dict[str, str]:
    """Return the details of a work that is asked for because of something that has just happened. Raises as any read."""
    row = store.get(state_table, {"Id": STATUS_PREFIX + scope})
    status = None if row is None else status_of_row(row)
    return {LOOKS: str(0 if status is None else status.looks)}


def is_looked_at_since(work: Work, status: ScopeStatus) -> bool:
    """Tell whether a look at a work's scope began after the work was asked for.

    What a schedule or an interval makes due is asked for at a moment that is the same for all clocks: a look whose own clock had
    passed it did what was due. Of what has just happened no clock tells. The first look written since may have begun before; the
    second began after the first was written.
    """
    known = work.details.get(LOOKS, "")
    if known.isascii() and known.isdecimal():
        return status.looks >= int(known) + 2
    return status.looked_at is not None and status.looked_at > work.asked_at
