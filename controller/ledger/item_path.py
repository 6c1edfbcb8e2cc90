"""How one item went through what we and others did with it: two chains of records, each in order, joined by the images. Pure.

The order between the chains is in no record: an event of a stream is read later than it was. What one record left is what the next
one found, whichever chain that is in. What happened in a gap of the stream may stand at any place.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class ImageStep(NamedTuple):
    """What one record says of one item: digests of the images before and after."""

    before: str
    after: str
    sequence: int


class OutsideSteps:
    """What others did with an item, followed as far as it is needed to come from one image to another."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.steps: list[ImageStep] = []
        """As their events came."""
        self.jumps: list[ImageStep] = []
        """Found by comparing, at no known place."""
        self._places = frozenset({0})
        """How many steps may have been made by now."""

    def lead(self, start: str | None, goal: str) -> bool:
        """Follow steps from one image (None: any) to another; tell whether they lead there. If not all that fit have been made."""
        reached, jumped, last = set[int](), set[int](), max(self._places)
        for place in self._places:
            for made, image in self._from(place, start):
                last = max(last, made)
                if image in {None, goal}:
                    reached.add(made)
                elif self.is_jump(image, goal):
                    jumped.add(made)
        self._places = frozenset(reached or jumped or {last})
        return bool(reached or jumped)

    def ends(
        self, start: str | None
    ) -> tuple[set[str | None], Sequence[tuple[str | None, ImageStep]]]:
        """Return the images an item may be left with by all steps, and those steps that no other leads to, each with the image before it."""
        reached = [list(self._from(place, start))[-1] for place in sorted(self._places)]
        ends = {image for made, image in reached if made == len(self.steps)}
        if ends:
            return ends, ()
        made, image = max(reached, key=lambda last: last[0])
        breaks = list[tuple[str | None, ImageStep]]()
        for step in self.steps[made:]:
            if step.before != image and not self.is_jump(image, step.before):
                breaks.append((image, step))
            image = step.after
        return {image}, breaks

    def _from(self, place: int, start: str | None) -> Iterable[tuple[int, str | None]]:
        """Yield how many steps are made, and the image then: before the first, and after each that fits the one before."""
        image = start
        yield place, image
        for made, step in enumerate(self.steps[place:], place + 1):
            if image is not None and step.before != image and not self.is_jump(image, step.before):
                return
            image = step.after
            yield made, image

    def is_jump(self, start: str | None, goal: str) -> bool:
        """Tell whether it is known of a gap that one image became another in it."""
        return any(jump.after == goal and start in {None, jump.before} for jump in self.jumps)
