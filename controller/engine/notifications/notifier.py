"""Tells others: alerts when they begin and are over, changes once they are on record. One daemon at a time does, by the lease of a scope.

What was told is remembered in EnvctlState under that lease's epoch, so it is told once however many daemons there are, and not
again after a restart. A process that dies between sending and remembering tells it twice: nothing is lost instead.

All rows are read when news were signed (``news``), when a moment has come at which something begins or ends by the clock, when a
sink is to be tried again, and every quarter of an hour: news that nobody could sign are heard of then.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from controller.aws.items import to_wire
from controller.aws.transactions import DeleteWrite, PutWrite, Write
from controller.daemon_ports import AlertSink, AnswerSink, ChangeSink
from controller.decisions.alerts import alert_steps
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, Storage, new_run_id
from controller.engine.notifications.alert_text import alert_text
from controller.engine.notifications.change_messages import message_of
from controller.engine.notifications.merge_answer import answer_of
from controller.engine.notifications.news import Position, read_position
from controller.engine.notifications.standing import Around, next_moment, standing_alerts
from controller.engine.state.notification_rows import (
    SINK_PREFIX,
    TOLD_KEY,
    SinkHealth,
    ToldChanges,
    alert_id,
    alerts_in,
    row_of_alert,
    row_of_sink,
    row_of_told,
    sink_of_row,
    sinks_in,
    told_of_row,
)
from controller.engine.state.outcome_rows import (
    ANSWERED_KEY,
    answered_of_row,
    row_of_answered,
)
from controller.errors import (
    DamagedState,
    EnvctlError,
    RefusedByAws,
    ScopeBusy,
    ScopeFromTheFuture,
    StaleEpoch,
)
from controller.events import (
    AlertCleared,
    AlertRaised,
    Emit,
    NotificationDropped,
    NotificationFailed,
    NotificationSent,
)
from controller.ledger.heads import HEAD_PREFIX, head_of_row
from controller.ledger.summaries import RecordSummary
from controller.model.alert import AlertKey, KnownAlert
from controller.model.backoff import Backoff
from controller.model.ledger_record import Requester
from controller.targets.table_items.definitions import STATE_TABLE

SCOPE: Final = "notifications"
RETRIES: Final = Backoff(first_s=10.0, longest_s=900.0)
"""How long a sink is left alone after tries in a row that failed."""
TOLD_FOR: Final = timedelta(hours=24)
"""A change that could not be told for so long is not told any more."""
_INDEXED: Final = timedelta(minutes=5)
"""A record that the ledger's index does not show after so long is not there."""
AT_LEAST_EVERY: Final = timedelta(minutes=15)
"""So often all rows are read, whatever is heard."""
_ANOTHER_TELLS: Final = timedelta(seconds=60)
_CHUNK: Final = 100
"""Records told before it is remembered that they were."""
_WRITES: Final = 40
"""Rows written in one transaction."""

Rows = Mapping[str, Mapping[str, Any]]


