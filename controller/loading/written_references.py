"""What a document that is not valid names all the same: so that one run tells of wrong names too."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from controller.kinds.language.kind import Kind
from controller.kinds.language.merge import merge
from controller.kinds.language.references import Named, Path
from controller.kinds.language.spec import Spec
from controller.kinds.language.walk import Shape, by_yaml
from controller.loading.closest import closest
from controller.loading.defaults import KindDefaults
from controller.loading.issue import Issue, PlacedIssue
from controller.model.canonical import parse_canonical
from controller.model.problem import ProblemCode

_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class WrittenReference:
    """A reference with the document it stands in."""

    path: str
    index: int
    line: int
    named: Named

    def dangling(self, names: Iterable[str]) -> PlacedIssue:
        """Return the issue if nothing of its kind has that name; ``names`` are those there are."""
        return PlacedIssue(self.path, self.index, self.line, no_such(self.named, names))


def written_references(kind: Kind[Any], body: bytes, defaults: KindDefaults) -> Iterator[Named]:
    """Yield the references of a document (canonical JSON of metadata and spec) as far as it has the form of its kind."""
    spec = merge(defaults.spec, parse_canonical(body)["spec"])
    yield from _in_model(kind.spec, kind.expand(spec) if kind.expand else spec, ())


def no_such(named: Named, names: Iterable[str]) -> Issue:
    """Say that a reference leads nowhere, and what was meant or what there is."""
    path, kind, name = named
    known = sorted(names)
    meant = closest(name, known)
    fix = f"did you mean {meant!r}?" if meant else _names_there_are(kind, known)
    return Issue(
        ("spec", *path), f"no {kind} named {name!r}", fix, code=ProblemCode.UNKNOWN_REFERENCE
    )


def _names_there_are(kind: str, names: list[str]) -> str:
    """Say what else could be named, as far as a line holds it."""
    if not names:
        return f"add it: there is no {kind} yet"
    few = ", ".join(names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"name one there is ({few}{more}), or add it"


def _in_model(model: type[Spec], value: Mapping[str, Any], path: Path) -> Iterator[Named]:
    known = by_yaml(model)
    for name, inner in value.items():
        if name in known and known[name].shape.refers:
            yield from _within(known[name].shape, inner, (*path, name))


def _within(shape: Shape, value: Any, path: Path) -> Iterator[Named]:
    if shape.reference is not None:
        read = shape.reference.read
        name = (read(value) if read else value) if isinstance(value, str) else None
        if name:
            yield Named(path, shape.reference.kind, name)
    elif isinstance(value, list) and shape.members is not None:
        for place, inner in enumerate(value):
            yield from _within(shape.members, inner, (*path, place))
    elif isinstance(value, dict) and shape.model is not None:
        yield from _in_model(shape.model, value, path)
    elif isinstance(value, dict) and shape.values is not None:
        for name, inner in value.items():
            yield from _within(shape.values, inner, (*path, name))
