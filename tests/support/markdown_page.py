"""A comment as a code host reads it: made HTML of by a CommonMark parser, with what stands in code kept apart."""

from html.parser import HTMLParser
from typing import Final

from markdown_it import MarkdownIt

_CODE: Final = frozenset({"code", "pre"})
_VOID: Final = frozenset({"br", "hr", "img", "input"})


class MarkdownPage(HTMLParser):
    """``said`` is the text outside of code, where a host looks for mentions, references and addresses."""

    def __init__(self, markdown: str) -> None:
        """Read a comment. Fails for tags that are not closed in their order."""
        super().__init__()
        self.said = ""
        self.code = ""
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.headings = 0
        self._open: list[str] = []
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.headings += tag in {"h1", "h2", "h3", "h4", "h5", "h6"}
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if _CODE & {*self._open}:
            self.code += data
        else:
            self.said += data
