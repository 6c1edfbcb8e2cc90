"""Files parsed by several processes say what they say to one."""

import os
from collections.abc import Collection, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.engine.desired.load_revision import (
    MANY_BYTES,
    MIN_BYTES,
    _parse,
    _parts,
    parse_many,
    parse_side_by_side,
)
from controller.loading.load import Content, parse_one_by_one
from tests.support.yaml_fleet import KINDS, examples

CONTENTS = [(f"id of {path}", text.encode()) for path, text in examples().items()]

# Forking beside a thread of the test runner is what newer versions of Python warn of.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


class EndedFromOutside(Collection[str]):
    """Names of kinds that end the process that asks for one, unless it is this one."""

    def __init__(self) -> None:
        self.here = os.getpid()

    def __contains__(self, name: object) -> bool:
        if os.getpid() != self.here:
            os._exit(9)
        return name in KINDS

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_it_is_what_one_process_makes_of_them_in_the_same_order(count: int) -> None:
    found = list(_parse(_parts(CONTENTS, count), KINDS))

    assert found == list(parse_one_by_one(CONTENTS, KINDS))


def test_the_work_of_a_process_that_was_ended_is_done_all_the_same() -> None:
    found = list(_parse(_parts(CONTENTS, 2), EndedFromOutside()))

    assert found == list(parse_one_by_one(CONTENTS, KINDS))


def test_a_few_files_and_none_are_parsed_here() -> None:
    assert sum(len(data) for _, data in CONTENTS) < MIN_BYTES
    assert dict(parse_side_by_side(iter(CONTENTS), EndedFromOutside())) == dict(
        parse_one_by_one(CONTENTS, KINDS)
    )
    assert list(parse_side_by_side([], KINDS)) == []


def test_many_are_parsed_by_their_lines_and_say_the_same() -> None:
    irregular = [("not by its lines", b"a: |\n  b\n"), ("not at all", b"a: [b\n")]
    contents = [*CONTENTS, *irregular, ("much", b"# x\n" * (MANY_BYTES // 4) + CONTENTS[0][1])]

    wanted = list(parse_one_by_one(contents, KINDS))

    assert list(parse_many(contents, KINDS)) == wanted
    assert list(parse_side_by_side(contents, KINDS)) == wanted


@given(st.lists(st.integers(0, 50)), st.integers(1, 4))
def test_parts_are_the_whole_in_order_and_about_equal(sizes: list[int], count: int) -> None:
    contents: list[Content] = [(str(n), b"x" * size) for n, size in enumerate(sizes)]

    parts = _parts(contents, count)

    assert [content for part in parts for content in part] == contents
    assert 1 <= len(parts) <= count
    for part in parts:
        assert sum(len(data) for _, data in part) <= sum(sizes) / count + max(sizes, default=0)
