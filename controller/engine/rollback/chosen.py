"""Which records a rollback takes back: of a transaction, one record, a commit, or everything since a moment or a revision."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Final, NamedTuple

from controller.catalog import kind_tables
from controller.engine.installation.installation import Installation
from controller.engine.state.override_rows import OVERRIDE_PREFIX
from controller.errors import Unreachable, WrongUsage
from controller.ledger.questions import OfPeriod, OfScope, OfTransaction
from controller.ledger.records import iso_ms
from controller.ledger.summaries import RecordSummary
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import CONFIG_SCOPE
from controller.planning.authors import OF_DOCUMENTS

PREFIX: Final = "ledger:"
"""What the name of the ledger as a source begins with; what is taken back follows."""
_BATCH: Final = 100
_WAIT_S: Final = 30
_PAUSE_S: Final = 1.0


class Chosen(NamedTuple):
    """What is taken back. ``name`` is how the source is called: ``ledger:01K…``, ``ledger:since 2026-11-28T12:00:00.000Z``.

    ``records`` are those of items of the config tables, oldest first; ``live`` are ended changes in accounts, and ``overrides``
    records of overrides: neither is taken back by itself. ``is_all_since`` tells whether they are all there are since some moment.
    """

    name: str
    records: tuple[LedgerRecord, ...]
    live: tuple[RecordSummary, ...] = ()
    overrides: tuple[RecordSummary, ...] = ()
    is_all_since: bool = False


@dataclass(frozen=True, slots=True)
class Choosing:
    """Asks the ledger. Everything raises WrongUsage where there is nothing to take back, and as any read."""

    installation: Installation

    def of_id(self, text: str) -> Chosen:
        """Return the record of this audit id, else the records of the transaction of this id."""
        ledger = self.installation.ledger
        found = tuple(ledger.records([text]))
        if not found:
            self._wait_for_index()
            lines = tuple(ledger.all(OfTransaction(text)))
            if lines:
                return self._of_lines(text, lines)
            found = ledger.find_archived(text)
        if not found:
            raise WrongUsage(
                f"the ledger has no record and no transaction {text!r}",
                fix="envctl audit list names transactions, envctl audit show TRANSACTION its records",
            )
        return self.of_records(text, found)

    def of_records(self, text: str, found: tuple[LedgerRecord, ...]) -> Chosen:
        """Return records that are known already; ``text`` is what somebody called them."""
        if found[0].entity_type not in self._tables():
            raise WrongUsage(
                f"record {text} is of {found[0].entity_type} in scope {found[0].scope}, and only items of the tables go back",
                fix=self._instead_of(found[0]),
            )
        return self._chosen(text, found)

    def of_commit(self, commit: str) -> Chosen:
        """Return every edit that came from a commit, given by at least seven of its digits; all of the ledger's lines are read."""
        self._wait_for_index()
        # What was only put back while that commit was in force is nobody's edit.
        lines = [
            line
            for line in self._newest_first()
            if line.cause in OF_DOCUMENTS and line.actor.commit.startswith(commit)
        ]
        commits = sorted({line.actor.commit for line in lines})
        if len(commits) > 1:
            raise WrongUsage(
                f"several commits begin with {commit}: {', '.join(commits)}", fix="give more of it"
            )
        if not lines:
            raise WrongUsage(
                f"the ledger has no change of commit {commit}",
                fix="envctl audit list names the commit of each change",
            )
        return self._of_lines(f"commit {commits[0]}", tuple(lines))

    def since_moment(self, moment: datetime, now: datetime) -> Chosen:
        """Return everything after a moment, which is aware."""
        self._wait_for_index()
        at = iso_ms(moment)
        lines = takewhile(lambda line: line.iso_timestamp > at, self._newest_first())
        return self._since(f"since {at}", tuple(lines), moment, now)

    def since_revision(self, revision: str, now: datetime) -> Chosen:
        """Return everything after the last change that a revision, given by its id or its beginning, made."""
        self._wait_for_index()
        later: list[RecordSummary] = []
        for part in _parts(self._newest_first()):
            full = {found.audit_id: found for found in self._full(part)}
            for line in part:
                record = full.get(line.audit_id)
                managed = record.new_meta.get("Managed") if record is not None else None
                applied = str(managed.get("Revision", "")) if isinstance(managed, dict) else ""
                if line.actor.commit.startswith(revision) or applied.startswith(revision):
                    moment = datetime.fromisoformat(line.iso_timestamp)
                    return self._since(f"since {revision}", tuple(later), moment, now)
                later.append(line)
        raise WrongUsage(
            f"no change in the ledger comes from revision {revision}",
            fix="give a time: --to 2026-11-28T12:00, --to '2h ago'",
        )

    def _since(
        self, title: str, lines: tuple[RecordSummary, ...], moment: datetime, now: datetime
    ) -> Chosen:
        chosen = self._of_lines(title, lines)
        after = iso_ms(moment)
        everywhere = self.installation.ledger.all(OfPeriod(moment, now))
        live = (line for line in everywhere if _is_live(line) and line.iso_timestamp > after)
        return chosen._replace(live=tuple(live), is_all_since=True)

    def _of_lines(self, title: str, lines: tuple[RecordSummary, ...]) -> Chosen:
        config = [line for line in lines if line.scope == CONFIG_SCOPE]
        chosen = self._chosen(title, self._full(config))
        state = self.installation.master.state_table
        return chosen._replace(
            live=tuple(line for line in lines if _is_live(line)),
            overrides=tuple(line for line in config if line.entity.table == state),
        )

    def _chosen(self, title: str, found: Iterable[LedgerRecord]) -> Chosen:
        tables = self._tables()
        ours = (made for made in found if made.phase == "done" and made.entity_type in tables)
        return Chosen(PREFIX + title, tuple(sorted(ours, key=lambda made: made.sequence)))

    def _instead_of(self, record: LedgerRecord) -> str:
        """Return what ends or takes back what a record of something else than an item of the tables made."""
        if record.entity_key.startswith(OVERRIDE_PREFIX):
            override = record.entity_key.removeprefix(OVERRIDE_PREFIX)
            return f"if it holds still, end the override: envctl override release {override}"
        together = self.installation.ledger.all(OfTransaction(record.transaction_id))
        if any(line.entity.table in self._tables() for line in together):
            return f"roll back its transaction: envctl rollback {record.transaction_id}"
        return "roll back the change of the tables that it followed: envctl audit list names those"

    def _tables(self) -> frozenset[str]:
        """Return the physical names of the config tables."""
        master = self.installation.master
        tables = kind_tables(master.kinds.values())
        return frozenset(table.prefixed(master.settings.resource_prefix).name for table in tables)

    def _newest_first(self) -> Iterator[RecordSummary]:
        return self.installation.ledger.all(OfScope(CONFIG_SCOPE))

    def _full(self, lines: Iterable[RecordSummary]) -> tuple[LedgerRecord, ...]:
        return tuple(self.installation.ledger.whole(lines))

    def _wait_for_index(self) -> None:
        """Wait until the index shows the newest record: a part of a transaction is not what anybody wants to take back."""
        head, waited = self.installation.leases.read(CONFIG_SCOPE), 0.0
        wanted = head.sequence if head is not None else 0
        while next((line.sequence for line in self._newest_first()), 0) < wanted:
            if waited >= _WAIT_S:
                raise Unreachable(
                    f"ledger: record #{wanted:,} of scope config is not in its index yet",
                    fix="run it again; if it stays so, envctl audit verify tells what is missing",
                )
            self.installation.master.process.sleep(_PAUSE_S)
            waited += _PAUSE_S


def _is_live(line: RecordSummary) -> bool:
    return line.scope not in {"", CONFIG_SCOPE} and line.phase == "succeeded"


def _parts(lines: Iterable[RecordSummary]) -> Iterator[list[RecordSummary]]:
    part: list[RecordSummary] = []
    for line in lines:
        part.append(line)
        if len(part) == _BATCH:
            yield part
            part = []
    yield part
