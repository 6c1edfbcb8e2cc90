"""Which lines of the ledger are wanted: by what was changed, by which commit, and how. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from controller.ledger.records import EntityKey, who_changed
from controller.ledger.summaries import RecordSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """Everything that is given has to fit; what is empty is not asked."""

    tables: frozenset[str] = frozenset()
    """Entity types: physical tables, and kinds of live objects."""
    hash_key: str = ""
    """Of tables that several kinds share: the kind, which is the first part of their key."""
    name: str = ""
    """A whole part of the key, between slashes; of an override, a part of what it is of."""
    who: str = ""
    """A part of who changed it, capitals or not: of the name or of the address."""
    environment: str = ""
    of_environments: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    """Entity types whose keys name an environment -> whether more may follow its name: ``c50-ta-Web``."""
    overrides: str = ""
    """Entity type of overrides, whose records say what they are of where others say which line asked for them."""
    of_kinds: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    """As ``of_environments``, by the kinds of what overrides are of."""
    commit: str = ""
    """How the commit begins."""
    change_types: frozenset[str] = frozenset()
    """``Created``, ``Updated``, ``Deleted``, ``Baseline``, ``Gap``."""
    power: bool = True
    """Whether instances switched by schedule are wanted."""

    def wants(self, record: RecordSummary) -> bool:
        """Tell whether a record is wanted."""
        entity = record.entity
        return (
            (self.power or not record.is_power)
            and (not self.tables or entity.table in self.tables)
            and (not self.hash_key or entity.hash_key == self.hash_key)
            and (not self.name or self.name in self._named(record))
            and (
                not self.who
                or self.who.casefold() in who_changed(record.actor, record.changed_by).casefold()
            )
            and (not self.environment or self._is_of_environment(record))
            and record.actor.commit.startswith(self.commit)
            and (not self.change_types or record.change_type in self.change_types)
        )

    def _named(self, record: RecordSummary) -> list[str]:
        """Return the names of what a record is of; an override goes by those of what it holds as well."""
        is_override = bool(self.overrides) and record.entity.table == self.overrides
        return _parts(record.entity) + (record.origin.split("/") if is_override else [])

    def _is_of_environment(self, record: RecordSummary) -> bool:
        entity = record.entity
        more, parts = self.of_environments.get(entity.table), _parts(entity)
        if entity.table == self.overrides:
            kind, *parts = record.origin.split("/")
            more = self.of_kinds.get(kind)
        if more is None:
            return False
        # Names of environments have no hyphen, and keys of upstreams end theirs with an underscore.
        named = (part.partition("-")[0].partition("_")[0] for part in parts) if more else parts
        return self.environment in named


ANY_RECORD: Final = RecordFilter()


def _parts(entity: EntityKey) -> list[str]:
    keys = (entity.hash_key, entity.range_key or "")
    return [part for key in keys for part in key.split("/") if part]
