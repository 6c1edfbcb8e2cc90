"""Laws of packing: order kept, limits kept, nothing parted, no transaction smaller than it need be."""

from hypothesis import given
from hypothesis import strategies as st

from controller.engine.commit.transaction import MAX_BYTES, MAX_ITEM_WRITES, Load, prefix_length

loads = st.lists(
    st.builds(
        Load,
        st.integers(1, 3),
        st.integers(100, 900_000),
        st.frozensets(st.integers(0, 60), min_size=1, max_size=3),
    ),
    max_size=80,
)


@given(loads)
def test_every_prefix_is_as_long_as_it_can_be_and_no_longer(waiting: list[Load]) -> None:
    while waiting:
        count = prefix_length(waiting)
        assert 1 <= count <= len(waiting)
        batch, rest = waiting[:count], waiting[count:]
        if count > 1:
            assert fits(batch)
        if rest:
            assert not fits([*batch, rest[0]])
        waiting = rest


def fits(batch: list[Load]) -> bool:
    keys = [key for load in batch for key in load.keys]
    return (
        sum(load.writes for load in batch) <= MAX_ITEM_WRITES
        and sum(load.bytes for load in batch) <= MAX_BYTES
        and len(keys) == len(set(keys))
    )


def test_no_more_is_looked_at_than_is_needed() -> None:
    looked_at = 0

    def endless() -> object:
        nonlocal looked_at
        while True:
            looked_at += 1
            yield Load(1, 1, frozenset({looked_at}))

    assert prefix_length(endless()) == MAX_ITEM_WRITES  # type: ignore[arg-type]  # an iterator, told as object
    assert looked_at == MAX_ITEM_WRITES + 1


def test_nothing_is_nothing() -> None:
    assert prefix_length([]) == 0


def test_fewer_changes_when_asked() -> None:
    assert prefix_length([Load(1, 1, frozenset({n})) for n in range(9)], max_changes=4) == 4
