"""How many instances a group has."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from controller.kinds.language.spec import CONTROLLER_ONLY, Says, Spec, unfit

Count = Annotated[int, Field(ge=0, le=100), Says("a whole number of instances from 0 to 100")]


class AutoScalingSettings(Spec):
    """Sizes of a group: min <= desired <= max."""

    min_capacity: Count = 0
    """Fewest instances."""
    desired_capacity: Count = 1
    """Instances it has while nothing else asks for more or fewer."""
    max_capacity: Count = 1
    """Most instances."""
    desired_owner: Annotated[Literal["envctl", "external"] | None, CONTROLLER_ONLY] = None
    """Who sets the desired capacity: ``envctl`` (default) keeps it as written, ``external`` leaves it to scaling
    policies after the group has been made."""


class SliceSizes(Spec):
    """Sizes of one slice, where they differ from the role's."""

    min_capacity: Count | None = None
    desired_capacity: Count | None = None
    max_capacity: Count | None = None


class Slices(Spec):
    """The slices of a fleet per slice that are kept; a slice that is not named has no group."""

    blue: SliceSizes | None = None
    """Group of the blue slice; ``{}`` for the role's own sizes."""
    green: SliceSizes | None = None
    """Group of the green slice; ``{}`` for the role's own sizes."""

    @model_validator(mode="after")
    def _names_a_slice(self) -> "Slices":
        if self.blue is None and self.green is None:
            raise unfit("no slice is named", "write slices: {blue: {}}, or leave it out for both")
        return self


class Sizes(NamedTuple):
    """Sizes as far as they are given."""

    min: int | None
    desired: int | None
    max: int | None

    def over(self, under: "Sizes") -> "Sizes":
        """Lay these over others: what is not given here is taken from there."""
        return Sizes(
            under.min if self.min is None else self.min,
            under.desired if self.desired is None else self.desired,
            under.max if self.max is None else self.max,
        )

    def disorder(self) -> str | None:
        """Say what breaks min <= desired <= max; None if nothing does."""
        low, wanted, high = self
        if low is not None and wanted is not None and high is not None and low <= wanted <= high:
            return None
        known = [
            (name, size) for name, size in zip(self._fields, self, strict=True) if size is not None
        ]
        for (low_name, low), (high_name, high) in pairwise(known):
            if low > high:
                return (
                    f"{low_name} {low} is over {high_name} {high}; expected min <= desired <= max"
                )
        return None


NO_SIZES = Sizes(None, None, None)


def sizes_of(found: AutoScalingSettings | SliceSizes | None) -> Sizes:
    """Return what is given of sizes."""
    if found is None:
        return NO_SIZES
    return Sizes(found.min_capacity, found.desired_capacity, found.max_capacity)


def disorders(
    sizes: Sizes, slices: tuple[tuple[str, Sizes], ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (path inside the role, what is wrong) for a role's sizes and those of its slices."""
    wrong = sizes.disorder()
    if wrong:
        yield ("autoScalingSettings",), wrong
    for name, own in slices:
        wrong = own.over(sizes).disorder()
        if wrong:
            yield ("slices", name), f"with the role's own sizes, {wrong}"
