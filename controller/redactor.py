"""The secrets this process came to know, taken out of every text that leaves it.

One for the process, not an argument: what prints, writes or sends must not be able to forget it. Whoever reads a secret tells it
here before anything else is done with it.
"""

import json
import re
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

HIDDEN: Final = "***"
"""Stands for a secret."""
SHORTEST: Final = 8
"""Shorter values are no secrets worth the name, and words of every text."""
LONGEST: Final = 64 * 1024
"""Bytes of a secret: what Secrets Manager keeps at most."""
QUOTED: Final = 12
"""So many characters of a secret in a row are taken out of texts of others, who quote in part."""
LONGEST_QUOTE: Final = 20_000
"""Texts of others are cut before they are searched for parts."""


_IN_TAGS: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_QUOTES: Final = str.maketrans({'"': "&quot;", "'": "&#x27;"})


class Redactor:
    """Knows secrets in every form in which texts hold them. Thread-safe."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lock = threading.Lock()
        self._values: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()
        self._parts: frozenset[str] = frozenset()

    def tell(self, *values: str) -> None:
        """Take secrets out of every text from now on; those of fewer than ``SHORTEST`` characters cannot be."""
        told = frozenset(value for value in values if len(value.strip()) >= SHORTEST)
        if told <= self._values:
            return
        with self._lock:
            new = told - self._values
            forms = {form for value in new for form in _forms(value[:LONGEST].strip())}
            parts = {
                form[at : at + QUOTED] for form in forms for at in range(len(form) - QUOTED + 1)
            }
            self._forms = tuple(sorted({*self._forms, *forms}, key=lambda form: (-len(form), form)))
            self._parts = self._parts | parts
            self._values |= new

    def forget(self) -> None:
        """Know nothing again: for one process that plays several, such as tests."""
        with self._lock:
            self._values, self._forms, self._parts = frozenset(), (), frozenset()

    def redact(self, text: str) -> str:
        """Return the text with ``***`` for every secret."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, HIDDEN)
        return text

    def redact_quoted(self, text: str) -> str:
        """Return a text of others, at most ``LONGEST_QUOTE`` of it, with ``***`` for every secret and every longer part of one."""
        text = self.redact(text)[:LONGEST_QUOTE]
        if not self._parts:
            return text
        shown: list[str] = []
        at = hidden_to = 0
        for at in range(len(text)):
            if text[at : at + QUOTED] in self._parts:
                if at >= hidden_to:
                    shown.append(HIDDEN)
                hidden_to = at + QUOTED
            if at >= hidden_to:
                shown.append(text[at])
        return "".join(shown)

    def redact_bytes(self, content: bytes) -> bytes:
        """Return UTF-8 text with ``***`` for every secret; what is no UTF-8 in it stays."""
        if not self._forms:
            return content
        return self.redact(content.decode(errors="surrogateescape")).encode(
            errors="surrogateescape"
        )

    def redact_values(self, value: Any) -> Any:
        """Return plain data with every text in it redacted; the names of its fields stay."""
        if not self._forms:
            return value
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {name: self.redact_values(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.redact_values(part) for part in value]
        return value


REDACTOR: Final = Redactor()
"""The one of this process."""


def _forms(value: str) -> Iterator[str]:
    """Yield the forms of a secret, and of its lines, that are long enough."""
    collapsed = " ".join(value.split())
    for text in {value, collapsed, *map(str.strip, value.splitlines())}:
        if len(text) >= SHORTEST:
            yield from (form for form in _written(text) if len(form) >= SHORTEST)


def _written(text: str) -> Iterable[str]:
    yield text
    escaped = json.dumps(text)[1:-1]
    yield escaped
    yield json.dumps(escaped)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    yield quote(text, safe="")
    yield quote(text)
    yield re.sub("%..", lambda found: found[0].lower(), quote(text, safe=""))
    yield quote_plus(text)
    yield text.translate(_IN_TAGS)
    yield text.translate(_IN_TAGS | _IN_QUOTES)
    data = text.encode(errors="surrogatepass")
    for before in range(3):
        # The characters of base64 that depend on these bytes alone, wherever they stand.
        first, end = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        yield b64encode(b"\0" * before + data).decode()[first:end]
        yield urlsafe_b64encode(b"\0" * before + data).decode()[first:end]
