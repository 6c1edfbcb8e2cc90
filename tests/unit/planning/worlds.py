"""Small kinds, desired objects and found objects to plan with."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from controller.kinds.language.kind import Immutable, Kind, Leaving, SharedField, Unique
from controller.kinds.language.spec import Spec
from controller.model.canonical import Json, canonical_bytes, projection_digest
from controller.model.observed import Mark, Observation, ObservedState, Ownership, ScopeState
from controller.model.plan import Action, Approval, Cause, Change
from controller.model.ref import Origin, Reason, ResourceRef
from controller.model.resource import Projection
from controller.model.table import KeyAttribute, TableDefinition
from controller.planning.diff import DiffOptions
from controller.planning.fields import comparable
from controller.planning.leaving import is_retired

NOW = datetime(2026, 11, 24, 10, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
OURS = "acme"


def by_hand(*tokens: str) -> tuple[Approval, ...]:
    """Approvals that a person gave."""
    return tuple(Approval(token, "--approve by ann") for token in tokens)


class ServiceSpec(Spec):
    """A service with two ports nobody else may have."""

    blue_port: int | None = None
    green_port: int | None = None


class NothingSpec(Spec):
    """A kind whose spec no test looks into."""


def _value_of(items: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    (item,) = items.values()
    value = item.get("Value", {})
    return item["Name"], {n: v for n, v in value.items() if n != "SchemaVersion"}


def _ports(spec: Any) -> Iterable[tuple[tuple[str | int, ...], str | int]]:
    if spec.blue_port:
        yield ("spec", "bluePort"), spec.blue_port
    if spec.green_port:
        yield ("spec", "greenPort"), spec.green_port


def make_kind(name: str, *tables: str, spec: type[Spec] = NothingSpec, **more: Any) -> Kind[Any]:
    """A kind with the parts planning asks for; the rest does the least."""
    return Kind(
        name=name,
        summary=name,
        spec=spec,
        tables=tuple(
            TableDefinition(t, KeyAttribute("Name")) for t in (tables or (f"{name}Table",))
        ),
        project=lambda key, dumped: {f"{name}Table": {"Name": key, "Value": dumped}},
        recover=_value_of,
        identify=lambda item: str(item["Name"]),
        facts=lambda _key, found: found,
        key=lambda key, _spec: key,
        **more,
    )


SERVICE = make_kind(
    "Service",
    spec=ServiceSpec,
    unique=(Unique("port", _ports),),
    immutable=(
        Immutable("ServiceTable", ("Value", "BluePort"), "hosts point at it", unset=(None, 0)),
        Immutable("ServiceTable", ("Value", "GreenPort"), "hosts point at it", unset=(None, 0)),
    ),
    leaving=Leaving.TOMBSTONE,
)
UPSTREAM = make_kind(
    "Upstream",
    leaving=Leaving.MARK_THEN_DELETE,
    shared=(
        SharedField("UpstreamTable", ("Hosts", "*", "State"), "down", ("DnsName", "Port")),
        SharedField("UpstreamTable", ("MarkForDelete",), default=False),
        SharedField("UpstreamTable", ("MarkForDeleteTimestamp",), 0),
    ),
)
ENVIRONMENT = make_kind(
    "Environment",
    "EnvironmentTable",
    "OpsTable",
    leaving=Leaving.RETIRE_FIRST,
    shared=(SharedField("OpsTable", ("Value", "DeploymentsLocked"), default=False),),
)
CLUSTER = make_kind(
    "Cluster", immutable=(Immutable("ClusterTable", ("Value", "ShortName"), "group names have it"),)
)
MAP = make_kind("DeploymentMap")
VHOST = make_kind("LoadBalancerSetting")
KINDS: dict[str, Kind[Any]] = {
    kind.name: kind for kind in (SERVICE, UPSTREAM, ENVIRONMENT, CLUSTER, MAP, VHOST)
}


def ref(text: str) -> ResourceRef:
    """Read ``Kind/key``."""
    return ResourceRef.parse(text)


def item(text: str, **attributes: Any) -> dict[str, Any]:
    """The one item of an object, in the table of its kind."""
    kind, key = ref(text)
    return {f"{kind}Table": {"Name": key, **attributes}}


def wanted(
    text: str,
    attributes: Json = None,
    *,
    needs: Iterable[str] = (),
    extra: Mapping[str, Any] | None = None,
    **more: Any,
) -> Projection:
    """A desired object; ``attributes`` default to an item with nothing but its key."""
    body = canonical_bytes(item(text) if attributes is None else attributes)
    written = canonical_bytes({"shape": 1, **(extra or {})})
    return Projection(
        ref=ref(text),
        attributes=body,
        extra=written,
        digest=projection_digest(body, written),
        depends_on=tuple(map(ref, needs)),
        retired=is_retired(extra or {}),
        **more,
    )


def found(
    text: str,
    attributes: Json = None,
    *,
    applied: Projection | None = None,
    extra: Mapping[str, Any] | None = None,
    ownership: Ownership = Ownership.OURS,
    path: str = "fleet/all.yaml",
    needs: Iterable[str] = (),
    version: int = 1,
) -> Observation:
    """An object in a table.

    ``applied`` is what our mark says was applied last (default: what is there); ``extra`` is the mark's.
    """
    body = item(text) if attributes is None else attributes
    kind = KINDS.get(ref(text).kind)
    known = {"shape": 1, **(extra or {})}
    compared = comparable(body, kind.shared, known.get("owned", ())) if kind else body
    digest = projection_digest(canonical_bytes(compared), canonical_bytes(known))
    by = "other" if ownership is Ownership.FOREIGN else OURS
    mark = Mark(by, f"id-{text}", "r1", path, 1, applied.digest if applied else digest, known)
    marked = ownership in (Ownership.OURS, Ownership.FOREIGN)
    return Observation(
        ref=ref(text),
        attributes=canonical_bytes(body),
        digest=digest,
        mark=mark if marked else None,
        ownership=ownership,
        base=canonical_bytes({"version": version}),
        depends_on=tuple(map(ref, needs)),
    )


def desired_of(*projections: Projection) -> dict[ResourceRef, Projection]:
    """Desired objects by reference."""
    return {projection.ref: projection for projection in projections}


def scope_of(
    *objects: Observation,
    scope: str = "config",
    state: ScopeState = ScopeState.OK,
    reason: str = "",
) -> ObservedState:
    """One scope with these objects."""
    return ObservedState(scope, state, {one.ref: one for one in objects}, Reason(reason))


def options(**more: Any) -> DiffOptions:
    """How to compare: the tables, our kinds, a fixed now."""
    return DiffOptions(**{"target": "tables", "now": NOW, "kinds": KINDS, **more})


def change(
    text: str,
    action: Action = "update",
    *,
    needs: Iterable[str] = (),
    cause: Cause | None = None,
    path: str = "",
    **more: Any,
) -> Change:
    """A change as a diff would make it, for what comes after the diff."""
    fields: dict[str, Any] = {
        "target": "tables",
        "fields": (),
        "before": None if action == "create" else b"{}",
        "after": None if action == "delete" else b"{}",
        "extra": b"{}",
        "digest": f"digest of {text}",
        "base": b"null" if action == "create" else b'{"version":1}',
        "origin": Origin(path, 1) if path else None,
        **more,
    }
    return Change(
        action=action,
        ref=ref(text),
        cause=cause or (Cause.PRUNED if action == "delete" else Cause.EDITED),
        depends_on=tuple(map(ref, needs)),
        **fields,
    )
