"""Which objects a restore is about: everything, or what a kind, a name, an environment names."""

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.errors import WrongUsage
from controller.kinds.language.kind import Kinds
from controller.model.observed import ObservedState
from controller.model.ref import ResourceRef
from controller.targets.table_items.item_form import found_references


class Mode(StrEnum):
    """What becomes of selected objects that a snapshot has not."""

    MERGE = "merge"
    """They stay as they are."""
    REPLACE = "replace"
    """They go, as what is no longer in the YAML goes."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Objects of these kinds, and of these names, and of these environments; no restriction where one is empty."""

    kinds: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        """Tell whether every object is meant."""
        return not (self.kinds or self.keys or self.environments)

    def within(
        self, refs: Iterable[ResourceRef], environments: Mapping[ResourceRef, AbstractSet[str]]
    ) -> frozenset[ResourceRef]:
        """Return those that are meant. A name is the whole key, or its part behind the environment."""
        nothing: AbstractSet[str] = frozenset()
        return frozenset(
            ref
            for ref in refs
            if (not self.kinds or ref.kind in self.kinds)
            and (not self.keys or {ref.key, ref.key.rpartition("/")[2]} & set(self.keys))
            and (not self.environments or environments.get(ref, nothing) & set(self.environments))
        )

    def check(self, found: Collection[ResourceRef], where: str) -> None:
        """Return if anything was found that is meant. Raises WrongUsage otherwise."""
        if not found:
            named = ", ".join((*self.kinds, *self.keys, *self.environments)) or "anything"
            raise WrongUsage(
                f"{where}: neither it nor the tables have an object of {named}",
                fix=f"envctl snapshot show {where.rpartition(':')[2]} counts what it has, by kind",
            )


EVERYTHING: Final = Selection()


def selection_of(kinds: Kinds, *named: Iterable[str]) -> Selection:
    """Return what kinds, names and environments say, in this order. Raises WrongUsage for a kind there is none of."""
    selection = Selection(*map(tuple, named))
    for kind in selection.kinds:
        if kind not in kinds:
            raise WrongUsage(f"there is no kind {kind!r}", fix=f"kinds: {', '.join(kinds)}")
    return selection


def environments_of(
    observed: ObservedState, kinds: Kinds
) -> Mapping[ResourceRef, AbstractSet[str]]:
    """Return the environments that each object is of: itself, or those it names."""
    found: dict[ResourceRef, AbstractSet[str]] = {}
    for ref, seen in observed.objects.items():
        if ref.kind == "Environment":
            found[ref] = {ref.key}
        elif ref.kind in kinds:
            named = found_references(kinds[ref.kind], seen.attributes)
            found[ref] = {other.key for other in named if other.kind == "Environment"}
    return found
