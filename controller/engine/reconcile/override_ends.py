"""Overrides whose end has come are recorded and announced; those whose end is near are announced."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import ApplyRequest, new_run_id
from controller.engine.config.planner import git_documents
from controller.engine.installation.installation import Installation
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.engine.state.override_commit import Ending, end_overrides
from controller.events import Emit, OverrideEnded, OverrideEndsSoon, discard_event
from controller.ledger.records import iso_ms
from controller.model.ledger_record import Actor, Requester
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import ended, ending_soon
from controller.planning.wording import what_text


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
    endings: Iterable[Ending],
    claim: Claim,
    requester: Requester,
    emit: Emit = discard_event,
) -> tuple[Ending, ...]:
    """Take ended overrides away, with a record each, and tell of them; return those that were there still.

    Raises ScopeBusy, and as any write: what has ended holds no more, recorded or not.
    """
    endings = tuple(endings)
    if not endings:
        return ()
    request = ApplyRequest(
        actor=Actor(requester.name, "", *requester),
        transaction=new_run_id(installation.master.process.clock()),
    )
    gone = end_overrides(installation.storage(), endings, request, claim, emit)
    for ending in gone:
        override = ending.override
        emit(OverrideEnded(override.id, str(override.ref), what_text(override), ending.why))
    return gone


def announce(
    overrides: Iterable[Override], now: datetime, within: timedelta, emit: Emit = discard_event
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
