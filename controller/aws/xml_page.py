"""A page of AWS's XML as a tree, or the error that says it is not whole."""

from typing import Final
from xml.etree.ElementTree import Element, ParseError, fromstring

from controller.errors import Unreachable

_FIX: Final = "nothing if it passes, it is read again; otherwise check the proxy before AWS"


def root_of(body: bytes, name: str, what: str) -> tuple[Element, str]:
    """Return the top element of an answer, and its namespace as tags begin with it (``{…}``, or nothing).

    Raises Unreachable unless the body is one whole document whose top is called ``name``.
    """
    try:
        # Signed for and sent by AWS; expat itself bounds how far entities may grow.
        root = fromstring(body)  # noqa: S314
    except ParseError as error:
        raise incomplete(what, f"the answer is no whole XML: {error}") from error
    brace, _, local = root.tag.rpartition("}")
    if local != name:
        raise incomplete(what, f"AWS answered with {local}, expected {name}")
    return root, f"{brace}}}" if brace else ""


def text_of(element: Element, tag: str) -> str:
    """Return the text of the first child with this (full) tag; empty if there is none."""
    return element.findtext(tag) or ""


def incomplete(what: str, detail: str) -> Unreachable:
    """Return the error for an answer that something is missing from: what is not in it may be there all the same."""
    return Unreachable(f"{what}: {detail}\n  fix: {_FIX}")
