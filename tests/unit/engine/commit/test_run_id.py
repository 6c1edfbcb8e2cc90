from datetime import UTC, datetime, timedelta

from controller.engine.commit.run_id import new_run_id

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def test_names_of_runs_sort_by_time_and_differ() -> None:
    names = [new_run_id(NOW + timedelta(milliseconds=number)) for number in range(50)]

    assert names == sorted(names)
    assert {len(name) for name in names} == {26}
    assert new_run_id(NOW) != new_run_id(NOW)
