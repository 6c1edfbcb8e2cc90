"""A stream read from where it was left until nothing comes any more: shards in their order, iterators that expire."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from controller.aws.streams import IteratorExpired, Shard, StreamEvent, TableStream
from controller.engine.streams.checkpoint import Position

EMPTY_PAGES: Final = 4
"""An open shard that answered with nothing so often in a row is read to its end."""


class Drained(NamedTuple):
    """A page of one shard, and how far the shard is read with it."""

    shard: str
    events: tuple[StreamEvent, ...]
    position: Position


@dataclass(slots=True)
class StreamDrain:
    """Reads one stream. Iterators are kept between drains, so that what is open is read on without looking for the place."""

    stream: TableStream
    empty_pages: int = EMPTY_PAGES
    shards: frozenset[str] = field(default=frozenset(), init=False)
    """Those there were at the last drain."""
    _iterators: dict[str, str] = field(default_factory=dict, init=False)

    def pages(self, positions: Mapping[str, Position]) -> Iterator[Drained]:
        """Yield what follows the positions, by shard: what a shard goes on from comes before it.

        Raises PositionLost, and as any read; what was yielded before is as good as without.
        """
        finished = {shard for shard, position in positions.items() if position.is_finished}
        while True:
            shards = {shard.id: shard for shard in self.stream.shards()}
            self.shards = frozenset(shards)
            ready = [shard for shard in shards.values() if shard.id not in finished]
            ready = [s for s in ready if s.parent not in shards or s.parent in finished]
            ended = False
            for shard in ready:
                position = positions.get(shard.id, Position())
                for drained in self._pages_of(shard, position.after):
                    yield drained
                    if drained.position.is_finished:
                        finished.add(shard.id)
                        ended = True
            if not ended:
                return

    def _pages_of(self, shard: Shard, after: str) -> Iterator[Drained]:
        iterator = self._iterators.pop(shard.id, "") or self.stream.iterator(shard.id, after)
        empty = 0
        while True:
            try:
                page = self.stream.read(iterator)
            except IteratorExpired:
                iterator = self.stream.iterator(shard.id, after)
                continue
            after = page.events[-1].sequence if page.events else after
            has_ended = page.next_iterator is None
            if page.events or has_ended:
                yield Drained(shard.id, page.events, Position(after, has_ended))
            if page.next_iterator is None:
                return
            iterator = page.next_iterator
            empty = 0 if page.events else empty + 1
            if empty >= self.empty_pages and not shard.is_closed:
                self._iterators[shard.id] = iterator
                return
