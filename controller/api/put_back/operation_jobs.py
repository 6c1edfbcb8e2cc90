"""The daemon's job for what was asked for by HTTP and takes long: it is read from its row, done, and what came of it kept there."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from controller.api.put_back.asked import PutBacks, RestoreAsked, RollbackBody
from controller.api.put_back.operations import Kept
from controller.engine.config.planner import Planner
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.snapshots.account_tables import ways_in
from controller.engine.snapshots.service import Snapshots
from controller.engine.state.operations import (
    BEGUN_WITHIN,
    Kind,
    Operation,
    Operations,
    State,
    fits,
)
from controller.errors import EnvctlError, Interrupted, NotInTime, exit_code_of
from controller.events import Emit
from controller.model.work import Job, Work
from controller.redactor import REDACTOR
from controller.views.answer import Answer
from controller.views.documents.envelope import document_text
from controller.views.documents.problem import error_json
from controller.views.snapshots import taken_answer, verdict_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationJobs:
    """Works beside the other jobs of a daemon. ``own`` plans the settings' own source; None where they name none.

    One of the config scope is done at a time, as the queue gives it: ``own`` is used by one.
    """

    accounts: LiveAccounts
    own: Planner | None
    owner: str
    """Who owns scopes while something is done."""
    emit: Emit

    @property
    def handlers(self) -> Mapping[Job, Callable[[Work], None]]:
        """What does the job."""
        return {Job.OPERATION: self.do}

    def do(self, work: Work) -> None:
        """Do what the row says that the work names; nothing where it was done, or nobody waits for it any more.

        What another daemon had begun and not ended is begun anew, within the same hour.

        Raises what it could not be done for, which is kept, too.
        """
        master = self._installation.master
        operations = Operations(master.store, master.state_table)
        found = operations.find(work.details.get("operation", ""))
        if found is None or found.state(self._now()) in {State.DONE, State.EXPIRED}:
            return
        if found.begun_at is not None and self._now() - found.asked_at > BEGUN_WITHIN:
            error = NotInTime(
                f"operation {found.id}: the daemon that had begun it did not end it within an hour, and none goes on",
                fix=f"envctl audit list --actor {shlex.quote(found.actor)} shows what it did; then ask again",
            )
            operations.end(found, kept_error(error).model_dump(), self._now())
            return
        begun = operations.begin(found, self._now())
        kept: Kept | None = A_BUG
        try:
            kept = kept_of(self._done(begun))
        except Interrupted:
            # It is handed back, and done by whoever takes it next.
            kept = None
            raise
        except EnvctlError as error:
            kept = kept_error(error)
            raise
        finally:
            if kept is not None:
                operations.end(begun, kept.model_dump(), self._now())

    def _done(self, operation: Operation) -> Answer:
        asked = dict(operation.asked)
        match operation.kind:
            case Kind.SNAPSHOT:
                ways = ways_in(self.accounts, self._now()) if asked["accounts"] else ()
                ledger = bool(asked["ledger"])
                snapshots = Snapshots.of(self._installation, self.emit)
                return taken_answer(
                    snapshots.create(operation.actor, with_ledger=ledger, accounts=ways)
                )
            case Kind.VERIFY:
                snapshots = Snapshots.of(self._installation, self.emit)
                return verdict_answer(
                    snapshots.verify(snapshots.find(asked["snapshot"])), "verified"
                )
            case Kind.RESTORE:
                which = asked.pop("snapshot")
                body = RestoreAsked.model_validate(asked)
                return self._put_backs.restore(which, body, operation.actor).carry_out()
            case Kind.ROLLBACK:
                back = RollbackBody.model_validate(asked)
                return self._put_backs.rollback(back, operation.actor).carry_out()

    @property
    def _installation(self) -> Installation:
        return self.accounts.installation

    @property
    def _put_backs(self) -> PutBacks:
        return PutBacks(accounts=self.accounts, own=self.own, owner=self.owner, emit=self.emit)

    def _now(self) -> datetime:
        return self._installation.master.process.clock()


def kept_of(answer: Answer) -> Kept:
    """Return what is kept of an answer: without its document, where that is too long."""
    document = REDACTOR.redact_bytes(document_text(answer.document, answer.fields()))
    kept = Kept(
        exit_code=answer.exit_code.value,
        text=REDACTOR.redact(answer.text()),
        document=answer.document,
        fields=orjson.loads(document),
        remarks=[REDACTOR.redact(remark) for remark in answer.remarks],
    )
    return kept if fits(kept.model_dump()) else kept.model_copy(update={"fields": None})


def kept_error(error: EnvctlError) -> Kept:
    """Return what is kept of an error."""
    shown = REDACTOR.redact_bytes(orjson.dumps(error_json(error)["error"]))
    return Kept(exit_code=exit_code_of(error).value, problem=orjson.loads(shown))


A_BUG: Final = kept_error(
    EnvctlError("a bug of envctl: the daemon's log says where its traceback is")
)
"""What is kept where we have a bug: nothing of what it says."""
