"""Which object a text means: ``Kind/name``, or a name alone where one object has it."""

from collections.abc import Collection

from controller.errors import WrongUsage
from controller.model.closest import did_you_mean
from controller.model.ref import ResourceRef


def object_named(text: str, refs: Collection[ResourceRef], otherwise: str) -> ResourceRef:
    """Return the object. Raises WrongUsage where none of ``refs`` is meant, or several are; ``otherwise`` says what shows all."""
    kind, _, key = text.partition("/")
    if ResourceRef(kind, key) in refs:
        return ResourceRef(kind, key)
    called = sorted(ref for ref in refs if ref.key == text)
    if len(called) == 1:
        return called[0]
    if called:
        names = ", ".join(map(str, called))
        raise WrongUsage(f"{text!r} may be {names}", fix=f"write {called[0]}, or another of them")
    known = [str(ref) for ref in refs] if key else [ref.key for ref in refs]
    raise WrongUsage(f"there is no {text}", fix=did_you_mean(text, known, otherwise, quoted=False))
