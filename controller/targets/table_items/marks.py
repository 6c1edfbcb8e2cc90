"""Our signature on an item: attribute ``Managed{By, Id, Revision, Path, Line, Digest, Extra}``."""

import hashlib
import sys
from collections.abc import Mapping
from typing import Any

import orjson

from controller.model.observed import Mark

MANAGED = "Managed"
AUDIT = "Audit"
_NOTHING: Mapping[str, Any] = {}


def mark_id(installation: str, table: str, key: Mapping[str, Any]) -> str:
    """Return what ``Managed.Id`` must be: a digest of installation, physical table and key, so that a copy does not fit."""
    text = orjson.dumps((installation, table, key), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:32]


def mark_of(managed: object) -> Mark | None:
    """Read a ``Managed`` attribute as found; None if it is not one of ours in form, whatever it is.

    What is lost of path and line is no reason to disown an item; what is lost of the rest is.
    """
    if not isinstance(managed, dict):
        return None
    by, id_, digest = managed.get("By"), managed.get("Id"), managed.get("Digest")
    extra = managed.get("Extra", _NOTHING)
    if not (
        isinstance(by, str)
        and isinstance(id_, str)
        and isinstance(digest, str)
        and isinstance(extra, dict)
    ):
        return None
    line = managed.get("Line", 0)
    return Mark(
        sys.intern(by),
        id_,
        sys.intern(str(managed.get("Revision", ""))),
        sys.intern(str(managed.get("Path", ""))),
        line if isinstance(line, int) else 0,
        digest,
        extra or _NOTHING,
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
