"""Works as messages: what is written is read back, and nothing else is read."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.work import Job, Work, WorkProblem, dedup_id, time_bucket, work_of

WORK = Work(
    scope="012345670123/eu-west-1",
    job=Job.POWER,
    dedup="a",
    asked_at=datetime(2026, 3, 2, 8, tzinfo=UTC),
    trigger="tick",
    details={"commit": "9f1e0aa"},
)


def with_fields(**fields: Any) -> bytes:
    return json.dumps(json.loads(WORK.body()) | fields).encode()


def test_a_work_is_read_back_as_it_was_written() -> None:
    assert work_of(WORK.body(), WORK.scope) == WORK
    there = replace(WORK, asked_at=WORK.asked_at.astimezone(timezone(timedelta(hours=2))))
    assert work_of(there.body(), WORK.scope).asked_at == WORK.asked_at


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"x" * (65 << 10), "longer than 64 KiB"),
        (b"{", "not JSON"),
        (b"[]", "no work of format 1"),
        (with_fields(formatVersion=2), "no work of format 1"),
        (with_fields(scope=None), "scope is not"),
        (with_fields(dedup="a b"), "dedup is not"),
        (with_fields(scope="config"), "message group"),
        (with_fields(job="terminate"), "a job that does not exist"),
        (with_fields(trigger=1), "trigger"),
        (with_fields(trigger="x" * 129), "trigger"),
        (with_fields(askedAt=1), "askedAt"),
        (with_fields(askedAt="yesterday"), "askedAt"),
        (with_fields(askedAt="2026-03-02T08:00:00"), "askedAt"),
        (with_fields(details=[]), "details"),
        (with_fields(details={str(n): "" for n in range(17)}), "details"),
        (with_fields(details={"a": 1}), "a detail"),
        (with_fields(details={"a": "x" * 1025}), "a detail"),
    ],
)
def test_anything_else_is_refused_with_the_reason(body: bytes, words: str) -> None:
    with pytest.raises(WorkProblem, match=words):
        work_of(body, WORK.scope)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with pytest.raises(WorkProblem):
        work_of(body, WORK.scope)


def test_the_same_question_within_a_bucket_has_one_id_everywhere() -> None:
    at = datetime(2026, 3, 2, 8, 0, 59, tzinfo=UTC)
    ids = {
        dedup_id("config", Job.LOOK, time_bucket(at + timedelta(seconds=second), 60))
        for second in range(3)
    }
    assert len(ids) == 2
    assert dedup_id("x" + "x" * 200, Job.LOOK, "1") != dedup_id("x" + "x" * 201, Job.LOOK, "1")
    assert len(dedup_id("x" + "x" * 200, Job.LOOK, "1")) <= 128
