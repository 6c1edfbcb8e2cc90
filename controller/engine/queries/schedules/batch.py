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


def state_answers(lines: Iterable[bytes], now: datetime) -> Iterator[bytes]:
    """Answer ``{"schedule", "utc"}`` with ``{"state"}``; a line that is none is ``invalid`` and says why."""
    return _answers(lines, lambda line: {**evaluate_line(line, now)}, {"state": INVALID})


def decision_answers(lines: Iterable[bytes], now: datetime) -> Iterator[bytes]:
    """Answer the facts of an instance with ``{"action", "source", "reason"}``; a line that is none has no action and says why."""
    refusal = {"action": None, "source": None, "reason": None}
    return _answers(lines, lambda line: {**answer(decide_case(line, now))}, refusal)


def _answers(
    lines: Iterable[bytes], answerer: Callable[[Mapping[str, object]], Answer], refusal: Answer
) -> Iterator[bytes]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            asked = orjson.loads(line)
            no_object = {**refusal, "error": f"line {number}: no JSON object"}
            answered = answerer(asked) if isinstance(asked, dict) else no_object
        except orjson.JSONDecodeError as error:
            answered = {**refusal, "error": f"line {number}: no JSON: {error}"}
        except MalformedLine as error:
            answered = {**refusal, "error": f"line {number}: {error}"}
        yield orjson.dumps(answered, option=orjson.OPT_APPEND_NEWLINE)
