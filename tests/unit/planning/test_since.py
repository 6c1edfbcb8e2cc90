"""What is otherwise since an earlier plan: new, gone or another, by object and field, of scopes that both plans know."""

from typing import Any

import pytest

from controller.model.review import Otherwise, Since
from controller.planning.since import LINES_SHOWN, since, since_lines

THEN, NOW = "a" * 64, "b" * 64


def change(action: str = "update", key: str = "search", **fields: Any) -> dict[str, Any]:
    """``fields`` are before and after; one value alone is what comes."""
    made = [
        {"path": path, "before": values[0], "after": values[1]}
        if isinstance(values, tuple)
        else {"path": path, "after": values}
        for path, values in fields.items()
    ]
    return {"action": action, "kind": "Service", "key": key, "fields": made}


def plan(*changes: Any, digest: str = THEN, state: str = "ok", **more: Any) -> dict[str, Any]:
    scope = {"scope": "config", "state": state, "changes": list(changes)}
    return {"digest": digest, "revision": "r1", "scopes": [scope], **more}


def told(then: Any, now: Any) -> list[str]:
    return list(since_lines(since(then, now)))[1:]


@pytest.mark.parametrize(
    ("then", "now", "lines"),
    [
        ([], [], []),
        ([change(port=(1, 2))], [change(port=(1, 2))], []),
        ([], [change(port=(1, 2))], ["new: update Service/search"]),
        ([change("create", port=1)], [], ["gone: create Service/search"]),
        (
            [change(port=(1, 2))],
            [change("delete", port=(1, 2))],
            ["Service/search: update then, delete now"],
        ),
        (
            [change(port=(1, 2))],
            [change(port=(3, 2))],
            ["Service/search port: 1 → 2 then, 3 → 2 now"],
        ),
        (
            [change("create", port=1)],
            [change("create", port=2)],
            ["Service/search port: (absent) → 1 then, (absent) → 2 now"],
        ),
        (
            [change(port=(1, 2), a=(1, 2))],
            [change(port=(1, 2), b=(1, 2))],
            [
                "Service/search a: 1 → 2 then, not changed now",
                "Service/search b: not changed then, 1 → 2 now",
            ],
        ),
        (
            [change(port=(True, 2))],
            [change(port=(1, 2))],
            ["Service/search port: true → 2 then, 1 → 2 now"],
        ),
        (
            [change("stop"), change("start")],
            [change("stop")],
            ["Service/search: stop and start then, stop now"],
        ),
    ],
)
def test_two_plans_differ_by_object_and_field(
    then: list[Any], now: list[Any], lines: list[str]
) -> None:
    assert told(plan(*then), plan(*now)) == lines


def test_what_is_as_it_was_is_counted_and_the_earlier_plan_named() -> None:
    alike = [change(key=f"s{number}", port=(1, 2)) for number in range(1_200)]

    many = list(since_lines(since(plan(*alike), plan(*alike, digest=NOW))))
    one = list(since_lines(since(plan(change()), plan(change(), change(key="other")))))

    assert many == ["plan aaaaaaaaaaaaaaaa: 1,200 changes as then, 0 otherwise"]
    assert one == [
        "plan aaaaaaaaaaaaaaaa: 1 change as then, 1 otherwise",
        "new: update Service/other",
    ]


def test_where_source_and_tables_stood_comes_first() -> None:
    then = plan(change(), plannedFrom={"sequence": 3})
    now = plan(plannedFrom={"sequence": 5}) | {"revision": "r2"}

    assert told(then, now) == [
        "revision: r1 then, r2 now",
        "config record: 3 then, 5 now",
        "gone: update Service/search",
    ]
    assert told(then, plan(change())) == []
    assert told(then, plan(change(), plannedFrom={"sequence": 3})) == []


@pytest.mark.parametrize(
    ("then", "now", "lines"),
    [
        ("ok", "unknown", ["config: ok then, unknown now"]),
        ("waiting", "ok", ["config: waiting then, ok now"]),
        ("unknown", "unknown", ["gone: update Service/search"]),
        ("ok", "refused", ["config: ok then, refused now", "gone: update Service/search"]),
    ],
)
def test_of_a_scope_that_is_not_known_nothing_is_gone(
    then: str, now: str, lines: list[str]
) -> None:
    assert told(plan(change(), state=then), plan(state=now)) == lines


def test_a_scope_that_only_one_planned_is_told_without_its_changes() -> None:
    none: dict[str, Any] = {**plan(), "scopes": []}

    assert told(none, plan(change())) == ["config: not planned then, ok now"]
    assert told(plan(change()), none) == ["config: ok then, not planned now"]


def test_a_scope_in_parts_has_the_states_of_all() -> None:
    then, now = plan(change()), plan(change())
    now["scopes"].append({"scope": "config", "state": "observe", "changes": [change(key="b")]})

    assert told(then, now) == [
        "config: ok then, observe and ok now",
        "new: update Service/b",
    ]


def test_no_more_lines_than_are_read_and_none_longer() -> None:
    many = tuple(
        Otherwise("config", "Service", "k" * 10_000, then="update" * 1000) for _ in range(60)
    )

    lines = list(since_lines(Since(THEN, 0, many)))

    assert len(lines) == LINES_SHOWN + 2
    assert lines[-1] == "and 10 more"
    assert max(map(len, lines)) < 1000
