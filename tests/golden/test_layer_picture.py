"""The picture of the layers is that of the contract which imports are checked by."""

import configparser
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "architecture.md"
_PICTURE = re.compile(r"(<!-- layers: made from \.importlinter by `make golden` -->\n).*?(<!-- end -->)", re.DOTALL)  # fmt: skip


def _layers() -> Iterator[list[str]]:
    """Yield the parts of each layer, highest first, those that are not there yet left out."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    for line in parser["importlinter:contract:layers"]["layers"].split("\n"):
        parts = [part.strip(" ()") for part in line.split("|") if part.strip()]
        found = [part for part in parts if _is_there(part)]
        if found:
            yield found


def _is_there(part: str) -> bool:
    folder = ROOT / "controller" / part
    return folder.is_dir() or folder.with_suffix(".py").is_file()


def _picture() -> str:
    layers = [" & ".join(parts) for parts in _layers()]
    arrows = [f"  {upper} --> {lower}" for upper, lower in pairwise(layers)]
    return "\n".join(["```mermaid", "flowchart TB", *arrows, "```", ""])


def test_the_picture_is_current(rewrite_golden: bool) -> None:
    text = PAGE.read_text(encoding="utf-8")
    wanted = _PICTURE.sub(lambda found: found[1] + _picture() + found[2], text)
    if rewrite_golden:
        PAGE.write_text(wanted, encoding="utf-8")

    assert _PICTURE.search(text)
    assert PAGE.read_text(encoding="utf-8") == wanted
