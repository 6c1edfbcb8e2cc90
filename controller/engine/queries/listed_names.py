"""Which of what is listed is meant by names: each by any name that an object of a list has."""

from collections.abc import Sequence
from typing import Any

from controller.engine.queries.listing import ListedOverride
from controller.errors import WrongUsage
from controller.model.accepted import AcceptedState
from controller.model.closest import did_you_mean


def only_named(what: str, listed: Sequence[Any], names: Sequence[str]) -> tuple[Any, ...]:
    """Return what of a list goes by one of the names, in the list's order; all where none is given.

    An override goes by its id, and by the names of what it is of. Raises WrongUsage for a name that nothing has.
    """
    found = [one for one in listed if not names or any(_is_called(one, name) for name in names)]
    for name in names:
        if not any(_is_called(one, name) for one in found):
            known = [
                one.override.ref.key if isinstance(one, ListedOverride) else str(one.name)
                for one in listed
            ]
            otherwise = f"without a name all {what} are shown"
            raise WrongUsage(
                f"{what}: there is no {name}",
                fix=did_you_mean(name, known, otherwise, quoted=False),
            )
    return tuple(found)


def account_named(text: str, accepted: AcceptedState) -> str:
    """Return the name of the account that a name or a number means; the text where there is none of it."""
    for ref in accepted.of_kind("Account"):
        spec = accepted.specs.get(ref)
        if spec is not None and text in (ref.key, spec.account_number):
            return ref.key
    return text


def _is_called(one: Any, name: str) -> bool:
    if isinstance(one, ListedOverride):
        return name == one.override.id or bool(one.override.ref.is_called(name))
    # Of an instance it is its id, and what it is tagged.
    return name.rpartition("/")[2] in (one.name, getattr(one, "tag_name", one.name))
