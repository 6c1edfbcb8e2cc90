"""Restores and rollbacks as they are asked for by HTTP: what a request says, and the plan made of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from controller.api.answers import ACTS, PLAN_DIGEST
from controller.api.served import Served
from controller.engine.commit.lease import LEASE_S, Claim
from controller.engine.config.planner import Planner
from controller.engine.live.accounts import LiveAccounts
from controller.engine.overrides.put_back import PreparedPutBack
from controller.engine.queries.rollback_asked import RollbackAsked, end_of, refs_also
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.rollback.service import Rollbacks
from controller.engine.snapshots.selection import Mode, selection_of
from controller.engine.snapshots.service import Snapshots
from controller.events import Emit
from controller.model.ledger_record import Requester
from controller.views.answer import Answer
from controller.views.rollback import rollback_done, rollback_planned
from controller.views.snapshots import restore_done, restore_planned

MOST_WAITING: Final = 4
"""So many who ask for a plan, which takes long, keep a thread from other questions."""
_Text = Annotated[str, Field(min_length=1, max_length=1024)]
_Names = Annotated[list[_Text], Field(max_length=64)]


class ReviewAsked(BaseModel):
    """Which plan is meant, and what of it is approved."""

    model_config = ConfigDict(extra="forbid")

    approve: Annotated[
        _Names, Field(description="GUARD@DIGEST: approves what a guard counted")
    ] = []
    expect: Annotated[
        str, Field(max_length=64, description="Digest of the plan that was shown: no other is done")
    ] = ""

    def request(self, actor: str, trigger: str, owner: str) -> ReconcileRequest:
        """Return what is asked of the reconciler."""
        return ReconcileRequest(
            requester=Requester(actor, trigger),
            claim=Claim(owner, wait_s=LEASE_S),
            approvals=tuple(self.approve),
            reviewed=self.expect,
            strict=True,
        )


class PutBackAsked(ReviewAsked):
    """What every request to put something back may say."""

    reason: Annotated[str, Field(max_length=1024, description="Why; everybody sees it")] = ""
    until: Annotated[
        str | None, Field(max_length=64, description="It holds until then (UTC; +2h)")
    ] = None

    def settled(self, now: datetime) -> Self:
        """Return the same with its times written out. Raises WrongUsage for what is none to come."""
        ends = end_of(self.until, now)
        return self.model_copy(update={"until": None if ends is None else ends.isoformat()})


class RestoreAsked(PutBackAsked):
    """A restore, as ``envctl restore`` takes it."""

    kind: Annotated[_Names, Field(description="Only objects of these kinds")] = []
    key: Annotated[_Names, Field(description="Only objects of these names")] = []
    environment: Annotated[_Names, Field(description="Only these, and what names them")] = []
    mode: Annotated[Mode, Field(description="Whether what it lacks stays or goes")] = Mode.MERGE


class RollbackBody(PutBackAsked):
    """A rollback, as ``envctl rollback`` takes it: exactly one of ``what``, ``commit`` and ``to``."""

    what: Annotated[
        _Text | None, Field(description="A transaction, a record, or an object for its last change")
    ] = None
    commit: Annotated[_Text | None, Field(description="All that came from it")] = None
    to: Annotated[_Text | None, Field(description="All since: a commit, a time, 2h ago")] = None
    also: Annotated[_Names, Field(description="These, too, though changed since: Kind/name")] = []

    @property
    def asked(self) -> RollbackAsked:
        """What is taken back."""
        return RollbackAsked(self.what, self.commit, self.to)

    def settled(self, now: datetime) -> Self:
        """Return the same with its times written out. Raises WrongUsage for what is none."""
        since = self.asked.settled(now)
        return super().settled(now).model_copy(update={"to": since.to})


class Planned(NamedTuple):
    """A plan that was made and not begun. ``carry_out`` does it, and raises as that."""

    answer: Answer
    prepared: PreparedPutBack
    carry_out: Callable[[], Answer]


def plan_headers(prepared: PreparedPutBack) -> dict[str, str]:
    """Return the headers that tell whoever goes on what was planned."""
    told = {PLAN_DIGEST: prepared.planned.plan.digest}
    return {**told, ACTS: "1"} if prepared.waits_for_a_word else told


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBacks:
    """Plans what is put back. ``own`` plans the settings' own source, by one at a time; None where they name none."""

    accounts: LiveAccounts
    own: Planner | None
    owner: str
    """Who owns scopes while something is done."""
    emit: Emit

    @classmethod
    def of(cls, served: Served, own: Planner | None) -> "PutBacks":
        """Return what plans for whoever asks by HTTP."""
        owner = served.installation.master.process.instance
        return cls(accounts=served.accounts, own=own, owner=owner, emit=served.emit)

    def restore(self, which: str, asked: RestoreAsked, actor: str) -> Planned:
        """Plan the restore of a snapshot. Raises as finding it, and as ``Restorer.prepare``."""
        installation = self.accounts.installation
        snapshots = Snapshots.of(installation, self.emit)
        manifest = snapshots.find(which)
        chosen = selection_of(installation.master.kinds, asked.kind, asked.key, asked.environment)
        source = snapshots.source(manifest, chosen, asked.mode)
        ends = end_of(asked.until, self._now())
        restorer = snapshots.restorer(self.accounts, source, self.own, ends, asked.reason)
        request = asked.request(actor, "restore", self.owner)
        prepared = restorer.prepare(request)

        def carry_out() -> Answer:
            return restore_done(manifest.id, prepared, restorer.carry_out(prepared, request))

        return Planned(restore_planned(manifest.id, prepared), prepared, carry_out)

    def rollback(self, asked: RollbackBody, actor: str) -> Planned:
        """Plan a rollback. Raises as choosing what is meant, and as ``Rollbacks.prepare``."""
        now = self._now()
        rollbacks = Rollbacks(
            accounts=self.accounts,
            own=self.own,
            reason=asked.reason,
            until=end_of(asked.until, now),
            emit=self.emit,
        )
        request = asked.request(actor, "rollback", self.owner)
        chosen = asked.asked.chosen(self.accounts.installation, now)
        also = refs_also(asked.also, self.accounts.installation, now)
        prepared = rollbacks.prepare(chosen, also, request)

        def carry_out() -> Answer:
            return rollback_done(prepared, rollbacks.carry_out(prepared, request, self.emit), None)

        return Planned(rollback_planned(prepared), prepared, carry_out)

    def _now(self) -> datetime:
        return self.accounts.installation.master.process.clock()
