"""Applies, edits by others, kills, rollbacks, gaps and moves to the archive in any order: the ledger leads to the tables, is whole, and knows every moment.

All by the commands, each of which begins as a process does. Others' changes have the time of DynamoDB's events: whole seconds.

Covers: engine.queries.past_state, engine.rollback.chosen, engine.rollback.undo, engine.state.archive_records.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
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

from controller.cli import process
from controller.engine.queries.past_state import past_state
from tests.conftest import FAKE_ENVIRONMENT
from tests.support.clock import Clock
from tests.support.command_line import Ended, Fleet, commands_with, envctl, installation, service
from tests.support.request_faults import RequestFaults, request_faults

SERVICES = "InfraConfigServices"
NAMES = ("Search", "Cart", "Mail")
NAME = st.sampled_from(NAMES)
TEXT = st.sampled_from(("one", "two", "three"))
BEGIN = datetime(2026, 3, 2, 10, tzinfo=UTC)
STREAMED_HOURS = 24
SETTINGS = """
source: {{folder: {folder}/fleet}}
snapshots: {{folder: {folder}/kept}}
ledger: {{keepDays: 30}}
guards: {{maxDeletes: 1000, smallMaxDeletes: 1000, maxDeleteShare: 1.0, maxUpdateShare: 1.0}}
"""
WENT_ON = frozenset({0, 3, 4})
"""Done; something was refused or left, as somebody else has it: of all of them the ledger has to be true."""
Items = Mapping[str, Mapping[str, Any]]


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def die() -> None:
    raise Killed


class LifeOfAnInstallation(RuleBasedStateMachine):
    """``moments`` are what the table of services held, ``images`` all that it ever held; ``done`` are transactions to roll back."""

    def __init__(self) -> None:
        super().__init__()
        self.around = ExitStack()
        self.clock = Clock(BEGIN)
        self.moments: list[tuple[datetime, Items]] = []
        self.images: list[dict[str, Any]] = []
        self.commits: list[str] = []
        self.faults = RequestFaults()

    @initialize()
    def begin(self) -> None:
        """Have tables, and a service in them that was applied."""
        enter = self.around.enter_context
        folder = Path(enter(tempfile.TemporaryDirectory()))
        enter(mock_aws())
        enter(commands_with(FAKE_ENVIRONMENT, folder, SETTINGS.format(folder=folder)))
        enter(patch.object(process, "utc_now", self.clock))
        enter(patch.object(process, "_move", lambda by: self.clock.sleep(by.total_seconds())))
        enter(process.movable_clock())
        enter(patch("moto.dynamodb.models.table.utcnow", self.second))
        self.faults = enter(request_faults())
        self.table: Any = boto3.resource("dynamodb", "eu-west-1").Table(SERVICES)
        self.fleet = Fleet(folder / "fleet").has({})
        assert envctl("bootstrap").code == 0
        self.follow()
        self.apply({"Search": "one"}, at_once=True)

    def teardown(self) -> None:
        try:
            self.faults.clear()
            self.follow()
            self.check()
        finally:
            self.around.close()

    def second(self) -> datetime:
        return self.clock.now.replace(microsecond=0, tzinfo=None)

    def items(self) -> Items:
        return {item["ServiceName"]: item for item in self.table.scan()["Items"]}

    def remember(self) -> None:
        """Remember what there is, at the end of a second: others' changes are known to the second."""
        at = self.clock.now.replace(microsecond=999_000)
        items = self.items()
        self.moments.append((at, items))
        self.images += [dict(item) for item in items.values() if item not in self.images]
        self.clock.now = at + timedelta(milliseconds=1)

    def run(self, *words: object, codes: frozenset[int] = frozenset({0})) -> Ended:
        ended = envctl(*words)
        assert ended.code in codes, (words, ended)
        return ended

    def follow(self) -> None:
        self.run("audit", "follow", "--once")

    def check(self) -> None:
        """Hold tables, chains and remembered moments against what the ledger says."""
        verified = envctl("audit", "verify", "--replay", "--format", "json")
        assert verified.code == 0, verified.out
        assert verified.json["tables"] == [], verified.out
        now = installation()
        for at, items in self.moments:
            found = {past.ref.key: past for past in past_state(now, at, "Service")}
            sure = {name: past.items[SERVICES] for name, past in found.items() if not past.doubts}
            doubted = found.keys() - sure.keys()
            known = {name: item for name, item in items.items() if name not in doubted}
            assert sure == known, at

    def lives(self, at_once: bool) -> None:
        """Let time pass before a change, or not: then it is one of the same second."""
        self.clock.sleep(0.05 if at_once else 3)

    @contextmanager
    def killed(self, at: tuple[str, int] | None) -> Iterator[None]:
        """Kill what is done within, before or after its n-th transaction; no kill for None."""
        if at is not None:
            side, nth = at
            self.faults.at("TransactWriteItems", nth, **{side: die})
        with suppress(Killed):
            yield
        self.faults.clear()

    KILL = st.none() | st.tuples(st.sampled_from(("before", "after")), st.integers(1, 3))

    @rule(wanted=st.dictionaries(NAME, TEXT, max_size=3), at_once=st.booleans(), kill=KILL)
    def apply(
        self, wanted: dict[str, str], at_once: bool, kill: tuple[str, int] | None = None
    ) -> None:
        self.lives(at_once)
        there = {path.name for path in self.fleet.folder.glob("*.yaml")} - {"teams.yaml"}
        files: dict[str, str | None] = dict.fromkeys(there)
        files |= {
            f"{name}.yaml": service(name, 40000 + NAMES.index(name), description=text)
            for name, text in wanted.items()
        }
        self.fleet.has(files)
        with self.killed(kill):
            self.run("apply", "--yes", "--wait", "5m", codes=WENT_ON)

    @rule(name=NAME, text=TEXT, at_once=st.booleans())
    def edit(self, name: str, text: str, at_once: bool) -> None:
        """Edit an item as the console does."""
        self.lives(at_once)
        item = self.table.get_item(Key={"ServiceName": name}).get("Item")
        if item is not None:
            self.table.put_item(
                Item={**item, "Value": {**item.get("Value", {}), "Description": text}}
            )

    @rule(name=NAME, text=TEXT, at_once=st.booleans())
    def put(self, name: str, text: str, at_once: bool) -> None:
        """Put an item that drops our mark."""
        self.lives(at_once)
        value = {"SchemaVersion": 1, "Description": text}
        audit = {"User": "eve", "Version": 3}
        self.table.put_item(
            Item={"ServiceName": name, "OwningCluster": "Tango", "Value": value, "Audit": audit}
        )

    @rule(name=NAME, at_once=st.booleans())
    def delete(self, name: str, at_once: bool) -> None:
        self.lives(at_once)
        self.table.delete_item(Key={"ServiceName": name})

    @precondition(lambda self: self.images)
    @rule(data=st.data(), at_once=st.booleans())
    def put_back(self, data: st.DataObject, at_once: bool) -> None:
        """Put back what the table once held, to the byte."""
        self.lives(at_once)
        self.table.put_item(Item=data.draw(st.sampled_from(self.images)))

    @rule(data=st.data(), also=st.booleans(), kill=KILL)
    def roll_back(
        self, data: st.DataObject, also: bool, kill: tuple[str, int] | None = None
    ) -> None:
        """Roll back what the ledger lists, a rollback too: a transaction, a record, a commit, or all since a moment."""
        self.lives(at_once=False)
        listed = self.run("audit", "list", "--kind", "Service", "--format", "json", "--when", "1d")
        lines = [line for line in listed.json["records"] if line["scope"] == "config"]
        if not lines:
            return
        line = data.draw(st.sampled_from(lines[:6]))
        ways = [[line["transaction"]], [line["auditId"]], ["--to", line["at"]]]
        if line["commit"] and line["cause"] == "edited":
            ways.append(["--commit", line["commit"]])
        way = data.draw(st.sampled_from(ways))
        named = ["--also", f"Service/{line['key']}"] if also else []
        codes = WENT_ON | {64}
        with self.killed(kill):
            self.run("rollback", *way, *named, "--yes", "--wait", "5m", codes=codes)

    @rule()
    def look(self) -> None:
        """Read what others changed, and remember how it is."""
        self.follow()
        self.remember()

    @rule(kill=KILL)
    def read(self, kill: tuple[str, int] | None) -> None:
        with self.killed(kill):
            self.follow()

    @rule(hours=st.sampled_from([1, STREAMED_HOURS + 6]))
    def time_passes(self, hours: int) -> None:
        self.clock.sleep(hours * 3600)

    @rule(kill=KILL)
    def archive(self, kill: tuple[str, int] | None) -> None:
        """Have all but the newest records become old, and move."""
        self.follow()
        self.clock.sleep(timedelta(days=70).total_seconds())
        with self.killed(kill):
            self.run("audit", "archive", "--yes")

    @rule()
    def checked(self) -> None:
        self.follow()
        self.check()


def live(lives: int, steps: int) -> None:
    how = settings(
        max_examples=lives,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(LifeOfAnInstallation, settings=how)


@pytest.mark.slow
def test_any_life_is_on_record() -> None:
    live(12, 15)
