"""Text of others as it may be printed: nothing in it steers a terminal, turns the direction of reading, ends a line or stays unseen.

Names and values come from files, tables and answers that others write.
"""

import re
from typing import Final

LONGEST_NAME: Final = 128
"""Of somebody who says what they are called."""
LONGEST_LINE: Final = 200
"""Of an author, a commit's subject, an override's reason, as records keep them."""
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that print as nothing, although they count as printable."""

_DIGITS: Final = re.compile("[0-9a-f]+")

_JSON_ESCAPED: Final = re.compile("[\x7f-\U0010ffff]")


def printable(text: str) -> str:
    """Return text as one line, what does not print written as an escape: ``\\n``, ``\\x1b``, ``\\u202e``."""
    if text.isprintable() and (text.isascii() or not _UNSEEN.search(text)):
        return text
    return "".join(map(_escaped, text))


def in_short(text: str, longest: int = LONGEST_LINE) -> str:
    """Return text as one line, as ``printable``, of at most so many characters."""
    shown = printable(text[: longest + 1])
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"


def revision_text(revision: str, digits: int = 7) -> str:
    """Return a commit, or a digest of files, by its first digits; what is none (``snapshot:01K…``) as it is, on one line."""
    bare = revision.removeprefix("sha256:")
    return bare[:digits] if _DIGITS.fullmatch(bare) else printable(revision)


def printable_lines(text: str) -> str:
    """Return text whose line feeds and tabs are meant, each line of it printable."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def printable_json(data: bytes) -> bytes:
    """Return JSON in UTF-8 with the same values, what does not print written as JSON's own escapes."""
    if data.isascii() and b"\x7f" not in data:
        return data
    return _JSON_ESCAPED.sub(_as_json, data.decode()).encode()


def _is_seen(character: str) -> bool:
    return character.isprintable() and not _UNSEEN.match(character)


def _escaped(character: str) -> str:
    return character if _is_seen(character) else character.encode("unicode_escape").decode()


def _as_json(found: re.Match[str]) -> str:
    character = found[0]
    if _is_seen(character):
        return character
    pairs = character.encode("utf-16-be").hex()
    return "".join(f"\\u{pairs[at : at + 4]}" for at in range(0, len(pairs), 4))
