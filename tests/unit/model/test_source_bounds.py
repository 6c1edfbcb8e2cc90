"""Of the problems of one source the first are told, warnings beside errors, and the rest is counted."""

from controller.model.ref import Origin, Problem, ProblemCode
from controller.model.source_bounds import MAX_PROBLEMS, SOURCE_ROOT, first_problems


def wrong(number: int, *, warning: bool = False) -> Problem:
    return Problem(Origin(f"{number:04}.yaml", 1), "", "wrong", "mend it", warning=warning)


def more(path: str, count: int) -> Problem:
    return Problem(Origin(path, 1), "", "more", code=ProblemCode.MORE, others=count)


def test_few_are_told_in_file_order() -> None:
    assert first_problems([wrong(2), wrong(1, warning=True)]) == (
        wrong(1, warning=True),
        wrong(2),
    )


def test_of_many_the_first_are_told_and_the_rest_counted() -> None:
    found = first_problems(wrong(number) for number in reversed(range(MAX_PROBLEMS + 30)))

    assert found[:-1] == tuple(wrong(number) for number in range(MAX_PROBLEMS))
    assert found[-1].message == "and 30 more problems in this source"
    assert (found[-1].code, found[-1].others) == (ProblemCode.MORE, 30)
    assert (found[-1].origin.path, found[-1].warning) == (SOURCE_ROOT, False)


def test_warnings_take_no_room_from_errors_and_stand_for_none() -> None:
    warnings = [wrong(number, warning=True) for number in range(MAX_PROBLEMS + 5)]

    *told, rest = first_problems([*warnings, wrong(9999)])

    assert told == [*warnings[:MAX_PROBLEMS], wrong(9999)]
    assert (rest.message, rest.warning) == ("and 5 more warnings in this source", True)


def test_what_stands_for_others_counts_as_them_where_it_is_left_out() -> None:
    many = [wrong(number) for number in range(MAX_PROBLEMS)]

    assert more("0099.yaml", 7) in first_problems([*many, more("0099.yaml", 7)])
    assert first_problems([*many, wrong(499), more("0500.yaml", 7)])[-1].others == 8


def test_doing_it_twice_changes_nothing() -> None:
    once = first_problems(wrong(number) for number in range(MAX_PROBLEMS + 30))

    assert first_problems(once) == once
    assert first_problems([*once, wrong(5)])[-1].others == 31
