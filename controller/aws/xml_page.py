"""Pages of AWS's XML as trees, one after the other to the last, or the error that says they are not whole.

Why not botocore's parser: it builds every field of every object through its service model. For a page of 1 000 instances with
12 tags each it takes 4.2 times the CPU time of ours (0.40 s against 0.09 s), for a page of 100 groups of two 3.1 times, and
reading is most of a light look. ``python -m benchmarks.look --check`` holds a look that every target has planned from to 1.3
times the CPU time of a bare boto3 script that only has the same pages read by botocore.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from xml.etree.ElementTree import Element, ParseError, fromstring

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.aws.raw_call import RawCall
from controller.errors import Unreachable

T = TypeVar("T")

_NAMESPACE: Final = re.compile(rb' xmlns="[^"]*"')
_FIX: Final = "nothing if it passes, it is read again; otherwise check the proxy before AWS"


def read_pages(
    client: Any,
    method: str,
    request: Mapping[str, Any],
    parse: Callable[[bytes], tuple[Sequence[T], str | None]],
    what: str,
) -> Iterator[T]:
    """Yield what all pages of a call hold. ``parse`` gives what is in one answer, and the token of the next page.

    Raises Unreachable for an answer that is not whole, and as any call: what was yielded before is no whole then.
    """
    place = place_of(client)
    token: str | None = None
    while True:
        asked = {**request, "NextToken": token} if token else request
        with aws_errors(what, place):
            body = RawCall().send(client, method, asked)
        found, following = parse(body)
        yield from found
        if following is None:
            return
        if following == token:
            raise incomplete(what, f"the same page comes again and again ({place})")
        token = following


def root_of(body: bytes, name: str, what: str) -> Element:
    """Return the top element of an answer; its namespace is dropped, so that tags are called as AWS documents them.

    Raises Unreachable unless the body is one whole document whose top is called ``name``.
    """
    try:
        # Signed for and sent by AWS; expat itself bounds how far entities may grow.
        root = fromstring(_NAMESPACE.sub(b"", body, count=1))  # noqa: S314
    except ParseError as error:
        raise incomplete(what, f"the answer is no whole XML: {error}") from error
    if root.tag != name:
        raise incomplete(what, f"AWS answered with {root.tag}, expected {name}")
    return root


def text_of(element: Element, tag: str) -> str:
    """Return the text of the first child with this tag; empty if there is none."""
    return element.findtext(tag) or ""


def members_of(element: Element, tag: str) -> tuple[Element, ...]:
    """Return what the first child with this tag holds; nothing if there is none."""
    found = element.find(tag)
    return () if found is None else tuple(found)


def moment_of(text: str | None) -> datetime | None:
    """Read a moment as AWS writes it; None where there is none. Raises Unreachable for what is none."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise incomplete("look", f"{text!r} is no moment") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def incomplete(what: str, detail: str) -> Unreachable:
    """Return the error for an answer that something is missing from: what is not in it may be there all the same."""
    return Unreachable(f"{what}: {detail}", fix=_FIX)
