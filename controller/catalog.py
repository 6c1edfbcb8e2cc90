"""What there is: every kind, and every table of the installation."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

from controller import kinds as kinds_package
from controller.kinds.language.kind import Kind
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.model.table import TableDefinition
from controller.targets.table_items.definitions import STATE_TABLE, kind_tables


def constants(package: ModuleType, name: str) -> tuple[Any, ...]:
    """Return the constant each module of a package defines, in the order of the modules' names.

    Subpackages are not looked into. Raises AttributeError for a module without the constant: a module beside
    extensions is one.
    """
    found = []
    for module_info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if module_info.ispkg:
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
