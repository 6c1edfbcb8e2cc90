"""Permission: what a user or a group may do in the old product. Kept as data, evaluated by other programs."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, model_validator

from controller.kinds.language.fields import Named
from controller.kinds.language.kind import Finding, Findings, Kind, Path, World
from controller.kinds.language.read_by_others import item_as_read
from controller.kinds.language.spec import Says, Spec, unfit
from controller.kinds.parts.texts import Text
from controller.model.ref import ProblemCode, ResourceRef
from controller.model.table import Items, KeyAttribute, TableDefinition

TABLE = TableDefinition("InfraConfigPermissions", KeyAttribute("Name"))
ALL = "all"
RESTRICTIONS = ("Clusters", "EnvironmentTypes")

Names = Annotated[
    Literal["all"] | Annotated[list[Text], Field(min_length=1)], Says("a list of names, or all")
]


class PermissionEntry(Spec):
    """One thing that is allowed: a resource, everything of a cluster, or everything of an environment type."""

    resource: Text | None = None
    """Path with wildcards: /config/services/*, or ** for every path."""
    access: (
        Annotated[
            str,
            Field(pattern=r"^(POST|PUT|DELETE|ADMIN|post|put|delete|admin)$"),
            Says("POST, PUT, DELETE or ADMIN"),
        ]
        | None
    ) = None
    """What may be done with the resource; ADMIN is everything. Items of the old product have it in lower case too."""
    cluster: Text | None = None
    """Name of a Cluster, in upper or lower case, or all."""
    environment_type: Text | None = None
    """Name of an EnvironmentType, in upper or lower case, or all."""
    clusters: Names | None = None
    """Restricts a resource to clusters; together with environmentTypes."""
    environment_types: Names | None = None
    """Restricts a resource to environment types; together with clusters."""

    @model_validator(mode="after")
    def _is_of_one_sort(self) -> "PermissionEntry":
        if self.resource is None and self.cluster is None and self.environment_type is None:
            raise unfit(
                "an entry allows nothing", "add resource and access, cluster, or environmentType"
            )
        if self.access is not None and self.resource is None:
            raise unfit("access is that to a resource", "add resource: PATH")
        if (self.clusters is None) != (self.environment_types is None):
            raise unfit(
                "clusters and environmentTypes restrict together",
                "add the other one; all means no restriction",
            )
        if self.clusters is not None and self.resource is None:
            raise unfit(
                "clusters and environmentTypes restrict a resource",
                "add resource and access, or use cluster and environmentType",
            )
        return self


class PermissionSpec(Spec):
    """What a Permission is. Its name is that of a user or of a directory group."""

    permissions: list[PermissionEntry]
    """What the user or group may do."""


class PermissionFacts(NamedTuple):
    """What its own rules ask."""

    named: tuple[Named, ...]
    old_forms: tuple[tuple[Path, str, str], ...]
    """Where an entry has a form that only items of the old product have, what that is, and what to write."""


def _old_forms(spec: PermissionSpec) -> Iterator[tuple[Path, str, str]]:
    for place, entry in enumerate(spec.permissions):
        at = ("spec", "permissions", place)
        if entry.resource is not None and entry.access is None:
            text = "a resource without access allows nothing by itself; it is kept as the old product left it"
            yield at, text, "add access: POST, PUT, DELETE or ADMIN, or remove the entry"
        elif entry.access is not None and not entry.access.isupper():
            text = f"access {entry.access} is in lower case; it is kept as the old product left it"
            yield (*at, "access"), text, f"write {entry.access.upper()} if that is meant"


def _named(spec: PermissionSpec) -> Iterator[Named]:
    for place, entry in enumerate(spec.permissions):
        at = ("spec", "permissions", place)
        for kind, field, single, several in (
            ("Cluster", "cluster", entry.cluster, entry.clusters),
            ("EnvironmentType", "environmentType", entry.environment_type, entry.environment_types),
        ):
            if single is not None and single.lower() != ALL:
                yield Named((*at, field), kind, single)
            if several is not None and several != ALL:
                for index, name in enumerate(several):
                    yield Named((*at, f"{field}s", index), kind, name)


def _forms_are_of_today(_ref: ResourceRef, facts: PermissionFacts, _world: World) -> Findings:
    for path, message, fix in facts.old_forms:
        yield Finding(path, message, fix, warning=True, code=ProblemCode.OLD_FORM)


def _names_exist(_ref: ResourceRef, facts: PermissionFacts, world: World) -> Findings:
    for path, kind, name in facts.named:
        if world.facts(kind, name) is not None:
            continue
        # Upper and lower case are the same here, so the rare name in another case is looked for among all.
        meant = next((known for known in world.names(kind) if known.lower() == name.lower()), None)
        if meant is None or world.facts(kind, meant) is None:
            yield Finding(
                path,
                f"no {kind} named {name!r}, in upper or lower case",
                "correct the name, or write all",
                code=ProblemCode.UNKNOWN_REFERENCE,
                named=(kind, name),
            )


def _project(key: str, spec: dict[str, Any]) -> Items:
    """Write restrictions in lower case: their readers compare them as written with what they ask in lower case."""
    entries = [
        {
            name: [member.lower() for member in value] if isinstance(value, list) else value
            for name, value in entry.items()
        }
        for entry in spec["Permissions"]
    ]
    return {TABLE.name: {"Name": key, "Permissions": entries}}


def _recover(items: Items) -> tuple[str, dict[str, object]]:
    item = items[TABLE.name]
    return str(item["Name"]), {name: value for name, value in item.items() if name != "Name"}


def _rights(items: Items) -> Any:
    entries = item_as_read(items, TABLE).get("Permissions")
    return [_with_all(entry) for entry in entries] if isinstance(entries, list) else entries


def _with_all(entry: Any) -> Any:
    """Return an entry with its restrictions to the word all in lower case, as its readers take them."""
    if not isinstance(entry, dict):
        return entry
    return {
        name: ALL if name in RESTRICTIONS and str(value).lower() == ALL else value
        for name, value in entry.items()
    }


KIND = Kind(
    name="Permission",
    summary="What a user or a group may do in the old product.",
    spec=PermissionSpec,
    tables=(TABLE,),
    project=_project,
    recover=_recover,
    identify=lambda item: str(item["Name"]),
    facts=lambda _key, spec: PermissionFacts(tuple(_named(spec)), tuple(_old_forms(spec))),
    read_by_others=_rights,
    rules=(_names_exist, _forms_are_of_today),
    unmanaged=frozenset({"Cluster", "EnvironmentType"}),
    yaml_places={("Name",): ("metadata", "name")},
)
