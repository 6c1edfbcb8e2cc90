"""Batch answers: a JSON object a line in, a JSON object a line out, whatever is in the lines."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from controller.scheduling.recorded_case import (
    INVALID,
    MalformedLine,
    answer,
    decide_case,
    evaluate_line,
)

Answer = dict[str, Any]
Answerer = Callable[[Mapping[str, object]], Answer]


def state_answers(lines: Iterable[bytes], now: datetime) -> Iterator[bytes]:
    """Answer ``{"schedule", "utc"}`` with ``{"state"}``; a line that is none is ``invalid`` and says why."""
    return _answers(
        lines,
        lambda line: evaluate_line(line, now),
        lambda why: {"state": INVALID, "error": why},
    )


def decision_answers(lines: Iterable[bytes], now: datetime) -> Iterator[bytes]:
    """Answer the facts of an instance with ``{"action", "source", "reason"}``; a line that is none has no action and says why."""
    return _answers(
        lines,
        lambda line: dict(answer(decide_case(line, now))),
        lambda why: {"action": None, "source": None, "reason": None, "error": why},
    )


def _answers(
    lines: Iterable[bytes], answerer: Answerer, refuse: Callable[[str], Answer]
) -> Iterator[bytes]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield orjson.dumps(
                _answer(number, line, answerer, refuse), option=orjson.OPT_APPEND_NEWLINE
            )


def _answer(
    number: int, line: bytes, answerer: Answerer, refuse: Callable[[str], Answer]
) -> Answer:
    try:
        asked = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return refuse(f"line {number}: no JSON: {error}")
    if not isinstance(asked, dict):
        return refuse(f"line {number}: no JSON object")
    try:
        return answerer(asked)
    except MalformedLine as error:
        return refuse(f"line {number}: {error}")
