"""How a job ended is kept, and when it was done last."""

from datetime import timedelta

import pytest

from controller.engine.state.job_rows import JobEnd, job_end_of_row, job_ends_in, write_job_end
from controller.model.ref import Reason
from controller.redactor import REDACTOR
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, START, Estate

TABLE = PREFIX + STATE_TABLE.name


def test_a_failure_leaves_known_when_it_was_done_last() -> None:
    store, later = Estate().store, START + timedelta(days=1)

    write_job_end(store, TABLE, "snapshot", START)
    write_job_end(store, TABLE, "snapshot", later, "the bucket is gone")

    assert job_ends_in(store.items(TABLE)) == {
        "snapshot": JobEnd("snapshot", later, Reason("the bucket is gone"), START)
    }


def test_a_secret_is_not_kept() -> None:
    store = Estate().store
    REDACTOR.tell("a-very-secret-thing")

    write_job_end(store, TABLE, "snapshot", START, "said: a-very-secret-thing")

    assert job_ends_in(store.items(TABLE))["snapshot"].because == "said: ***"


@pytest.mark.parametrize(
    "row",
    [{}, {"Id": "job#x"}, {"Id": "job#x", "At": 7, "Because": ""}, {"Id": "job#x", "At": "?"}],
)
def test_a_damaged_row_says_nothing(row: dict[str, object]) -> None:
    assert job_end_of_row(row) is None
