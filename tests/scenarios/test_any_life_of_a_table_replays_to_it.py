"""Applies, edits by others, kills, rollbacks, restarts and lost events in any order: the records lead to what the table holds.

Covers: engine.streams.table_reader, engine.streams.gap.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto import mock_aws

from controller.aws.items import Item, to_wire
from controller.aws.streams import TableStream, find_stream
from controller.aws.transactions import PutWrite
from controller.engine.streams.checkpoint import (
    CHECKPOINT_PREFIX,
    Position,
    row_of_checkpoint,
)
from controller.engine.streams.drain import StreamDrain
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX
from tests.support.streamed_estate import StreamedEstate
from tests.support.toy_kinds import service

SERVICES = "InfraConfigServices"
NAMES = st.sampled_from(["a", "b", "c"])
PORTS = st.integers(40000, 40003)


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def die(*_: object) -> None:
    raise Killed


class LifeOfATable(RuleBasedStateMachine):
    """``images`` are all that the table ever held."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[Item] = []

    @initialize()
    def begin(self) -> None:
        self.opened = self.open()
        self.opened.__enter__()
        self.estate = StreamedEstate.made()

    @contextmanager
    def open(self) -> Iterator[None]:
        with mock_aws():
            yield

    def teardown(self) -> None:
        try:
            self.check()
        finally:
            self.opened.__exit__(None, None, None)

    def check(self) -> None:
        self.estate.reads()
        report = self.estate.verified()
        assert report.intact, report
        kinds = {finding.kind for finding in report.tables or ()}
        assert kinds == set(), report.tables
        told = [record.audit_id for record in self.estate.told]
        assert len(told) == len(set(told))

    def look(self) -> None:
        self.images += self.estate.store.items(PREFIX + SERVICES)

    @rule(wanted=st.dictionaries(NAMES, PORTS, max_size=3))
    def apply(self, wanted: dict[str, int]) -> None:
        """Apply; where it was so before, that is a rollback."""
        self.estate.wants(*(service(name, port) for name, port in sorted(wanted.items())))
        self.estate.converges()
        self.look()

    @rule(
        wanted=st.dictionaries(NAMES, PORTS, min_size=1), side=st.sampled_from(["before", "after"])
    )
    def apply_killed(self, wanted: dict[str, int], side: str) -> None:
        self.estate.wants(*(service(name, port) for name, port in sorted(wanted.items())))
        with self.killed(side):
            self.estate.converges()
        self.look()

    @rule(name=NAMES, owner=st.sampled_from(["Tango", "Mallory"]))
    def edit(self, name: str, owner: str) -> None:
        """Edit an item as the console does."""
        item = self.estate.item(SERVICES, ServiceName=name)
        if item is not None:
            self.estate.meddles(SERVICES, **{**item, "OwningCluster": owner})
            self.look()

    @rule(name=NAMES, port=PORTS)
    def put(self, name: str, port: int) -> None:
        """Put an item that drops our mark."""
        audit = {"User": "ada", "Version": 3}
        self.estate.meddles(SERVICES, ServiceName=name, Value={"BluePort": port}, Audit=audit)
        self.look()

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        self.estate.store.drop(PREFIX + SERVICES, {"ServiceName": name})

    @precondition(lambda self: self.images)
    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        """Put back what the table once held, to the byte."""
        self.estate.meddles(SERVICES, **data.draw(st.sampled_from(self.images)))

    @rule()
    def read(self) -> None:
        self.estate.reads()

    @rule(side=st.sampled_from(["before", "after"]))
    def read_killed(self, side: str) -> None:
        with self.killed(side):
            self.estate.reads()

    @rule(hours=st.sampled_from([1, 30]))
    def time_passes(self, hours: int) -> None:
        self.estate.clock.sleep(hours * 3600)

    @rule()
    def events_are_lost(self) -> None:
        """Have the stream begin after what was never read, as it does after a day without a reader."""
        with self.estate.reader() as reader:
            checkpoint = reader.checkpoint
            access = self.estate.access
            stream = find_stream(access.dynamodb, PREFIX + SERVICES)
            checkpoint.stream, checkpoint.read_until = stream, None
            for page in StreamDrain(TableStream(access.streams, stream), 1).pages({}):
                checkpoint.positions[page.shard] = Position(page.position.after)
            row = to_wire(row_of_checkpoint(checkpoint))
            self.estate.store.write(PutWrite(PREFIX + STATE_TABLE.name, row))

    @rule()
    def checkpoint_is_lost(self) -> None:
        """Have the stream read from its beginning."""
        key = {"Id": f"{CHECKPOINT_PREFIX}{SERVICES}"}
        self.estate.store.drop(PREFIX + STATE_TABLE.name, key)

    @contextmanager
    def killed(self, side: str) -> Iterator[None]:
        setattr(self.estate.store, side, die)
        try:
            with suppress(Killed):
                yield
        finally:
            self.estate.store.before = self.estate.store.after = lambda *_: None


def live(lives: int, steps: int) -> None:
    how = settings(
        max_examples=lives,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(LifeOfATable, settings=how)


def test_a_short_life_replays() -> None:
    live(5, 10)


@pytest.mark.slow
def test_long_lives_replay() -> None:
    live(80, 25)
