"""Overrides at the end of a run: those that have ended are taken away with a record each, those that end soon are announced."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import ApplyRequest, new_run_id
from controller.engine.config.planner import git_documents
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import NotWritten, kept
from controller.engine.reconcile.combined_plan import CombinedPlan, ReconcileRequest
from controller.engine.state.override_commit import Ending, end_overrides
from controller.events import Emit, OverrideEnded, OverrideEndsSoon
from controller.ledger.records import iso_ms
from controller.model.ledger_record import Requester
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.authors import CONTROLLER
from controller.planning.overrides import ended, ending_soon
from controller.planning.wording import what_text


class EndedOverrides(NamedTuple):
    """What became of overrides: those whose end was recorded, those that end soon, and what could not be written."""

    ended: tuple[Ending, ...]
    ending_soon: tuple[Override, ...]
    not_kept: tuple[NotWritten, ...]


def settle_overrides(
    installation: Installation,
    planned: CombinedPlan,
    request: ReconcileRequest,
    now: datetime,
    announce_within: timedelta,
    emit: Emit,
) -> EndedOverrides:
    """Record the overrides that have ended, and tell of those that end soon. Raises nothing: what was applied is done."""
    of_now, gone = overdue(planned, now), list[Ending]()
    failed = tuple[NotWritten, ...]()

    def write_ends() -> None:
        gone.extend(record_ends(installation, of_now, request.claim, request.requester, emit))

    if of_now:
        failed = kept("the overrides that have ended", write_ends)
    soon = announce(planned.observed.overrides, now, announce_within, emit)
    return EndedOverrides(tuple(gone), soon, failed)


def overdue(planned: CombinedPlan, now: datetime) -> tuple[Ending, ...]:
    """Return the overrides that have ended, as far as a run could see: Git is only known if its source was loaded."""
    overrides: Sequence[Override] = planned.observed.overrides
    documents: Mapping[ResourceRef, str] = {}
    if planned.config is not None:
        documents = git_documents(planned.config.revision, overrides)
    else:
        overrides = [override for override in overrides if not override.until_git]
    return tuple(Ending(override, why) for override, why in ended(overrides, now, documents))


def record_ends(
    installation: Installation,
    endings: Sequence[Ending],
    claim: Claim,
    requester: Requester,
    emit: Emit,
) -> tuple[Ending, ...]:
    """Take ended overrides away, with a record each, and tell of them; return those that were there still.

    Raises ScopeBusy, and as any write: what has ended holds no more, recorded or not.
    """
    if not endings:
        return ()
    request = ApplyRequest(
        # Nobody ended them but the clock, or Git.
        actor=requester.as_applier(author=CONTROLLER.author),
        transaction=new_run_id(installation.master.process.clock()),
    )
    gone = end_overrides(installation.storage(), endings, request, claim, emit)
    for ending in gone:
        override = ending.override
        emit(OverrideEnded(override.id, str(override.ref), what_text(override), ending.why))
    return gone


def announce(
    overrides: Iterable[Override], now: datetime, within: timedelta, emit: Emit
) -> tuple[Override, ...]:
    """Tell of the overrides that end soon; return them."""
    soon = ending_soon(overrides, now, within)
    for override in soon:
        assert override.until is not None, "only what has a time ends soon"
        emit(
            OverrideEndsSoon(
                override.id, str(override.ref), what_text(override), iso_ms(override.until)
            )
        )
    return soon
