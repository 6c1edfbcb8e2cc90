"""The streams of all config tables read, each in a scope of its own; what others changed asks for a look."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from controller.aws.sessions import MASTER
from controller.catalog import kind_tables
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, Storage, new_run_id
from controller.engine.installation.installation import Installation
from controller.engine.streams.drain import EMPTY_PAGES
from controller.engine.streams.gap import write_gap
from controller.engine.streams.table_reader import StreamAccess, StreamRead, TableReader, Tell
from controller.errors import EnvctlError, Interrupted
from controller.events import Emit, discard_event
from controller.ledger.stream_changes import STREAM_PREFIX
from controller.model.ledger_record import Requester
from controller.model.observed import CONFIG_SCOPE
from controller.model.table import TableDefinition


@dataclass(frozen=True, slots=True)
class Round:
    """What came of reading every stream once: by the table's logical name what was read, or why it could not be."""

    reads: Mapping[str, StreamRead]
    errors: Mapping[str, EnvctlError]

    @property
    def look_at(self) -> frozenset[str]:
        """The scopes to look at now, as others changed what they are planned from."""
        changed = any(read.outside for read in self.reads.values())
        return frozenset({CONFIG_SCOPE}) if changed else frozenset()


def streamed_tables(installation: Installation) -> tuple[TableDefinition, ...]:
    """Return the config tables, whose streams are read, by logical name."""
    return tuple(table for table in kind_tables(installation.master.kinds.values()) if table.stream)


@dataclass(eq=False)
class StreamFollower(AbstractContextManager["StreamFollower"]):
    """Reads streams round by round, and owns their scopes meanwhile. Its end as a context manager gives them back.

    ``tell`` hears of each record of a change by others. Not for several threads at once.
    """

    installation: Installation
    tables: Sequence[TableDefinition]
    """Those whose streams are read; a job of one table names that alone."""
    requester: Requester
    tell: Tell
    emit: Emit = discard_event
    empty_pages: int = EMPTY_PAGES
    _readers: dict[str, tuple[TableReader, ExitStack]] = field(default_factory=dict, init=False)
    _storage: Storage | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        """Own nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for table in [*self._readers]:
            self._give_back(table)

    def read_all(self) -> Round:
        """Read every stream. What keeps one from being read keeps no other; it is tried again in the next round.

        Raises Interrupted.
        """
        reads, errors = dict[str, StreamRead](), dict[str, EnvctlError]()
        for table in self.tables:
            self.installation.master.process.interruption.check()
            try:
                reads[table.name] = self._reader(table).read(write_gap)
            except Interrupted:
                raise
            except EnvctlError as error:
                errors[table.name] = error
                self._give_back(table.name)
        return Round(reads, errors)

    def _reader(self, table: TableDefinition) -> TableReader:
        if table.name not in self._readers:
            master = self.installation.master
            self._storage = storage = self._storage or self.installation.storage()
            request = ApplyRequest(
                actor=self.requester.as_applier(), transaction=new_run_id(storage.clock())
            )
            claim = Claim(master.process.instance)
            held = ExitStack()
            writer = ScopeWriter.take(
                STREAM_PREFIX + table.name, claim, storage, request, self.emit
            )
            held.enter_context(writer)
            streams = master.aws.client("dynamodbstreams", MASTER)
            access = StreamAccess(master.client, streams, self.installation.ledger)
            reader = TableReader(table, access, writer, self.tell, self.empty_pages)
            self._readers[table.name] = reader, held
        return self._readers[table.name][0]

    def _give_back(self, table: str) -> None:
        if table in self._readers:
            self._readers.pop(table)[1].close()
