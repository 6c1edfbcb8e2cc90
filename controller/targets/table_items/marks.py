"""Our signature on an item: attribute ``Managed{By, Id, Revision, Path, Line, Digest, Extra}``."""

import hashlib
from collections.abc import Mapping
from sys import intern
from typing import Any

import orjson

from controller.model.observed import Mark

MANAGED = "Managed"
AUDIT = "Audit"
_NOTHING: Mapping[str, Any] = {}


def mark_id(installation: str, table: str, key: Mapping[str, Any]) -> str:
    """Return what ``Managed.Id`` must be: a digest of installation, physical table and key, so that a copy does not fit."""
    return MarkIds(installation, table).of(key)


class MarkIds:
    """``mark_id`` for many items of one table."""

    def __init__(self, installation: str, table: str) -> None:
        """Take what is the same for all of them."""
        self._begin = orjson.dumps((installation, table))[:-1] + b","

    def of(self, key: Mapping[str, Any]) -> str:
        """Return the id of the item with this key."""
        text = self._begin + orjson.dumps(key, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(text).hexdigest()[:32]


def mark_of(managed: object) -> Mark | None:
    """Read a ``Managed`` attribute as found; None if it is not one of ours in form, whatever it is.

    What is lost of path and line is no reason to disown an item; what is lost of the rest is.
    """
    if not isinstance(managed, dict):
        return None
    get = managed.get
    by, id_, digest, extra = get("By"), get("Id"), get("Digest"), get("Extra", _NOTHING)
    if not (type(by) is type(id_) is type(digest) is str and isinstance(extra, dict)):
        return None
    revision, path, line = get("Revision"), get("Path"), get("Line")
    return Mark(
        intern(by),
        id_,
        intern(revision) if type(revision) is str else "",
        intern(path) if type(path) is str else "",
        line if type(line) is int else 0,
        digest,
        extra,
    )


def managed_attribute(mark: Mark) -> dict[str, Any]:
    """Return a mark as it is written. ``mark_of`` reads it back."""
    return {
        "By": mark.by,
        "Id": mark.id,
        "Revision": mark.revision,
        "Path": mark.path,
        "Line": mark.line,
        "Digest": mark.digest,
        "Extra": dict(mark.extra),
    }


def is_ours(mark: Mark, installation: str, expected_id: str) -> bool:
    """Tell whether a mark fits: another installation's does not, nor one that came with a copied item."""
    return mark.by == installation and mark.id == expected_id
