"""Item images as the ledger keeps them: digested whole, shown without what only the controller needs."""

import hashlib
from collections.abc import Mapping
from typing import Any

from controller.aws.items import canonical_wire, to_wire

META = ("Audit", "Managed")
"""Kept apart from an image's own attributes, in ``OldMeta`` and ``NewMeta``."""


def image_digest(image: Mapping[str, Any] | None) -> str:
    """SHA-256 of a full plain image, ``Audit`` and ``Managed`` included; empty where there is none."""
    return hashlib.sha256(canonical_wire(to_wire(image))).hexdigest() if image is not None else ""


def audit_id(table: str, key: Mapping[str, Any], action: str, before: str, after: str) -> str:
    """Return the id of our record of a change, which anybody who sees both images can compute.

    ``table`` is the physical name, ``action`` one of create, update, delete, baseline; ``before`` and ``after`` are image
    digests. Unique because each image holds the TransactionID of the change that made it.
    """
    spelled = canonical_wire(
        to_wire({"t": table, "k": dict(key), "a": action, "b": before, "n": after})
    )
    return hashlib.sha256(spelled).hexdigest()


def action_of(before: object, after: object) -> str:
    """Name a change by which images it has."""
    if before is None:
        return "create"
    return "delete" if after is None else "update"


def split_image(image: Mapping[str, Any] | None) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return (attributes, meta) of an image; (None, {}) of none."""
    if image is None:
        return None, {}
    value = {name: part for name, part in image.items() if name not in META}
    return value, {name: image[name] for name in META if name in image}
