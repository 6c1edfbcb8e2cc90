"""Kinds with everything worked out once from the types of their specs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from controller.kinds.language.controller_only import controller_only
from controller.kinds.language.kind import Kind
from controller.kinds.language.references import references
from controller.loading.draft import CompiledKind
from controller.loading.validation_issues import secret_names


@dataclass(frozen=True, slots=True)
class CompiledKinds:
    """All kinds by name."""

    by_name: Mapping[str, CompiledKind]
    names: frozenset[str]
    secret_names: frozenset[str]
    """YAML names of fields whose values are not shown, whatever kind they are of."""


def compile_kinds(kinds: Iterable[Kind[Any]]) -> CompiledKinds:
    """Prepare kinds for loading."""
    by_name = {kind.name: _compiled(kind) for kind in kinds}
    secrets = (name for kind in by_name.values() for name in secret_names(kind.kind.spec))
    return CompiledKinds(by_name, frozenset(by_name), frozenset(secrets))


def _compiled(kind: Kind[Any]) -> CompiledKind:
    dump = kind.spec.__pydantic_serializer__.to_python
    return CompiledKind(
        kind=kind,
        validate=kind.spec.__pydantic_validator__.validate_python,
        dump=partial(dump, by_alias=True, exclude_none=True),
        references=references(kind.spec),
        controller_only=controller_only(kind.spec),
    )
