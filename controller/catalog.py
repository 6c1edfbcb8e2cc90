"""What there is: every kind, every table of the installation, and every live target."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

from controller import kinds as kinds_package
from controller import targets as targets_package
from controller.errors import WrongUsage
from controller.kinds.language.kind import Kind
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.model.table import TableDefinition
from controller.ports import LiveTarget
from controller.targets.table_items.definitions import STATE_TABLE


def constants(
    package: ModuleType, name: str, besides: AbstractSet[str] = frozenset()
) -> tuple[Any, ...]:
    """Return the constant each module of a package defines, in the order of the modules' names.

    Subpackages are not looked into, nor modules named in ``besides``. Raises AttributeError for a module without the
    constant: a module beside extensions is one.
    """
    found = []
    for module_info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if module_info.ispkg or module_info.name in besides:
            continue
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        if not hasattr(module, name):
            raise AttributeError(
                f"{module.__name__} defines no {name}; what is no extension belongs into a subpackage"
            )
        found.append(getattr(module, name))
    return tuple(found)


@cache
def kinds() -> Mapping[str, Kind[Any]]:
    """Return every kind by name. Raises ValueError if two kinds have the same name."""
    by_name: dict[str, Kind[Any]] = {}
    for kind in constants(kinds_package, "KIND"):
        if by_name.setdefault(kind.name, kind) is not kind:
            raise ValueError(f"two kinds are named {kind.name}")
    return MappingProxyType(by_name)


@cache
def tables() -> tuple[TableDefinition, ...]:
    """Return every table of the installation once: those of the kinds by name, then the ledger and the controller's own.

    Raises ValueError if two kinds define one table differently.
    """
    return (*kind_tables(kinds().values()), LEDGER_TABLE, STATE_TABLE)


def kind_tables(kinds: Iterable[Kind[Any]]) -> tuple[TableDefinition, ...]:
    """Return each table of the kinds once, by name. Raises ValueError if two kinds define one table differently."""
    tables: dict[str, TableDefinition] = {}
    for kind in kinds:
        for table in kind.tables:
            if tables.setdefault(table.name, table) != table:
                raise ValueError(
                    f"table {table.name} is defined in two ways; {kind.name} is one of them"
                )
    return tuple(tables[name] for name in sorted(tables))


NOT_LIVE = frozenset({"tables"})
"""Modules of ``controller.targets`` that define no live target: the config tables are the engine's own."""


@cache
def live_targets(extensions: tuple[str, ...] = ()) -> tuple[LiveTarget, ...]:
    """Return every live target by name: ours, and those of extension packages, which are imported by their names.

    Raises WrongUsage for a package that is not installed, AttributeError for a module that defines no ``TARGET``,
    ValueError if two targets share a name or a kind.
    """
    found: list[LiveTarget] = [*constants(targets_package, "TARGET", NOT_LIVE)]
    for name in extensions:
        try:
            package = importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise WrongUsage(
                f"extensions: package {name!r} cannot be imported: {error}",
                fix="install it where envctl is installed, or correct its name in the settings",
            ) from error
        found += constants(package, "TARGET")
    by_name: dict[str, LiveTarget] = {}
    by_kind: dict[str, str] = {}
    for target in found:
        if by_name.setdefault(target.name, target) is not target:
            raise ValueError(f"two targets are named {target.name}")
        for kind in target.kinds:
            if by_kind.setdefault(kind, target.name) != target.name:
                raise ValueError(f"targets {by_kind[kind]} and {target.name} both manage {kind}")
    return tuple(by_name[name] for name in sorted(by_name))
