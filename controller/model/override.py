"""What is to be otherwise for a while: a value with a reason and an end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from controller.model.canonical import ABSENT
from controller.model.ref import ResourceRef

PART: Final = "."
"""Stands in the id of a part behind that of the whole and the number of its row: ``HELD0A1B2C3D4E5F.2.17``."""


def is_part(override_id: str) -> bool:
    """Tell whether an id is that of one of several parts of an override."""
    return override_id.count(PART) > 1


@dataclass(frozen=True, slots=True)
class Override:
    """One record of what differs from Git for a while.

    What a restore or a rollback leaves is one override of many objects and fields: each is a value of this class, a part, whose id
    begins with that of the whole. A part ends by itself, when Git changes its document or somebody releases it.

    Without ``path`` and ``value`` it means "leave the object as it is". With ``path`` (dotted, inside the document) and
    ``value`` it puts the value there; a ``path`` whose ``value`` is ABSENT leaves that field as it is. It ends at ``until``
    (aware), or, with ``until_git``, when Git changes the document whose digest was ``base_digest``.
    """

    id: str
    ref: ResourceRef
    reason: str
    actor: str
    since: datetime
    path: str = ""
    value: Any = ABSENT
    until: datetime | None = None
    until_git: bool = False
    base_digest: str = ""

    @property
    def is_part(self) -> bool:
        """Whether it is one of several parts of an override."""
        return is_part(self.id)

    @property
    def whole_id(self) -> str:
        """Id of the override that it is part of; its own where it is one by itself."""
        return self.id.partition(PART)[0]

    @property
    def puts_value(self) -> bool:
        """Whether it puts a value in a place of the document; else it leaves something as it is."""
        return bool(self.path) and self.value is not ABSENT
