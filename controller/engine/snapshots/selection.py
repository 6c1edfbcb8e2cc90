"""Which objects a restore is about, and how far it goes: everything, or what a kind, a name, an environment names. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from controller.errors import WrongUsage
from controller.model.ref import ResourceRef

_Object = TypeVar("_Object")


class Mode(StrEnum):
    """What becomes of objects that a snapshot has not."""

    MERGE = "merge"
    """They stay as they are."""
    REPLACE = "replace"
    """They go, as what is no longer in the YAML goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Objects of these kinds, and of these names, and of these environments; no restriction where one is empty."""

    kinds: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        """Tell whether every object is meant."""
        return not (self.kinds or self.keys or self.environments)

    def has(self, ref: ResourceRef) -> bool:
        """Tell whether an object is meant. A name is the whole key, or its part behind the environment."""
        if self.kinds and ref.kind not in self.kinds:
            return False
        if self.keys and not {ref.key, ref.key.rpartition("/")[2]} & set(self.keys):
            return False
        return not self.environments or environment_of(ref) in self.environments

    def check(self, known: Mapping[ResourceRef, object], where: str) -> None:
        """Raise WrongUsage if it names what is not among the ``known`` objects, which are those of ``where``."""
        if any(map(self.has, known)):
            return
        named = [*self.kinds, *self.keys, *self.environments]
        what = " ".join(named) if named else "any object"
        raise WrongUsage(
            f"{where} has nothing of {what}",
            fix="envctl snapshot show lists what it has, by kind",
        )


def environment_of(ref: ResourceRef) -> str:
    """Return the environment an object is, or is one of; empty for what belongs to none."""
    if ref.kind == "Environment":
        return ref.key
    owner, slash, _ = ref.key.rpartition("/")
    return owner if slash else ""


def selected(
    then: Mapping[ResourceRef, _Object],
    now: Mapping[ResourceRef, _Object],
    selection: Selection,
    mode: Mode,
) -> dict[ResourceRef, _Object]:
    """Return what is wanted: the selected objects as they were ``then``, all others as they are ``now``."""
    kept = {ref: found for ref, found in now.items() if not selection.has(ref)}
    back = {ref: found for ref, found in then.items() if selection.has(ref)}
    if mode is Mode.MERGE:
        return {**now, **back}
    return {**kept, **back}


def only_selected(refs: Iterator[ResourceRef], selection: Selection) -> list[ResourceRef]:
    """Return those of the objects that are meant."""
    return [ref for ref in refs if selection.has(ref)]
