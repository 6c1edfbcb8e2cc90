"""The stories that the golden plans tell: what is desired and what is found, scope by scope."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from controller.model.canonical import parse_canonical
from controller.model.observed import Observation, ObservedState, Ownership, ScopeState
from controller.model.plan import Change, Edit, Plan, ScheduleMeaning, ScopePlan
from controller.model.ref import Authorship, Origin, ResourceRef
from controller.model.resource import Projection
from controller.planning.diff import DiffResult, diff
from controller.planning.fields import EXTRA, FieldNames, FieldPath, extra_path
from controller.planning.scope_plan import ScopeOptions, finish, plan, plan_scope
from tests.unit.planning.worlds import (
    by_hand,
    desired_of,
    found,
    item,
    options,
    ref,
    scope_of,
    wanted,
)

TANGO = Authorship("9f1e0aa", "tango-dev", "2026-11-24", "Web to 1.4.3")


def yaml_path(_ref: ResourceRef, path: FieldPath) -> str:
    """Name an attribute as the YAML does: without table and ``Value``, in camelCase."""
    if path[0] == EXTRA:
        return extra_path(path)
    kept = [p for p in path[1:] if p != "Value"]
    names = {"DeploymentTarget": "roles", "AMI": "ami"}
    words = [names.get(str(p), str(p)) for p in kept]
    return ".".join(
        w[:1].lower() + w[1:] if isinstance(p, str) else w for p, w in zip(kept, words, strict=True)
    )


NAMES = FieldNames(yaml_path, lambda _ref, path: path[-1] == "NewRelicKey")


@dataclass(frozen=True)
class Scope:
    """One scope of a story. ``effects`` are what a live target would say of its changes."""

    desired: Sequence[Projection]
    observed: ObservedState
    options: ScopeOptions
    live: bool = False
    edits: Mapping[ResourceRef, Edit] | None = None
    effects: Mapping[str, int] | None = None
    meaning: ScheduleMeaning | None = None
    is_observed: bool = False
    """Whether its target only observes."""


def scoped(
    desired: Sequence[Projection],
    observed: ObservedState,
    paths: Mapping[str, str] | None = None,
    *,
    live: bool = False,
    edits: Mapping[ResourceRef, Edit] | None = None,
    effects: Mapping[str, int] | None = None,
    source_paths: frozenset[str] | None = None,
    tokens: Sequence[str] = (),
    meaning: ScheduleMeaning | None = None,
    is_observed: bool = False,
    **how: Any,
) -> Scope:
    """A scope with the origins of its objects: ``paths`` by reference, else a file per kind."""
    known = {ref(text): path for text, path in (paths or {}).items()}
    origins = {
        one.ref: Origin(known.get(one.ref, f"fleet/{one.ref.kind.lower()}s.yaml"), 1 + 7 * index)
        for index, one in enumerate(desired)
    }
    comparing = options(
        names=NAMES,
        origins=origins,
        target="groups" if live else "tables",
        **how,
    )
    planned = ScopeOptions(diff=comparing, source_paths=source_paths, approvals=by_hand(*tokens))
    return Scope(desired, observed, planned, live, edits, effects, meaning, is_observed)


def planned(scope: Scope, observed: ObservedState) -> ScopePlan:
    """Plan one scope from what was read back; what the engine adds to changes is added here."""
    desired = desired_of(*scope.desired)
    if not scope.live:
        result = plan_scope(desired, observed, scope.options)
        return replace(result, changes=tuple(_edited(one, scope) for one in result.changes))
    if observed.state is not ScopeState.OK:
        return plan_scope(desired, observed, scope.options)
    compared = diff(desired, observed, scope.options.diff)
    changes = tuple(replace(_edited(c, scope), effects=scope.effects) for c in compared.changes)
    made = finish(observed, (DiffResult(changes, compared.notes),), scope.options)
    return replace(made, state=ScopeState.OBSERVE) if scope.is_observed else made


def _edited(change: Change, scope: Scope) -> Change:
    known = {origin.path for origin in scope.options.diff.origins.values()}
    by = TANGO if change.origin is not None and change.origin.path in known else None
    return replace(change, edit=(scope.edits or {}).get(change.ref, change.edit), authorship=by)


def plan_of(scopes: Sequence[Scope], observed: Sequence[ObservedState]) -> Plan:
    """Plan all scopes of a story."""
    by_name = {state.scope: state for state in observed}
    made = plan(
        (planned(scope, by_name[scope.observed.scope]) for scope in scopes),
        revision="9f1e0aa0c4d1e5b2f8a7c6d5e4f3a2b1c0d9e8f7",
        label="main@9f1e0aa",
    )
    return replace(made, schedules=next((one.meaning for one in scopes if one.meaning), None))


# The objects.


def cluster(name: str, **value: Any) -> dict[str, Any]:
    return item(f"Cluster/{name}", Value={"SchemaVersion": 1, **value})


def service(name: str, blue: int, **more: Any) -> dict[str, Any]:
    value = {"SchemaVersion": 1, "BluePort": blue, "GreenPort": blue + 1}
    return item(f"Service/{name}", OwningCluster="Tango", Value=value, **more)


def web(ami: str) -> dict[str, Any]:
    roles = [
        {"ServerRoleName": "Web", "AMI": ami, "OwningCluster": "Tango"},
        {"ServerRoleName": "Db", "AMI": "db-2.0.1", "OwningCluster": "Tango"},
    ]
    return item("DeploymentMap/web", Value={"SchemaVersion": 1, "DeploymentTarget": roles})


def environment(name: str, *, locked: bool | None = None) -> dict[str, Any]:
    value = {"OwningCluster": "Tango", "DeploymentMap": "web", "EnvironmentType": "Staging"}
    ops = {} if locked is None else {"DeploymentsLocked": locked}
    return {
        **item(f"Environment/{name}", Value=value),
        "OpsTable": {"Name": name, "Value": {"DefaultSchedule": "office-hours", **ops}},
    }


def upstream(name: str, **more: Any) -> dict[str, Any]:
    host = {"DnsName": "c50-ta-Web.example", "Port": 40012}
    return item(f"Upstream/{name}", Environment="c50", Hosts=[host], ZoneSize="128k", **more)


def group(ami: str) -> dict[str, Any]:
    return {"group": {"Image": ami, "Tags": {"Role": "Web"}, "MinSize": 2}}


def same(text: str, attributes: dict[str, Any], **more: Any) -> tuple[Projection, Observation]:
    """An object that is as it should be."""
    return wanted(text, attributes, **more), found(text, attributes, **more)


# The stories.


def first_creation() -> list[Scope]:
    fleet = [
        wanted("Environment/c50", environment("c50"), needs=["DeploymentMap/web", "Cluster/Tango"]),
        wanted(
            "Upstream/c50-Search",
            upstream("c50-Search"),
            needs=["Environment/c50", "Service/Search"],
        ),
        wanted("Service/Search", service("Search", 40012), needs=["Cluster/Tango"]),
        wanted("Service/Checkout", service("Checkout", 40014), needs=["Cluster/Tango"]),
        wanted("DeploymentMap/web", web("web-1.4.2"), needs=["Cluster/Tango", "Service/Search"]),
        wanted("Cluster/Tango", cluster("Tango", ShortName="ta", NewRelicKey="secret of Tango")),
    ]
    return [scoped(fleet, scope_of())]


def one_field_of_a_map_that_many_share() -> list[Scope]:
    edit = Edit(Origin("fleet/maps/web.yaml", 17), "roles.Web.ami  web-1.4.2 → web-1.4.3")
    config = scoped(
        [wanted("DeploymentMap/web", web("web-1.4.3"))],
        scope_of(found("DeploymentMap/web", web("web-1.4.2"))),
        {"DeploymentMap/web": "fleet/maps/web.yaml"},
        edits={ref("DeploymentMap/web"): edit},
    )
    live = []
    for scope, count in (("111111111111/eu-west-1", 5), ("222222222222/eu-west-1", 2)):
        names = [f"Group/c{scope[0]}{n}-ta-Web" for n in range(count)]
        live.append(
            scoped(
                [wanted(name, group("web-1.4.3")) for name in names],
                scope_of(*(found(name, group("web-1.4.2")) for name in names), scope=scope),
                live=True,
                edits={ref(name): edit for name in names},
                effects={"replaced": 4},
            )
        )
    return [config, *live]


def drift() -> list[Scope]:
    search = wanted("Service/Search", service("Search", 40012))
    checkout = wanted("Service/Checkout", service("Checkout", 40014))
    tango, tango_found = same("Cluster/Tango", cluster("Tango"))
    config = scoped(
        [search, checkout, tango],
        scope_of(
            found("Service/Search", service("Search", 40012, Note="by hand"), applied=search),
            found("Service/Checkout", service("Checkout", 40014), ownership=Ownership.LOST_MARK),
            tango_found,
        ),
    )
    unknown = scope_of(
        scope="333333333333/us-east-1",
        state=ScopeState.UNKNOWN,
        reason="AssumeRole denied (role/envctl-child)",
    )
    return [config, scoped([], unknown, live=True)]


def prune_with_tombstone_and_mark() -> list[Scope]:
    retired = {"spec": {"lifecycle": "retired"}}
    due = {"MarkForDelete": True, "MarkForDeleteTimestamp": 1_700_000_000_000}
    waiting = {"MarkForDelete": True, "MarkForDeleteTimestamp": 1_900_000_000_000}
    leaving = {"leaving": "mark then delete"}
    folder = "fleet/staging/c07"
    kept, kept_found = same("Cluster/Tango", cluster("Tango"))
    vhost = item("LoadBalancerSetting/c07/www", EnvironmentName="c07")
    objects = [
        kept_found,
        found("Environment/c07", environment("c07"), extra=retired, path=f"{folder}/c07.yaml"),
        found(
            "LoadBalancerSetting/c07/www",
            vhost,
            path=f"{folder}/routing.yaml",
            needs=["Upstream/c07-Search"],
        ),
        found(
            "Upstream/c07-Search",
            upstream("c07-Search"),
            path=f"{folder}/routing.yaml",
            needs=["Environment/c07"],
        ),
        found(
            "Upstream/c07-Old",
            upstream("c07-Old", **due),
            extra=leaving,
            path=f"{folder}/routing.yaml",
        ),
        found(
            "Upstream/c07-New",
            upstream("c07-New", **waiting),
            extra=leaving,
            path=f"{folder}/routing.yaml",
        ),
        found("Service/Legacy", service("Legacy", 40050), path="fleet/services.yaml"),
    ]
    return [
        scoped(
            [kept],
            scope_of(*objects),
            source_paths=frozenset(
                {"fleet/clusters.yaml", "fleet/services.yaml", "fleet/staging/c08/c08.yaml"}
            ),
        )
    ]


def mass_delete_of_a_renamed_folder() -> list[Scope]:
    retired: dict[str, Any] = {"spec": {"lifecycle": "retired"}}
    old = [f"c{n:03}" for n in range(62)]
    new = [f"s{n:03}" for n in range(62)]
    staying = [f"p{n:03}" for n in range(88)]
    objects = [
        *(
            found(f"Environment/{n}", environment(n), extra=retired, path=f"fleet/staging/{n}.yaml")
            for n in old
        ),
        *(found(f"Environment/{n}", environment(n), path=f"fleet/prod/{n}.yaml") for n in staying),
    ]
    desired = [wanted(f"Environment/{n}", environment(n)) for n in (*staying, *new)]
    paths = {
        **{f"Environment/{n}": f"fleet/prod/{n}.yaml" for n in staying},
        **{f"Environment/{n}": f"fleet/stage/{n}.yaml" for n in new},
    }
    return [scoped(desired, scope_of(*objects), paths, source_paths=frozenset(paths.values()))]


def foreign_and_unmanaged() -> list[Scope]:
    tango, tango_found = same("Cluster/Tango", cluster("Tango"))
    objects = [
        tango_found,
        found("Service/Search", service("Search", 40012), ownership=Ownership.FOREIGN),
        found("Service/Theirs", service("Theirs", 40020), ownership=Ownership.FOREIGN),
        found("Service/Checkout", service("Checkout", 40014), ownership=Ownership.UNMANAGED),
        *(
            found(
                f"Service/Old{n}", service(f"Old{n}", 40100 + 2 * n), ownership=Ownership.UNMANAGED
            )
            for n in range(5)
        ),
        found("DeploymentMap/lost", web("web-1.0.0"), ownership=Ownership.LOST_MARK),
    ]
    desired = [
        wanted("Service/Search", service("Search", 40012)),
        wanted("Service/Checkout", service("Checkout", 40014)),
        tango,
    ]
    return [scoped(desired, scope_of(*objects))]


def adoption() -> list[Scope]:
    desired = [
        wanted("Service/Search", service("Search", 40012)),
        wanted("DeploymentMap/web", web("web-1.4.3")),
    ]
    objects = [
        found("Service/Search", service("Search", 40012), ownership=Ownership.UNMANAGED),
        found("DeploymentMap/web", web("web-1.4.2"), ownership=Ownership.UNMANAGED),
        found("Service/Other", service("Other", 40014), ownership=Ownership.UNMANAGED),
    ]
    return [scoped(desired, scope_of(*objects), adopt=True)]


def suspended_and_overridden() -> list[Scope]:
    labels = {"metadata": {"labels": {"team": "search"}, "protect": True}}
    desired = [
        wanted("Service/Search", service("Search", 40012), extra=labels),
        wanted("DeploymentMap/web", web("web-1.4.3")),
        wanted("Environment/c50", environment("c50"), needs=["DeploymentMap/web"]),
        wanted("DeploymentMap/batch", item("DeploymentMap/batch")),
        wanted("Environment/c60", environment("c60"), needs=["DeploymentMap/batch"]),
    ]
    always = environment("c50")
    always["OpsTable"] = {"Name": "c50", "Value": {"DefaultSchedule": "247"}}
    locked = {"DefaultSchedule": "247", "DeploymentsLocked": True}
    night = {**always, "OpsTable": {"Name": "c50", "Value": locked}}
    objects = [
        found("Service/Search", service("Search", 40012)),
        found("DeploymentMap/web", web("web-1.4.2")),
        found("Environment/c50", night),
    ]
    return [
        scoped(
            desired,
            scope_of(*objects),
            suspended={ref("DeploymentMap/web"), ref("DeploymentMap/batch")},
            overridden={ref("Environment/c50"): wanted("Environment/c50", always)},
        )
    ]


STORIES: tuple[Callable[[], list[Scope]], ...] = (
    first_creation,
    one_field_of_a_map_that_many_share,
    drift,
    prune_with_tombstone_and_mark,
    mass_delete_of_a_renamed_folder,
    foreign_and_unmanaged,
    adoption,
    suspended_and_overridden,
)


def desired_object(scope: Scope) -> dict[str, Any]:
    """What is desired in a scope, for the reader of the story's folder."""
    return {
        "scope": scope.observed.scope,
        "objects": [_shown(one) for one in scope.desired],
    }


def _shown(one: Projection) -> dict[str, Any]:
    return {
        "ref": str(one.ref),
        "attributes": parse_canonical(one.attributes),
        "extra": parse_canonical(one.extra),
        "needs": [str(needed) for needed in one.depends_on],
    }
