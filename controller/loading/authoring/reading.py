"""Objects as found become documents, each on its own: attributes under YAML names, in a form their kinds accept."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from controller.kinds.account import CONVENTIONAL_ROLE
from controller.kinds.language.controller_only import put_back
from controller.kinds.language.kind import Kind
from controller.kinds.language.rename import to_yaml_names
from controller.kinds.parts.upstream_hosts import SLICES
from controller.loading.authoring.beneath import without_overrides
from controller.loading.authoring.found import FoundObject, Items, LeftOut, Written
from controller.loading.authoring.mending import mend
from controller.loading.authoring.old_items import without_old_traces
from controller.loading.compiled import CompiledKinds
from controller.model.ref import ResourceRef

Json = Any


class Ports(NamedTuple):
    """Ports of a service, as far as they can be read."""

    blue: int | None
    green: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Every object read: those that are valid documents by themselves, and those that are none."""

    written: dict[ResourceRef, Written] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    whole: dict[ResourceRef, Items] = field(default_factory=dict)
    """The items of each as found."""


def read_objects(found: Iterable[FoundObject], kinds: CompiledKinds) -> Reading:
    """Read each object. Nothing is lost: what is not a document is among those left out."""
    reading = Reading()
    objects = sorted(found, key=lambda one: one.ref)
    ports = dict(_ports(objects))
    for one in objects:
        reading.whole[one.ref] = one.whole
        made = _read(one, kinds, ports)
        if isinstance(made, LeftOut):
            reading.left_out.append(made)
        else:
            reading.written[made.ref] = made
    return reading


def _read(
    found: FoundObject, kinds: CompiledKinds, ports: Mapping[str, Ports]
) -> Written | LeftOut:
    compiled = kinds.by_name.get(found.ref.kind)
    if compiled is None:
        reason = f"there is no kind {found.ref.kind!r}"
        return LeftOut(found.ref, reason, "see whether a newer version knows it", found.whole)
    cleaned = without_old_traces(found)
    if isinstance(cleaned, LeftOut):
        return cleaned
    items, oddities = cleaned
    try:
        name, spec = _spec(compiled.kind, items, found, ports)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        said = f"no {error}" if isinstance(error, KeyError) else str(error)
        reason = f"its items are not in the shape of a {found.ref.kind}: {said}"
        return LeftOut(found.ref, reason, "complete or delete it", found.whole)
    document = {"metadata": dict(found.extra.get("metadata", {})), "spec": spec}
    oddities += without_overrides(document, found, compiled.kind)
    mended = mend(compiled, found.ref, _without_nothing(document["spec"]))
    written = Written(
        found.ref,
        name,
        mended.spec,
        document["metadata"],
        [*oddities, *mended.oddities],
        ours=found.ours,
    )
    if mended.missing is not None:
        decide = "complete it, and take .left-out off the name of its file"
        return LeftOut(found.ref, mended.missing, decide, found.whole, written)
    return written


def _spec(
    kind: Kind[Any], items: Items, found: FoundObject, ports: Mapping[str, Ports]
) -> tuple[str, dict[str, Json]]:
    """Return name and spec, without what loading will derive again."""
    name, dumped = kind.recover({table: dict(item) for table, item in items.items()})
    extra = dict(found.extra.get("spec", {}))
    spec = put_back(kind.spec, to_yaml_names(kind.spec, dumped), extra)
    if kind.name == "Upstream":
        if not found.ours:
            spec["liveSlice"] = "external"
        if not _hosts_follow(spec, ports):
            return name, spec
    if kind.name == "Account":
        _drop_conventional_role(spec)
    return name, kind.undo_derived(spec) if kind.undo_derived else spec


def _hosts_follow(spec: Mapping[str, Json], ports: Mapping[str, Ports]) -> bool:
    """Tell whether the hosts in Consul with the service's ports are those there are."""
    hosts = spec.get("hosts")
    own = ports.get(str(spec.get("serviceName")))
    if own is None or not isinstance(hosts, list) or len(hosts) != len(SLICES):
        return False
    return all(
        isinstance(host, dict) and host.get("port") == port and port
        for host, port in zip(hosts, own, strict=True)
    )


def _drop_conventional_role(spec: dict[str, Json]) -> None:
    number = spec.get("accountNumber")
    if spec.get("roleArn") == f"arn:aws:iam::{number}:role/{CONVENTIONAL_ROLE}":
        del spec["roleArn"]


def _ports(found: Iterable[FoundObject]) -> Iterable[tuple[str, Ports]]:
    for one in found:
        value = one.items.get("InfraConfigServices", {}).get("Value")
        if one.ref.kind == "Service" and isinstance(value, Mapping):
            yield one.ref.key, Ports(_port(value.get("BluePort")), _port(value.get("GreenPort")))


def _port(value: Json) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    return value if type(value) is int and value else None


def _without_nothing(value: Json) -> Json:
    """Leave out nulls and empty texts, which the tables take for absent; empty lists and maps stay."""
    if isinstance(value, dict):
        kept = ((name, _without_nothing(one)) for name, one in value.items())
        return {name: one for name, one in kept if one is not None and one != ""}
    if isinstance(value, list):
        return [one for one in map(_without_nothing, value) if one is not None and one != ""]
    return deepcopy(value)
