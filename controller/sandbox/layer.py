"""Everything the sandbox lays over moto, put in place at once."""

from importlib import import_module
from pkgutil import iter_modules

from controller.sandbox import (
    additions,
    capacity,
    delays,
    faster_answers,
    faster_lookups,
    faster_transactions,
    faster_xml,
    interception,
    refusals,
)


def install() -> bool:
    """Put all rules around moto, in this process and for good.

    Says whether transactions are the faster ones too: they are left alone on a moto they were not written for.
    """
    for package in (refusals, additions):
        for module in iter_modules(package.__path__):
            import_module(f"{package.__name__}.{module.name}")
    faster_answers.install()
    faster_lookups.install()
    faster_xml.install()
    capacity.install()
    delays.install()
    interception.install()
    return faster_transactions.install()
