"""Rows of EnvctlState whose every change is in the ledger: overrides, and how an installation began.

An override of many objects is as many rows as it takes: each holds as many parts as leave room for a record of all of them, before
and after. Every row says by itself who made it, why, and until when.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from controller.aws.tables import ItemStore, Scannable
from controller.errors import DamagedState
from controller.ledger.records import iso_ms
from controller.model.canonical import ABSENT, canonical_bytes, parse_canonical
from controller.model.override import PART, Override, is_part
from controller.model.ref import ResourceRef
from controller.redactor import REDACTOR
from controller.targets.table_items.definitions import STATE_TABLE

OVERRIDE_PREFIX: Final = "override#"
GENESIS_PREFIX: Final = "genesis#"
"""Rows that say which snapshot the tables were made of, and where the ledger of before stood: behind it is the snapshot's id."""
RECORDED_PREFIXES: Final = (OVERRIDE_PREFIX, GENESIS_PREFIX)
"""What rows begin with whose every change is in the ledger, as that of an item of the config tables is."""

Row = Mapping[str, Any]
ROW_BYTES: Final = 96 * 1024
"""What the parts of one row take: a record of a row that changes holds it twice, far below what an item of 400 KB holds."""
PARTS: Final = "Parts"
_NUMBER: Final = "Number"
_LONGEST_ID: Final = 80
"""Characters of a damaged row's id that are shown."""


def row_of_override(override: Override) -> dict[str, Any]:
    """Return the row that holds an override. The value is JSON text, so that it comes back exactly as it was given."""
    return {"Id": OVERRIDE_PREFIX + override.id, **_shared(override), **_own(override)}


def _shared(override: Override) -> dict[str, Any]:
    """Return what all parts of an override have in common."""
    row: dict[str, Any] = {
        "Reason": REDACTOR.redact(override.reason),
        "Actor": override.actor,
        "Since": iso_ms(override.since),
        "UntilGit": override.until_git,
    }
    if override.until is not None:
        row["Until"] = iso_ms(override.until)
    return row


def _own(override: Override) -> dict[str, Any]:
    """Return what each part has of its own."""
    row: dict[str, Any] = {
        "Ref": str(override.ref),
        "Path": override.path,
        "BaseDigest": override.base_digest,
    }
    if override.value is not ABSENT:
        row["Value"] = canonical_bytes(override.value).decode()
    return row


def override_of_row(row: Row) -> Override:
    """Read a row of one override. Raises as ``overrides_of_row``."""
    return _read(row, str(row.get("Id")))


def numbered(whole_id: str, overrides: Sequence[Override]) -> tuple[Override, ...]:
    """Return overrides as the parts of one, by ids that say which of its rows holds them; a single one is it."""
    if len(overrides) == 1:
        return (replace(overrides[0], id=whole_id),)
    parts: list[Override] = []
    row = number = 1
    taken = 0
    for override in overrides:
        size = len(canonical_bytes(_own(override)))
        if taken and taken + size > ROW_BYTES:
            row, number, taken = row + 1, 1, 0
        parts.append(replace(override, id=PART.join((whole_id, str(row), str(number)))))
        number, taken = number + 1, taken + size
    return tuple(parts)


def row_id(override_id: str) -> str:
    """Return the id of the row that holds an override, or this part of one."""
    return OVERRIDE_PREFIX + (
        override_id.rpartition(PART)[0] if is_part(override_id) else override_id
    )


def holds(row: Row | None, override_id: str) -> bool:
    """Tell whether a row, None for none, holds an override that would be in it, or this part of one."""
    if row is None or PARTS not in row:
        return row is not None
    number = override_id.rpartition(PART)[2]
    return any(str(part.get(_NUMBER)) == number for part in row[PARTS])


