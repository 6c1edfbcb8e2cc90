"""Python's cyclic collector, told to look rarely while much is read and kept."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SELDOM: Final = 1_000_000
"""Objects made since the last look, where Python's own measure is 700: more than the answers of eight looks at a thousand instances each, read side by side."""
NEVER: Final = 0


@contextmanager
def relaxed_gc(after: int = SELDOM) -> Iterator[None]:
    """Let the collector look only ``after`` so many new objects, or never.

    Walking all that is kept, again and again, takes a tenth of a run and frees nothing; of a load, which makes and keeps
    many small values, more. It is one of the whole process: for whoever begins a run, not for threads within it.
    """
    usual = gc.get_threshold()
    gc.set_threshold(usual[0] and after and max(usual[0], after), *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
