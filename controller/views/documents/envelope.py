"""The envelope of every JSON document that a command prints. Light: what fails before anything is loaded needs it too."""

from collections.abc import Mapping
from typing import Final

import orjson

from controller import __version__

FORMAT_VERSION: Final = 1


def document_text(name: str, fields: Mapping[str, object]) -> bytes:
    """Return a document as indented UTF-8 ended by a line feed: the envelope first, then its fields, sorted at every depth.

    A document that says of itself of which format it is, and by which version it was made, keeps that.
    """
    envelope = {
        "formatVersion": FORMAT_VERSION,
        "controllerVersion": __version__,
        "document": name,
    }
    # Written twice, as orjson sorts all keys or none.
    ordered = orjson.loads(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS))
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps({**envelope, **ordered}, option=options)
