"""Kinds with everything worked out once from the types of their specs."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any

from controller.kinds.language.kind import Kind
from controller.loading.validation_issues import secret_names

Json = Any


class CompiledKind:
    """A kind with what is worked out once from its spec's types, when it is first asked for: how to validate and dump it."""

    def __init__(self, kind: Kind[Any]) -> None:
        """Take the kind."""
        self.kind = kind
        self.dump: Callable[[Any], dict[str, Json]] = partial(
            kind.spec.__pydantic_serializer__.to_python, by_alias=True, exclude_none=True
        )
        """What gives the attributes of a model."""
        self.expanded: Callable[[dict[str, Json]], dict[str, Json]] = kind.expand or (
            lambda spec: spec
        )
        """What gives an authored spec with its short forms written out."""
        validate = kind.spec.__pydantic_validator__.validate_python
        self.spec_model: Callable[[dict[str, Json]], Any] = (
            validate if kind.expand is None else lambda spec: validate(self.expanded(spec))
        )
        """What gives an authored spec as the model of its kind. Raises ValidationError."""


class CompiledKinds:
    """All kinds by name. What is worked out from their types is when it is first asked for."""

    def __init__(self, kinds: Iterable[Kind[Any]]) -> None:
        """Take the kinds."""
        self.by_name: Mapping[str, CompiledKind] = {kind.name: CompiledKind(kind) for kind in kinds}
        self.names = frozenset(self.by_name)

    @cached_property
    def secret_names(self) -> frozenset[str]:
        """YAML names of fields whose values are not shown, whatever kind they are of."""
        found = (secret_names(compiled.kind.spec) for compiled in self.by_name.values())
        return frozenset(name for names in found for name in names)
