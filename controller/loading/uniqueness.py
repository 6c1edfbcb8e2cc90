"""Values only one object of a kind may have: service ports, cluster short names."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from controller.kinds.language.kind import Kind
from controller.loading.issue import Issue
from controller.model.problem import ProblemCode
from controller.model.ref import ResourceRef


class Claim(NamedTuple):
    """One object's use of a unique value."""

    ref: ResourceRef
    path: tuple[str | int, ...]


def clashes(
    kind: Kind[Any], facts: Iterable[tuple[ResourceRef, Any]]
) -> Iterator[tuple[ResourceRef, Issue]]:
    """Yield an issue for the second and each later claim to the same value, naming the first owner.

    ``facts`` come in the order of the documents.
    """
    for unique in kind.unique:
        owners: dict[Any, Claim] = {}
        for ref, known in facts:
            for path, value in unique.values(known):
                owner = owners.setdefault(value, Claim(ref, path))
                if owner.ref != ref or owner.path != path:
                    yield ref, _clash(unique.what, value, ref, path, owner)


def _clash(
    what: str, value: Any, ref: ResourceRef, path: tuple[str | int, ...], owner: Claim
) -> Issue:
    field = str(owner.path[-1])
    whose = f"its own {field}" if owner.ref == ref else f"{owner.ref} ({field})"
    return Issue(
        path,
        f"{what} {value!r} is already taken by {whose}",
        f"give {ref} another {what}",
        code=ProblemCode.DUPLICATE,
    )
