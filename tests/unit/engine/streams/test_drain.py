"""Shards in their order, iterators that expire, positions that are gone, pages with nothing in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from controller.aws.streams import (
    EventPage,
    IteratorExpired,
    PositionLost,
    Shard,
    StreamEvent,
    TableStream,
)
from controller.engine.streams.checkpoint import Position
from controller.engine.streams.drain import StreamDrain

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)


def event(sequence: int) -> StreamEvent:
    return StreamEvent(f"e{sequence}", "INSERT", {}, None, {}, f"{sequence:03}", AT)


@dataclass
class Shards:
    """A stream by hand: pages of each shard; an iterator is the shard and the page."""

    pages: dict[str, list[tuple[int, ...]]]
    parents: dict[str, str] = field(default_factory=dict)
    is_open: frozenset[str] = frozenset()
    expires: set[str] = field(default_factory=set)
    trimmed: set[str] = field(default_factory=set)
    begun: list[tuple[str, str]] = field(default_factory=list)
    arn: str = "stream"

    def shards(self) -> tuple[Shard, ...]:
        return tuple(
            Shard(name, self.parents.get(name, ""), name not in self.is_open) for name in self.pages
        )

    def iterator(self, shard: str, after: str) -> str:
        if shard in self.trimmed:
            raise PositionLost("gone")
        self.begun.append((shard, after))
        pages = self.pages[shard]
        first = next(
            (n for n, page in enumerate(pages) if any(f"{e:03}" > after for e in page)), len(pages)
        )
        return f"{shard}:{first}"

    def read(self, iterator: str) -> EventPage:
        if iterator in self.expires:
            self.expires.remove(iterator)
            raise IteratorExpired("late")
        shard, _, number = iterator.partition(":")
        page = self.pages[shard][int(number) :][:1]
        events = tuple(map(event, page[0])) if page else ()
        last = int(number) + 1 >= len(self.pages[shard]) and shard not in self.is_open
        return EventPage(events, None if last else f"{shard}:{int(number) + 1}")


def drained(
    shards: Shards, positions: dict[str, Position] | None = None, empty_pages: int = 2
) -> tuple[list[tuple[str, list[str]]], dict[str, Position]]:
    known = dict(positions or {})
    drain = StreamDrain(cast("TableStream", shards), empty_pages)
    return list(taken(drain, known)), known


def taken(drain: StreamDrain, positions: dict[str, Position]) -> Iterator[tuple[str, list[str]]]:
    for page in drain.pages(positions):
        positions[page.shard] = page.position
        yield page.shard, [found.event_id for found in page.events]


def ids(pages: list[tuple[str, list[str]]]) -> list[str]:
    return [event_id for _, found in pages for event_id in found]


def test_what_a_shard_goes_on_from_comes_first() -> None:
    shards = Shards(
        {"child": [(5,)], "other": [(2,)], "grandchild": [(6,)], "parent": [(1,), (3,)]},
        parents={"child": "parent", "grandchild": "child", "other": "gone"},
        is_open=frozenset({"grandchild"}),
    )
    found, positions = drained(shards)
    order = [shard for shard, _ in found]
    assert order.index("parent") < order.index("child") < order.index("grandchild")
    assert ids(found) == ["e2", "e1", "e3", "e5", "e6"]
    assert positions["parent"] == Position("003", is_finished=True)
    assert positions["grandchild"] == Position("006")


def test_a_shard_is_read_on_where_it_was_left_and_a_finished_one_not_at_all() -> None:
    shards = Shards({"done": [(1,)], "open": [(2,), (3,)]}, is_open=frozenset({"open"}))
    positions = {"done": Position("001", is_finished=True), "open": Position("002")}
    assert drained(shards, positions)[0] == [("open", ["e3"])]
    assert shards.begun == [("open", "002")]


def test_an_expired_iterator_is_had_again_from_the_position() -> None:
    shards = Shards({"s": [(1,), (2,)]}, expires={"s:1"})
    assert ids(drained(shards)[0]) == ["e1", "e2"]
    assert shards.begun == [("s", ""), ("s", "001")]


@pytest.mark.parametrize(("empty_pages", "found"), [(3, ["e1", "e2"]), (2, ["e1"])])
def test_an_empty_page_is_not_the_end(empty_pages: int, found: list[str]) -> None:
    shards = Shards({"s": [(1,), (), (), (2,)]}, is_open=frozenset({"s"}))
    pages, _ = drained(shards, empty_pages=empty_pages)
    assert ids(pages) == found


def test_of_a_closed_shard_every_page_is_read() -> None:
    shards = Shards({"s": [(1,), (), (), (), (2,)]})
    assert ids(drained(shards, empty_pages=1)[0]) == ["e1", "e2"]


def test_an_open_shard_is_read_on_by_the_iterator_it_was_left_with() -> None:
    shards = Shards({"s": [(1,)]}, is_open=frozenset({"s"}))
    drain, positions = StreamDrain(cast("TableStream", shards), 1), dict[str, Position]()
    assert list(taken(drain, positions)) == [("s", ["e1"])]
    shards.pages["s"] += [(), (2,)]
    assert list(taken(drain, positions)) == [("s", ["e2"])]
    assert shards.begun == [("s", "")]


def test_a_position_that_is_gone_is_told() -> None:
    shards: Any = Shards({"s": [(1,)]}, trimmed={"s"})
    with pytest.raises(PositionLost):
        drained(shards)
