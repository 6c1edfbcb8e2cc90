"""What is to be otherwise for a while: a value with a reason and an end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.model.canonical import ABSENT
from controller.model.ref import ResourceRef


@dataclass(frozen=True, slots=True)
class Override:
    """One record of what differs from Git for a while.

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
    def puts_value(self) -> bool:
        """Whether it puts a value in a place of the document; else it leaves something as it is."""
        return bool(self.path) and self.value is not ABSENT
