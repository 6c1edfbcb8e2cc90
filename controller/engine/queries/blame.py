"""Who gave each field of an object its value: its items as they are, and the records that led there."""

from dataclasses import dataclass

from controller.engine.installation.installation import Installation
from controller.engine.queries.audit import object_of_tables
from controller.engine.queries.recorded_kinds import kind_named
from controller.errors import WrongUsage
from controller.ledger.blame import FieldOrigin, field_origins
from controller.ledger.entities import entities_of, key_of_entity
from controller.ledger.redaction import redactor
from controller.model.ref import ResourceRef


@dataclass(frozen=True, slots=True)
class Blame:
    """The fields of an object's items, by the logical names of their tables."""

    ref: ResourceRef
    tables: dict[str, tuple[FieldOrigin, ...]]


def blame(installation: Installation, text: str) -> Blame:
    """Return who set what of an object. Raises WrongUsage for what is no object of a table, or not there, and as any read."""
    master = installation.master
    ref = object_of_tables(text, installation, master.process.clock())
    kind, prefix = kind_named(ref.kind, master, f"/{ref.key}"), master.settings.resource_prefix
    tables = {prefix + table.name: table for table in kind.tables}
    redact = redactor(master.kinds.values(), installation.id)
    found: dict[str, tuple[FieldOrigin, ...]] = {}
    for entity in entities_of(kind, ref.key, prefix, master.store.scan):
        table = tables[entity.table]
        item = master.store.get(entity.table, key_of_entity(table, entity))
        if item is not None:
            records = installation.ledger.of_item(*entity)
            found[table.name] = field_origins(redact(table.name, dict(item)), records)
    if not found:
        raise WrongUsage(
            f"there is no {ref} in the tables",
            fix=f"envctl audit list --entity {ref} tells what became of it; how it was: envctl audit state {ref} --at TIME",
        )
    return Blame(ref, found)
