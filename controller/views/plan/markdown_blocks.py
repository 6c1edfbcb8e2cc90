"""Pieces of a Markdown comment that hold text of others: where it stands nothing of it is read as Markdown, HTML, link or mention.

Others' text stands in code alone: in a fence, in a code span, or in ``<code>`` of a summary, as code hosts look for neither
mentions nor references there. Sizes are bytes of UTF-8, which no host's count of characters exceeds.
"""

import re
from collections.abc import Sequence
from html import escape
from itertools import accumulate
from typing import NamedTuple
from urllib.parse import quote

_INVISIBLE_STEP = "&#8203;"
"""A zero-width space behind a sign: a second fence where a host looks for mentions in code, too."""


class Block(NamedTuple):
    """A piece that can be cut: lines between a head and a tail that belong together."""

    head: str
    lines: tuple[str, ...]
    tail: str

    def __str__(self) -> str:
        """Return all of it."""
        return "".join((self.head, *self.lines, self.tail))

    def cut(self, room: int) -> "Block | None":
        """Return it with as many lines as fit into ``room`` bytes; None where none does."""
        left = room - size(self.head) - size(self.tail)
        kept = sum(length <= left for length in accumulate(map(size, self.lines)))
        return self._replace(lines=self.lines[:kept]) if kept else None


def size(text: str) -> int:
    """Return how many bytes a text has in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def fenced(head: str, lines: Sequence[str], tail: str, *, language: str = "diff") -> Block:
    """Return lines, each with its line feed, as code between a head and a tail of ours."""
    if not lines:
        return Block(head, ("",), tail)
    fence = "`" * max(3, 1 + _longest_run("".join(lines)))
    return Block(f"{head}{fence}{language}\n", tuple(lines), f"{fence}\n{tail}")


def code_span(text: str) -> str:
    """Return a text of one line as code within a line."""
    if not text.strip():
        return ""
    ticks = "`" * (1 + _longest_run(text))
    # One space on either side is taken away again.
    room = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{ticks}{room}{text}{room}{ticks}"


def summary_code(text: str) -> str:
    """Return a text as code inside an HTML block, where Markdown is not read."""
    safe = re.sub("[@#]", lambda found: found[0] + _INVISIBLE_STEP, escape(text, quote=False))
    # ``escape`` writes no number signs itself, as quotes are left.
    return f"<code>{safe}</code>"


def linked(html: str, url: str) -> str:
    """Return HTML of ours as a link; as it is where there is no address."""
    return f'<a href="{escape(url)}">{html}</a>' if url else html


def file_url(prefix: str, path: str, line: int) -> str:
    """Return the address of a line of a file on GitHub or GitLab, which is below ``prefix``; empty where either is not known."""
    if not prefix or not path or path.endswith("/"):
        return ""
    return f"{prefix.rstrip('/')}/{quote(path)}{f'#L{line}' if line else ''}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
