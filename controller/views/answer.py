"""An answer to a question, whoever asks it: from a command or over HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.errors import ExitCode
from controller.views.style import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``document`` is the name of its schema; ``fields`` and ``text`` are made when they are asked for."""

    document: str
    fields: Callable[[], Mapping[str, object]]
    text: Callable[[], str]
    fitted: Callable[[int], str] | None = None
    """The text with tables no wider than so many characters; None where it has no tables."""
    remarks: tuple[str, ...] = ()
    """What is said about it besides."""
    exit_code: ExitCode = ExitCode.DONE
    styled: Callable[[], tuple[Line, ...]] | None = None
    """The text where it has colours on a terminal."""
