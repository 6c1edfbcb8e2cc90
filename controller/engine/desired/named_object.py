"""Which object a text means, for every command: ``Kind/name``, or a name alone where one object has it."""

from collections.abc import Collection

from controller.errors import WrongUsage, several_named
from controller.model.closest import did_you_mean
from controller.model.ref import ResourceRef, objects_called


def object_named(text: str, refs: Collection[ResourceRef], otherwise: str) -> ResourceRef:
    """Return the object. Raises WrongUsage where none of ``refs`` is meant, or several are; ``otherwise`` says what shows all."""
    found = objects_called(text, refs)
    if len(found) == 1:
        return found.pop()
    if found:
        raise several_named(text, found)
    known = [str(ref) for ref in refs] if "/" in text else [ref.key for ref in refs]
    raise WrongUsage(f"there is no {text}", fix=did_you_mean(text, known, otherwise, quoted=False))
