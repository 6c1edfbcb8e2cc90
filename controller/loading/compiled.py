"""Kinds with everything worked out once from the types of their specs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from controller.kinds.language.kind import Kind
from controller.loading.validation_issues import secret_names

Json = Any


@dataclass(frozen=True, slots=True)
class CompiledKind:
    """A kind with what is worked out once from its spec's types: how to validate and dump it."""

    kind: Kind[Any]
    validate: Callable[[Json], Any]
    dump: Callable[[Any], dict[str, Json]]

    def expanded(self, spec: dict[str, Json]) -> dict[str, Json]:
        """Return an authored spec with its short forms written out."""
        return self.kind.expand(spec) if self.kind.expand else spec

    def spec_model(self, spec: dict[str, Json]) -> Any:
        """Return an authored spec as the model of its kind. Raises ValidationError."""
        return self.validate(self.expanded(spec))


@dataclass(frozen=True, slots=True)
class CompiledKinds:
    """All kinds by name."""

    by_name: Mapping[str, CompiledKind]
    names: frozenset[str]
    secret_names: frozenset[str]
    """YAML names of fields whose values are not shown, whatever kind they are of."""


def compile_kinds(kinds: Iterable[Kind[Any]]) -> CompiledKinds:
    """Prepare kinds for loading."""
    by_name = {
        kind.name: CompiledKind(
            kind=kind,
            validate=kind.spec.__pydantic_validator__.validate_python,
            dump=partial(
                kind.spec.__pydantic_serializer__.to_python, by_alias=True, exclude_none=True
            ),
        )
        for kind in kinds
    }
    secrets = (name for kind in by_name.values() for name in secret_names(kind.kind.spec))
    return CompiledKinds(by_name, frozenset(by_name), frozenset(secrets))
