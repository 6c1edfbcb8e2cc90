"""One item of one table, before and after a change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.model.origin import Authorship
from controller.model.ref import ResourceRef


@dataclass(frozen=True, slots=True)
class ItemWrite:
    """Full images, ``Audit`` and ``Managed`` included, as plain values; None where there is no item.

    ``table`` is the logical name. ``origin`` is ``path:line`` of the document, empty if none asked for the change.
    """

    table: str
    key: Mapping[str, Any]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    ref: ResourceRef
    cause: str
    origin: str
    authorship: Authorship
