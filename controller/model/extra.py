"""``Managed.Extra``: what was authored but does not live in the item's own attributes.

Shape: ``{"metadata": {labels, annotations, protect}, "spec": {<dotted YAML path>: value}, "owned": [<shared path>], "shape": 1,
"beneath": {<field of spec or metadata>: value}}``; ``beneath`` is what the document itself has where an override put something
else. Empty parts are left out. The digest of a projection covers it, so it can be trusted as far as the mark's digest fits.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

BENEATH: Final = "beneath"
SHAPE = 1
"""Version of how documents become attributes. Raised when the same document gives other attributes than before."""


def projection_digest(attributes: bytes, extra: bytes) -> str:
    """Digest of what a target is to hold: canonical attributes and canonical extra. 64 hexadecimal digits."""
    return hashlib.sha256(attributes + b"\n" + extra).hexdigest()


def is_protected(extra: Mapping[str, Any]) -> bool:
    """Tell whether the object was last applied with ``metadata.protect: true``."""
    return bool(extra.get("metadata", {}).get("protect", False))


def spec_value(extra: Mapping[str, Any], path: str) -> Any:
    """Return a controller-only value last applied, by its YAML path inside the spec (``lifecycle``); None if absent."""
    return extra.get("spec", {}).get(path)


def owned_paths(extra: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the shared paths the YAML gave when last applied."""
    return tuple(extra.get("owned", ()))


def put_back_base_fields(document: dict[str, dict[str, Any]], fields: Mapping[str, Any]) -> None:
    """Take out of ``{"metadata", "spec"}`` what overrides put in it: ``fields`` are those an extra has as ``beneath``."""
    for path, known in fields.items():
        part, _, name = path.partition(".")
        if known is None:
            document[part].pop(name, None)
        else:
            document[part][name] = known
