"""What mkdocs is told beside mkdocs.yml: navigation by shelves, pictures drawn as it builds, and no page that is shown wrongly.

Pages are written for whoever reads them in the repository; here links to folders and to files outside docs/ become what a site
has. Whatever is wrong is a warning, which ends a strict build.
"""

import logging
import re
from pathlib import Path
from typing import Any

from mermaid_render import mermaid_to_svg
from mkdocs.structure.files import File

SHELVES = {
    "tutorial": "Tutorial",
    "how-to": "How-to",
    "reference": "Reference",
    "runbooks": "Runbooks",
    "explanation": "Explanation",
    "adr": "Decisions",
}
_LOG = logging.getLogger("mkdocs.hooks.site")
_DOCS = Path(__file__).parent
_PICTURE = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[([^]]+)\]\(([^)#:]+)\)")
_FOREIGN = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"?(?:https?:)?//[^\" >]+")
_CELL = re.compile(r"<td.*?</td>", re.DOTALL)
_CODE = re.compile(r"(?<=<code>)[^<]+(?=</code>)")
_SEAM = re.compile(r"(?<=[:._/=])(?=\w)|(?<=[a-z])(?=[A-Z])")
_NOT_A_BLOCK = re.compile(r"<p>[^<]*(?:<(?!/p>)[^<]*)*?\n *(?:[*-] |\d+\. |\| )")


def _title(page: Path) -> str:
    found = re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{page} has no title"
    return found[1]


def _pages(folder: str) -> list[tuple[str, str]]:
    """Return title and path of a folder's pages, README first and then by title; decisions by number."""
    pages = sorted(_DOCS.glob(f"{folder}/*.md"))
    found = [(_title(page), str(page.relative_to(_DOCS))) for page in pages]
    key = {"adr": lambda one: one[1]}.get(folder, lambda one: ("README" not in one[1], one[0]))
    return sorted(found, key=key)


def on_config(config: Any) -> Any:
    """Lay out the shelves: the page that lists one comes first, the others by name."""
    config.nav = [{"Home": "README.md"}]
    for folder, name in SHELVES.items():
        below = [{title: path} for title, path in _pages(f"{folder}/kinds")]
        pages = [{title: path} for title, path in _pages(folder)]
        nested = [{"Kinds": below}] if below else []
        config.nav.append({name: [f"{folder}/index.md", *pages, *nested]})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add to each shelf the page that lists it."""
    for folder, name in SHELVES.items():
        below = _pages(f"{folder}/kinds")[:1]
        lines = [
            f"* [{title}]({Path(path).relative_to(folder)})"
            for title, path in [*_pages(folder), *below]
        ]
        text = "\n".join([f"# {name}", "", *lines, ""])
        files.append(File.generated(config, f"{folder}/index.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Draw the pictures; lead links to a folder to its list, and name files that the site does not have."""
    here = (_DOCS / page.file.src_uri).parent

    def link(found: re.Match[str]) -> str:
        there = (here / found[2]).resolve()
        if there.is_dir() and there.is_relative_to(_DOCS):
            return f"[{found[1]}]({found[2].rstrip('/')}/index.md)"
        if there.exists() and not there.is_relative_to(_DOCS):
            return f"{found[1]} (`{there.relative_to(_DOCS.parent)}`)"
        return found[0]

    drawn = _PICTURE.sub(lambda found: mermaid_to_svg(found[1]).decode() + "\n", markdown)
    return _LINK.sub(link, drawn)


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Warn of a list or a table that Markdown took for a part of the paragraph before it."""
    if found := _NOT_A_BLOCK.search(html):
        _LOG.warning(
            "%s: no list or table for want of an empty line: %s", page.file.src_uri, found[0][-80:]
        )
    return html


def on_post_page(output: str, **_: Any) -> str:
    """Let long names in tables be broken where their words meet, so that no column is pushed out of sight."""

    def cell(found: re.Match[str]) -> str:
        return _CODE.sub(lambda code: _SEAM.sub("<wbr>", code[0]), found[0])

    return _CELL.sub(cell, output)


def on_post_build(config: Any) -> None:
    """Warn of whatever a reader's browser would fetch from elsewhere."""
    for page in sorted(Path(config.site_dir).rglob("*.html")):
        for found in _FOREIGN.findall(page.read_text(encoding="utf-8")):
            _LOG.warning("%s is fetched from elsewhere: %s", page.name, found)
