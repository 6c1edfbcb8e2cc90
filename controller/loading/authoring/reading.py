"""Objects as found become documents, each on its own: attributes under YAML names, in a form their kinds accept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.kinds.account import CONVENTIONAL_ROLE
from controller.kinds.language.fields import Shape, put_back, to_yaml_names
from controller.kinds.language.kind import Kind, Kinds
from controller.loading.authoring.fix_values import fix_values, in_short
from controller.loading.authoring.found import FoundObject, Items, LeftOut, Oddity, Written
from controller.loading.authoring.old_items import without_old_traces
from controller.loading.authoring.tidy import tidied
from controller.model.canonical import without_empty
from controller.model.observed import BENEATH, put_back_base_fields
from controller.model.ref import ResourceRef

Json = Any


Ports = tuple[int | None, int | None]
"""Blue and green port of a service, as far as they can be read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Every object read: those that are valid documents by themselves, and those that are none."""

    written: dict[ResourceRef, Written] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    whole: dict[ResourceRef, Items] = field(default_factory=dict)
    """The items of each as found."""


def read_objects(found: Iterable[FoundObject], kinds: Kinds) -> Reading:
    """Read each object. Nothing is lost: what is not a document is among those left out."""
    reading = Reading()
    objects = sorted(found, key=lambda known: known.ref)
    ports = dict(_ports(objects))
    for known in objects:
        reading.whole[known.ref] = known.whole
        made = _read(known, kinds, ports)
        if isinstance(made, LeftOut):
            reading.left_out.append(made)
        else:
            reading.written[made.ref] = made
    return reading


def _read(found: FoundObject, kinds: Kinds, ports: Mapping[str, Ports]) -> Written | LeftOut:
    kind = kinds.get(found.ref.kind)
    if kind is None:
        reason = f"there is no kind {found.ref.kind!r}"
        return LeftOut(found.ref, reason, "see whether a newer version knows it", found.whole)
    cleaned = without_old_traces(found)
    if isinstance(cleaned, LeftOut):
        return cleaned
    items, oddities = cleaned
    try:
        name, spec = _spec(kind, items, found, ports)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        lacking = f"no {error}" if isinstance(error, KeyError) else str(error)
        reason = f"its items are not in the shape of a {found.ref.kind}: {lacking}"
        return LeftOut(found.ref, reason, "complete or delete it", found.whole)
    document = {"metadata": dict(found.extra.get("metadata", {})), "spec": spec}
    oddities += without_overrides(document, found, kind)
    fixed = fix_values(kind, found.ref, without_empty(document["spec"]))
    written = Written(
        ref=found.ref,
        name=name,
        spec=fixed.spec,
        metadata=document["metadata"],
        oddities=[*oddities, *fixed.oddities],
        ours=found.ours,
    )
    if fixed.missing is not None:
        decide = "complete it, and take .left-out off the name of its file"
        return LeftOut(found.ref, fixed.missing, decide, found.whole, written)
    return written


def without_overrides(
    document: dict[str, dict[str, Json]], found: FoundObject, kind: Kind[Any]
) -> list[Oddity]:
    """Put back into ``{"metadata", "spec"}`` what an object's mark says is beneath overrides; return a note for each field.

    What overrides put into the tables for a while is no part of a document.
    """
    base = found.extra.get(BENEATH, {})
    held = {path: _field_in_short(document, path, kind) for path in base}
    put_back_base_fields(document, base)
    return [
        Oddity(
            found.ref,
            f"{path.partition('.')[2]} {held[path]}: put there by"
            f" {found.overrides.get(path, 'an override that has ended by now')}",
            f"what is beneath it: {_field_in_short(document, path, kind)}",
        )
        for path in base
    ]


def _field_in_short(document: Mapping[str, Mapping[str, Json]], path: str, kind: Kind[Any]) -> str:
    part, _, name = path.partition(".")
    value = document[part].get(name)
    if value is None:
        return "nothing"
    return in_short(kind, (name,), tidied(kind, {name: value}).get(name, value))


def _spec(
    kind: Kind[Any], items: Items, found: FoundObject, ports: Mapping[str, Ports]
) -> tuple[str, dict[str, Json]]:
    """Return name and spec, without what loading will derive again."""
    name, dumped = kind.recover({table: dict(item) for table, item in items.items()})
    extra = dict(found.extra.get("spec", {}))
    spec = put_back(kind.spec, to_yaml_names(Shape(model=kind.spec), dumped), extra)
    if kind.name == "Upstream":
        if not found.ours:
            spec["liveSlice"] = "external"
        if not _hosts_follow(spec, ports):
            return name, spec
    if kind.name == "Account":
        conventional = f"arn:aws:iam::{spec.get('accountNumber')}:role/{CONVENTIONAL_ROLE}"
        if spec.get("roleArn") == conventional:
            del spec["roleArn"]
    return name, kind.undo_derived(spec) if kind.undo_derived else spec


def _hosts_follow(spec: Mapping[str, Json], ports: Mapping[str, Ports]) -> bool:
    """Tell whether the hosts in Consul with the service's ports are those there are."""
    hosts = spec.get("hosts")
    own = ports.get(str(spec.get("serviceName")))
    if own is None or not all(own) or not isinstance(hosts, list):
        return False
    return [isinstance(host, dict) and host.get("port") for host in hosts] == list(own)


def _ports(found: Iterable[FoundObject]) -> Iterable[tuple[str, Ports]]:
    for known in found:
        value = known.items.get("InfraConfigServices", {}).get("Value")
        if known.ref.kind == "Service" and isinstance(value, Mapping):
            yield known.ref.key, (_port(value.get("BluePort")), _port(value.get("GreenPort")))


def _port(value: Json) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    return value if type(value) is int and value else None
