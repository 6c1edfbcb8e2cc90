"""Python's cyclic collector, told to look rarely while much is read and kept."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_CALM: Final = 100_000
"""Objects made since the last look, where Python's own measure is 700."""


@contextmanager
def relaxed_gc() -> Iterator[None]:
    """Let the collector look rarely: walking all that is kept, again and again, takes a tenth of a run and frees nothing.

    It is one of the whole process: for whoever begins a run, not for threads within it.
    """
    usual = gc.get_threshold()
    gc.set_threshold(usual[0] and max(usual[0], _CALM), *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
