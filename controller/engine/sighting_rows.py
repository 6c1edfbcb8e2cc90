"""What a look counted, as a part of a scope's row of EnvctlState, and back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from controller.ledger.records import iso_ms
from controller.model.scope_status import Remark, Sighting

_COUNTS: Final = ("instances_on", "instances_off", "to_switch", "on_the_way", "copies_behind")
_MOMENTS: Final = ("behind_since", "complete_at", "images_at")
_REMARKS: Final = ("missing", "rollouts", "images")


def plain_sighting(seen: Sighting) -> dict[str, Any]:
    """Return a sighting as plain values; what it does not know is left out."""
    plain: dict[str, Any] = {"At": iso_ms(seen.at)}
    for name in _COUNTS:
        if (count := getattr(seen, name)) is not None:
            plain[_attribute(name)] = count
    for name in _MOMENTS:
        if (moment := getattr(seen, name)) is not None:
            plain[_attribute(name)] = iso_ms(moment)
    for name in _REMARKS:
        if remarks := getattr(seen, name):
            plain[_attribute(name)] = [
                {"Text": remark.text, "Objects": remark.objects, "Names": list(remark.names)}
                for remark in remarks
            ]
    return plain


def sighting_of_plain(plain: Any) -> Sighting | None:
    """Read a sighting back; None if there is none. Raises KeyError, TypeError or ValueError for one that is damaged."""
    if plain is None:
        return None
    counts = {name: _present(plain, name, int) for name in _COUNTS}
    moments = {name: _present(plain, name, datetime.fromisoformat) for name in _MOMENTS}
    remarks = {name: _remarks(plain.get(_attribute(name), ())) for name in _REMARKS}
    fields: dict[str, Any] = {**counts, **moments, **remarks}
    return Sighting(at=datetime.fromisoformat(plain["At"]), **fields)


def _present(plain: Mapping[str, Any], name: str, read: Any) -> Any:
    value = plain.get(_attribute(name))
    return None if value is None else read(value)


def _remarks(plain: Iterable[Mapping[str, Any]]) -> tuple[Remark, ...]:
    return tuple(Remark(one["Text"], int(one["Objects"]), tuple(one["Names"])) for one in plain)


def _attribute(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
