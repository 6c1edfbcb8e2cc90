"""The daemon's jobs about what is on record: what others change, snapshots, anchors of the ledger, and its old records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from controller.daemon.cadence import due_moment
from controller.daemon.jobs import ACTOR, TICK, Jobs
from controller.daemon.worker import Handler
from controller.engine.installation.installation import Installation
from controller.engine.queries.archive import archive_old_records
from controller.engine.snapshots.places import open_store
from controller.engine.snapshots.service import nightly
from controller.engine.state.anchor_heads import anchor_heads
from controller.engine.state.job_rows import write_job_end
from controller.engine.streams.follow import StreamFollower, streamed_tables
from controller.errors import EnvctlError, Interrupted, ScopeBusy
from controller.events import WorkFailed
from controller.ledger.records import iso_ms
from controller.model.ledger_record import Requester
from controller.model.observed import CONFIG_SCOPE
from controller.model.table import TableDefinition
from controller.model.work import SNAPSHOTS, Job, Work
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.timeline import events_between

LEDGER: Final = "ledger"
"""The scope of what moves records: one at a time."""
STREAM: Final = "stream"
"""What asks for a look because somebody else changed something."""
_ANOTHER_READS: Final = timedelta(seconds=60)
"""A stream that another daemon reads is asked for again after this."""


@dataclass(eq=False, kw_only=True)
class RecordJobs:
    """Works beside the ``jobs`` of the same daemon.

    A table's stream belongs to one daemon at a time, by the lease of its scope, for as long as that lives: asking for it by
    a queue each time would cost more than reading it.
    """

    installation: Installation
    jobs: Jobs
    _streams: dict[str, StreamFollower] = field(default_factory=dict, init=False)
    """By table; each owns its scope once it could be read."""
    _not_before: dict[str, datetime] = field(default_factory=dict, init=False)
    _told: dict[str, str] = field(default_factory=dict, init=False)
    """What is wrong with a stream, by table: told once."""
    _looked_until: datetime | None = field(default=None, init=False)
    _reading: Lock = field(default_factory=Lock, init=False)
    """Streams are given back by another thread than the one that reads them."""

    @property
    def handlers(self) -> Mapping[Job, Handler]:
        """What does each job; nothing where the settings name no place for snapshots."""
        settings = self.jobs.settings.snapshots
        if settings.bucket is None and settings.folder is None:
            return {}
        return {
            Job.SNAPSHOT: self.take_snapshot,
            Job.ANCHORS: self.anchor,
            Job.ARCHIVE: self.archive,
        }

    def take_snapshot(self, work: Work) -> None:
        """Take a snapshot and prove it, then take away what is kept no longer; how that ended is written down. Raises as each of them."""
        began = self.jobs.clock()
        try:
            nightly(self.installation, ACTOR, began, self.jobs.emit)
        except Interrupted:
            raise
        except EnvctlError as error:
            self._note_end(Job.SNAPSHOT, began, str(error))
            raise
        self._note_end(Job.SNAPSHOT, began)

    def anchor(self, work: Work) -> None:
        """Anchor the heads of all scopes. Raises as that."""
        anchor_heads(self.installation, open_store(self.installation.master))

    def archive(self, work: Work) -> None:
        """Move records that are old enough out of the table, where the settings say when they are. Raises as that."""
        if self.jobs.settings.ledger.keep_days is not None:
            archive_old_records(self.installation, self.jobs.clock(), self.jobs.emit)

    def tick_streams(self) -> None:
        """Record what others have changed, and have the tables looked at where they have. Raises Interrupted."""
        with self._reading:
            now = self.jobs.clock()
            due = self._not_before
            for table in streamed_tables(self.installation):
                if due.get(table.name, now) <= now:
                    self._read_stream(table, now)

    def _read_stream(self, table: TableDefinition, now: datetime) -> None:
        follower = self._streams.get(table.name)
        if follower is None:
            follower = self._streams[table.name] = StreamFollower(
                self.installation,
                (table,),
                Requester(ACTOR, STREAM),
                lambda _record: None,
                self.jobs.emit,
                1,
            )
        found = follower.read_all()
        self._note(table.name, found.errors.get(table.name), now)
        if found.look_at:
            bucket, details = f"{STREAM}-{iso_ms(now)}", self.jobs.just_now(CONFIG_SCOPE)
            self.jobs.put(Job.RECONCILE, CONFIG_SCOPE, bucket, now, STREAM, details)

    def tick_clock(self) -> None:
        """Ask for what is due by the clock: snapshots at the settings' moments, anchors."""
        now, settings = self.jobs.clock(), self.jobs.settings
        since, self._looked_until = self._looked_until or now, now
        if not self.handlers:
            return
        nights = parse_schedule(f"start: {settings.snapshots.cron}")
        passed = [event.at for event in events_between(nights, since, now)]
        if passed:
            # However many were missed, one is taken.
            self.jobs.put(Job.SNAPSHOT, SNAPSHOTS, iso_ms(passed[-1]), now, TICK)
        moment = due_moment(Job.ANCHORS, settings.intervals.anchor_seconds, since, now)
        if moment is not None:
            self.jobs.put(Job.ANCHORS, SNAPSHOTS, iso_ms(moment), now, TICK)
        moment = due_moment(Job.ARCHIVE, settings.intervals.archive_seconds, since, now)
        if moment is not None and settings.ledger.keep_days is not None:
            # Not behind or before snapshots: it takes as long as there is to be moved.
            self.jobs.put(Job.ARCHIVE, LEDGER, iso_ms(moment), now, TICK)

    def close(self) -> None:
        """Give the streams back, so that another daemon reads them at once."""
        with self._reading:
            for table in [*self._streams]:
                self._streams.pop(table).__exit__(None, None, None)

    def _note_end(self, job: Job, at: datetime, because: str = "") -> None:
        master = self.installation.master
        write_job_end(master.store, master.state_table, job, at, because)

    def _note(self, table: str, error: EnvctlError | None, now: datetime) -> None:
        if isinstance(error, ScopeBusy):
            self._not_before[table] = now + _ANOTHER_READS
        elif error is not None:
            self._not_before[table] = now + _ANOTHER_READS
            if self._told.get(table) != error.message:
                self._told[table] = error.message
                self.jobs.emit(WorkFailed(f"{STREAM}/{table}", STREAM, str(error)))
        else:
            self._told.pop(table, None)