@dataclass(eq=False, kw_only=True)
class Notifier:
    """Tells what stands and what was changed, a round at a time. Not for several threads at once.

    ``lines_after`` gives the lines of a scope's records above a sequence, in order; ``scopes`` the scopes there are now.
    """

    storage: Callable[[], Storage]
    lines_after: Callable[[str, int], Iterable[RecordSummary]]
    requester: Requester
    owner: str
    scopes: Callable[[], Collection[str]]
    dead_letters: Callable[[], int]
    announce_within: timedelta
    alerts: Sequence[AlertSink]
    changes: ChangeSink | None
    emit: Emit
    answers: AnswerSink | None = None
    streamed: Collection[str] = ()
    """Tables whose streams are read: what others change in them is on record in scopes of their own."""
    _writer: ScopeWriter | None = field(default=None, init=False)
    _not_before: datetime | None = field(default=None, init=False)
    _position: Position | None = field(default=None, init=False)
    """Where the last round stood that came to its end; None: the next one reads everything."""
    _due_at: datetime = field(default=datetime.max.replace(tzinfo=UTC), init=False)

    def round(self, now: datetime) -> None:
        """Tell what is to be told; nothing where another daemon does, or nothing is new. A sink that fails is left alone for a while.

        Raises Interrupted, and as any read or write of the controller's own rows.
        """
        if self._not_before is not None and now < self._not_before:
            return
        try:
            writer = self._own(now)
            writer.lease.confirm()
            store, table = writer.storage.store, writer.storage.physical(STATE_TABLE.name)
            position = read_position(store, table, self.streamed)
            if position == self._position and now < self._due_at:
                return
            self._position, self._due_at = None, now + AT_LEAST_EVERY
            rows = {str(row["Id"]): row for row in store.scan(table)}
            self._forget_sinks(writer, rows)
            self._tell_alerts(writer, rows, now)
            self._tell_changes(writer, rows, now)
            self._tell_answer(writer, rows, now)
            self._position = position
        except ScopeBusy:
            self._not_before = now + _ANOTHER_TELLS
        except StaleEpoch:
            self._writer, self._position = None, None
            self._not_before = now + _ANOTHER_TELLS

    def close(self) -> None:
        """Let another daemon tell at once."""
        if self._writer is not None:
            writer, self._writer, self._position = self._writer, None, None
            writer.__exit__(None, None, None)

    def _own(self, now: datetime) -> ScopeWriter:
        if self._writer is None:
            request = ApplyRequest(actor=self.requester.as_applier(), transaction=new_run_id(now))
            claim = Claim(f"{self.owner}/{SCOPE}")
            self._writer = ScopeWriter.take(SCOPE, claim, self.storage(), request, self.emit)
        return self._writer

    # ------------------------------------------------------------ alerts

    def _tell_alerts(self, writer: ScopeWriter, rows: Rows, now: datetime) -> None:
        around = Around(
            now=now,
            scopes=self.scopes(),
            dead_letters=self.dead_letters(),
            announce_within=self.announce_within,
        )
        self._look_again(next_moment(rows, around))
        known = alerts_in(rows.values())
        steps = alert_steps(
            known, standing_alerts(rows, around), [sink.name for sink in self.alerts], now
        )
        for over in steps.cleared:
            known[over.alert.key] = over
        for key in steps.forgotten:
            del known[key]
        for begun in steps.raised:
            known[begun.alert.key] = begun
        changed = [one for one in (*steps.raised, *steps.cleared) if one.alert.key in known]
        self._write(
            writer,
            [
                *(_put(writer, row_of_alert(one)) for one in changed),
                *(_delete(writer, alert_id(key)) for key in steps.forgotten),
            ],
        )
        for begun in steps.raised:
            alert = begun.alert
            self.emit(AlertRaised(alert.key.kind, alert.key.subject, alert.text, alert.next))
        for over in steps.cleared:
            self.emit(AlertCleared(over.alert.key.kind, over.alert.key.subject))
        for sink in self.alerts:
            self._tell_sink(writer, rows, known, sink, now)

    def _tell_sink(
        self,
        writer: ScopeWriter,
        rows: Rows,
        known: dict[AlertKey, KnownAlert],
        sink: AlertSink,
        now: datetime,
    ) -> None:
        owed = [one for one in known.values() if one.owed_to(sink.name)]
        health = sink_of_row(sink.name, rows.get(SINK_PREFIX + sink.name))
        if owed:
            self._look_again(health.retry_at)
        if not owed or not health.is_due(now):
            return
        try:
            sink.send(alert_text(owed, writer.storage.installation))
        except EnvctlError as error:
            self._failed(writer, health, error, now)
            return
        told = [replace(one, told={**one.told, sink.name: one.word}) for one in owed]
        known |= {one.alert.key: one for one in told}
        self._write(writer, [_put(writer, row_of_alert(one)) for one in told])
        self._sent(writer, health, len(told))
        if any(one.cleared_at is not None for one in told):
            # Once all were told of its end it is forgotten.
            self._look_again(now)

    # ------------------------------------------------------------ changes

    def _tell_changes(self, writer: ScopeWriter, rows: Rows, now: datetime) -> None:
        if self.changes is None:
            if TOLD_KEY in rows:
                # Whoever has them told again later hears of what is changed from then on.
                self._write(writer, [_delete(writer, TOLD_KEY)])
            return
        stand = dict(_sequences(rows))
        told = told_of_row(rows.get(TOLD_KEY))
        if told is None:
            self._write(writer, [_put(writer, row_of_told(ToldChanges(stand)))])
            return
        health = sink_of_row(self.changes.name, rows.get(SINK_PREFIX + self.changes.name))
        self._look_again(health.retry_at)
        if not health.is_due(now):
            return
        sequences = dict(told.sequences)
        moved = [scope for scope in sorted(stand) if stand[scope] > sequences.get(scope, 0)]
        sent = 0
        try:
            for scope in moved:
                after = sequences.get(scope, 0)
                lines = in_one_row(self.lines_after(scope, after), after, now)
                while chunk := list(islice(lines, _CHUNK)):
                    writer.storage.interruption.check()
                    writer.lease.confirm(believed_s=5.0)
                    count, sequences[scope], error = self._send(chunk, writer, now)
                    sent += count
                    self._write(writer, [_put(writer, row_of_told(ToldChanges(sequences)))])
                    if error is not None:
                        self._failed(writer, health, error, now)
                        return
        finally:
            if sent:
                self.emit(NotificationSent(self.changes.name, sent))
        if any(stand[scope] > sequences.get(scope, 0) for scope in moved):
            # The ledger's index does not show all of it yet.
            self._look_again(now)
        if sent and health.failures:
            self._write(writer, [_delete(writer, SINK_PREFIX + health.name)])

    def _send(
        self, chunk: Sequence[RecordSummary], writer: ScopeWriter, now: datetime
    ) -> tuple[int, int, EnvctlError | None]:
        """Send the messages of some records; return how many went, up to which record all are done with, and why not farther."""
        assert self.changes is not None, "somebody is told"
        oldest = (now - TOLD_FOR).isoformat()
        prefix = writer.storage.prefix
        found = [(line, message_of(line, prefix)) for line in chunk]
        late = [line for line, message in found if message and line.iso_timestamp < oldest]
        due = [
            (line, message) for line, message in found if message and line.iso_timestamp >= oldest
        ]
        if late:
            why = f"{len(late)} changes could not be told for a day"
            self.emit(NotificationDropped(self.changes.name, len(late), why))
        if not due:
            return 0, chunk[-1].sequence, None
        try:
            errors = self.changes.send([message for _, message in due])
        except EnvctlError as error:
            return 0, due[0][0].sequence - 1, error
        for index, refusal in errors.items():
            if not isinstance(refusal, RefusedByAws):
                dropped = sum(earlier < index for earlier in errors)
                return index - dropped, due[index][0].sequence - 1, refusal
            self.emit(NotificationDropped(self.changes.name, 1, str(refusal)))
        return len(due) - len(errors), chunk[-1].sequence, None

    # ------------------------------------------------------------ answers

    def _tell_answer(self, writer: ScopeWriter, rows: Rows, now: datetime) -> None:
        """Answer the requests by which the newest revision came, once it has come to something, and again where that is otherwise now."""
        answer = None if self.answers is None else answer_of(rows, self.scopes())
        if self.answers is None or answer is None:
            return
        known = answered_of_row(rows.get(ANSWERED_KEY))
        told = answer.after(known)
        if known is not None and known.revision == told.revision and known.is_final:
            return
        if not answer.is_final and answer.is_applied:
            # Accounts follow within moments, and their looks are no news.
            self._look_again(now)
        if told == known:
            return
        if known is None and not answer.is_news:
            # It was applied before anybody was to be told.
            self._write(writer, [_put(writer, row_of_answered(replace(told, is_final=True)))])
            return
        health = sink_of_row(self.answers.name, rows.get(SINK_PREFIX + self.answers.name))
        self._look_again(health.retry_at)
        if not health.is_due(now):
            return
        try:
            count = self.answers.answer(told.base, told.revision, answer.text)
        except EnvctlError as error:
            self._failed(writer, health, error, now)
            return
        self._write(writer, [_put(writer, row_of_answered(told))])
        self._sent(writer, health, count)

    # ------------------------------------------------------------ sinks

    def _failed(
        self, writer: ScopeWriter, health: SinkHealth, error: EnvctlError, now: datetime
    ) -> None:
        failures = health.failures + 1
        retry_at = now + timedelta(seconds=RETRIES.pause_s(failures))
        self._look_again(retry_at)
        after = SinkHealth(health.name, failures, error.reason, retry_at)
        self._write(writer, [_put(writer, row_of_sink(after))])
        self.emit(NotificationFailed(health.name, failures, str(error)))

    def _sent(self, writer: ScopeWriter, health: SinkHealth, count: int) -> None:
        self.emit(NotificationSent(health.name, count))
        if health.failures:
            self._write(writer, [_delete(writer, SINK_PREFIX + health.name)])

    def _look_again(self, at: datetime | None) -> None:
        """Have a round at that moment at the latest."""
        self._due_at = min(self._due_at, at or self._due_at)

    def _forget_sinks(self, writer: ScopeWriter, rows: Rows) -> None:
        """Take away what is remembered of sinks that the settings name no more."""
        named = {sink.name for sink in self.alerts}
        named |= {sink.name for sink in (self.changes, self.answers) if sink is not None}
        gone = [health.name for health in sinks_in(rows.values()) if health.name not in named]
        self._write(writer, [_delete(writer, SINK_PREFIX + name) for name in gone])

    @staticmethod
    def _write(writer: ScopeWriter, writes: Sequence[Write]) -> None:
        for first in range(0, len(writes), _WRITES):
            writer.append((), writes[first : first + _WRITES])


def in_one_row(
    lines: Iterable[RecordSummary], after: int, now: datetime
) -> Iterator[RecordSummary]:
    """Yield lines as far as none is missing between them: the ledger's index follows within seconds, and what lacks comes yet.

    One that has not come after five minutes is not there: what follows it is yielded all the same.
    """
    young = (now - _INDEXED).isoformat()
    for line in lines:
        if line.sequence != after + 1 and line.iso_timestamp > young:
            return
        after = line.sequence
        yield line


def _sequences(rows: Rows) -> Iterator[tuple[str, int]]:
    for name, row in rows.items():
        if not name.startswith(HEAD_PREFIX):
            continue
        scope = name.removeprefix(HEAD_PREFIX)
        try:
            yield scope, head_of_row(scope, row).sequence
        except (ScopeFromTheFuture, DamagedState):
            # What it holds is not ours to read; status and alerts say so.
            continue


def _put(writer: ScopeWriter, row: Mapping[str, Any]) -> PutWrite:
    return PutWrite(writer.storage.physical(STATE_TABLE.name), to_wire(row))


def _delete(writer: ScopeWriter, row_id: str) -> DeleteWrite:
    return DeleteWrite(writer.storage.physical(STATE_TABLE.name), to_wire({"Id": row_id}))
