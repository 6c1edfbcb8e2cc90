"""Many new files parsed by several processes at once. What comes out is what one process would make of them."""

import os
import pickle
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from tempfile import TemporaryFile
from typing import IO, Final

from controller.loading.envelope import parse_file
from controller.loading.load import Content, Parsed, parse_one_by_one

MIN_BYTES: Final = 1024 * 1024
"""Less than some three thousand objects, a fifth of a second, is not worth a process."""
MAX_PROCESSES: Final = 4


def parse_side_by_side(contents: Iterable[Content], kinds: Collection[str]) -> Iterable[Parsed]:
    """Parse files, in order, by as many processes as pay.

    A process is forked, so that it has the texts without their being sent. That is safe only while no other thread
    could hold a lock at that moment: a program of several threads parses by itself.
    """
    waiting, processes = list(contents), 1
    is_much = sum(len(data) for _, data in waiting) >= MIN_BYTES
    if is_much and threading.active_count() == 1 and hasattr(os, "sched_getaffinity"):
        processes = min(len(os.sched_getaffinity(0)), MAX_PROCESSES)
    return _parse(_parts(waiting, processes), kinds)


def _parts(contents: Sequence[Content], count: int) -> list[Sequence[Content]]:
    """Cut a list of files into parts of about the same number of bytes."""
    share = sum(len(data) for _, data in contents) / count
    parts: list[list[Content]] = [[]]
    size = 0
    for content in contents:
        if len(parts) < count and size >= share * len(parts):
            parts.append([])
        parts[-1].append(content)
        size += len(content[1])
    return list(parts)


def _parse(parts: Sequence[Sequence[Content]], kinds: Collection[str]) -> Iterator[Parsed]:
    """Parse the first part here, each other in a process of its own meanwhile."""
    first, *others = parts
    running = [(part, *_start(part, kinds)) for part in others]
    yield from list(parse_one_by_one(first, kinds))
    for part, process, answer in running:
        process.join()
        with answer:
            if process.exitcode:  # it was ended from outside, or there was no room for its answer
                yield from parse_one_by_one(part, kinds)
            else:
                answer.seek(0)
                for content_id, _ in part:
                    yield content_id, pickle.load(answer)  # noqa: S301 - our own process wrote it


def _start(part: Sequence[Content], kinds: Collection[str]) -> tuple[BaseProcess, IO[bytes]]:
    # A file, not a pipe: nobody reads yet. And file by file, as one large answer, read back at once, leaves the
    # process a sixth more memory, in pieces.
    answer = TemporaryFile(prefix="envctl-parsed-")  # noqa: SIM115 - closed by whoever reads it
    process = get_context("fork").Process(
        target=_parse_into, args=(answer, part, kinds), daemon=True
    )
    process.start()
    return process, answer


def _parse_into(answer: IO[bytes], part: Sequence[Content], kinds: Collection[str]) -> None:
    for _, data in part:
        pickle.dump(parse_file(data, kinds), answer)
    answer.flush()