def rows_of_overrides(overrides: Iterable[Override]) -> tuple[dict[str, Any], ...]:
    """Return the rows that hold overrides; parts that belong into one row are in one."""
    rows: dict[str, dict[str, Any]] = {}
    for override in overrides:
        key = row_id(override.id)
        if not override.is_part:
            rows[key] = row_of_override(override)
            continue
        if key not in rows:
            rows[key] = {"Id": key, **_shared(override), PARTS: []}
        number = int(override.id.rpartition(PART)[2])
        rows[key][PARTS].append({_NUMBER: number, **_own(override)})
    return tuple(rows.values())


def overrides_of_row(row: Row) -> tuple[Override, ...]:
    """Read a row: one override, or parts of one.

    Raises DamagedState for one that is not as we write it: what it held back must not be let go in silence.
    """
    if PARTS not in row:
        return (override_of_row(row),)
    return tuple(_parts_of(row))


def _parts_of(row: Row) -> Iterator[Override]:
    key, parts = str(row.get("Id")), row[PARTS]
    if not isinstance(parts, list) or not parts:
        raise _damaged(key, PARTS)
    shared = {name: value for name, value in row.items() if name not in (PARTS, *_OF_PARTS)}
    for part in parts:
        try:
            own = {name: part[name] for name in _OF_PARTS if name in part}
            part_id = f"{key}{PART}{int(part[_NUMBER])}"
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(key, PARTS) from error
        yield _read({**shared, **own, "Id": part_id}, key)


def _read(row: Row, key: str) -> Override:
    fields: dict[str, Any] = {}
    for name, (field, read, needed) in _OVERRIDE.items():
        try:
            if needed or row.get(name) is not None:
                fields[field] = read(row[name])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise _damaged(key, name) from error
    return Override(**fields)


def _damaged(key: str, what: str) -> DamagedState:
    shown = key[:_LONGEST_ID]
    return DamagedState(
        f"overrides: row {shown!r} of EnvctlState is damaged: its {what}",
        fix=f"envctl override release {shown.removeprefix(OVERRIDE_PREFIX)} takes it away; then make the override again",
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value))
    return value


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(type(value))
    return value


def _aware(value: Any) -> datetime:
    found = datetime.fromisoformat(_text(value))
    if found.tzinfo is None:
        raise ValueError(value)
    return found


_OVERRIDE: Final[Mapping[str, tuple[str, Callable[[Any], Any], bool]]] = {
    "Id": ("id", lambda value: _text(value).removeprefix(OVERRIDE_PREFIX), True),
    "Ref": ("ref", lambda value: ResourceRef.parse(_text(value)), True),
    "Reason": ("reason", _text, True),
    "Actor": ("actor", _text, True),
    "Since": ("since", _aware, True),
    "Path": ("path", _text, False),
    "Value": ("value", lambda value: parse_canonical(_text(value).encode()), False),
    "Until": ("until", _aware, False),
    "UntilGit": ("until_git", _yes_or_no, False),
    "BaseDigest": ("base_digest", _text, False),
}
"""Attribute of a row -> field of an override, how it is read, and whether it is always there."""
_OF_PARTS: Final = ("Ref", "Path", "Value", "BaseDigest")
"""Attributes that each part has of its own, where a row holds many."""


def override_rows_in(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return those of the rows of EnvctlState that hold overrides, ended ones too, by id."""
    mine = (row for row in rows if str(row["Id"]).startswith(OVERRIDE_PREFIX))
    return tuple(sorted(mine, key=lambda row: str(row["Id"])))


def read_recorded_rows(store: ItemStore, state_table: str) -> tuple[Row, ...]:
    """Return the rows whose every change is in the ledger. Raises as any read."""
    return tuple(
        row for row in store.scan(state_table) if str(row["Id"]).startswith(RECORDED_PREFIXES)
    )


def read_overrides(store: Scannable, prefix: str) -> tuple[Override, ...]:
    """Return all overrides, ended ones too. Raises as any read, and as ``overrides_of_row``."""
    rows = override_rows_in(store.scan(prefix + STATE_TABLE.name))
    return tuple(override for row in rows for override in overrides_of_row(row))
