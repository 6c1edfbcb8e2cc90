"""Documents become files: one file each, in folders people would look in, with what was odd about it.

What many say alike is said once: in the Defaults of their folder, and in a map's roleDefaults.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.kinds.language.json_schema import file_name
from controller.kinds.language.kind import API_VERSION, DEFAULTS, Kinds
from controller.loading.authoring.found import LeftOut, Oddity, Written
from controller.loading.authoring.tidy import tidied
from controller.loading.yaml_text import yaml_lines
from controller.model.canonical import canonical_bytes
from controller.model.ref import ResourceRef

LEFT_OUT = ".left-out"
"""Behind the name of a file that is not loaded, for what is in it is not right yet."""
_SHARING_FROM = {"Environment": 2, "Upstream": 2, "LoadBalancerSetting": 2}
_SHARING_FROM_ELSE = 3
FEWEST_FOR_MOST = 3
"""From so many on, what most of them say is lifted too, and the others say theirs."""

OWN: dict[str, frozenset[str]] = {
    "Environment": frozenset(),
    "Upstream": frozenset({"environmentName", "serviceName", "hosts"}),
    "LoadBalancerSetting": frozenset({"environmentName", "serverName", "locations"}),
    "Service": frozenset({"bluePort", "greenPort"}),
    "Cluster": frozenset({"shortName"}),
    "NotificationSettings": frozenset(),
}
"""Kinds whose objects are alike by intention; the fields that make each what it is stay with it, however many say the same."""

_OWN_OF_A_ROLE = frozenset({"serverRoleName"})
FOLDERS = {
    "Account": "accounts",
    "Calendar": "calendars",
    "Cluster": "teams",
    "DeploymentMap": "maps",
    "EnvironmentType": "types",
    "NotificationSettings": "notifications",
    "Permission": "permissions",
    "Schedule": "schedules",
    "Service": "services",
    "Template": "templates",
}
ROUTES = {"Upstream": "upstreams", "LoadBalancerSetting": "hosts"}
"""Folders inside that of an environment."""
SCHEMAS = "schemas"
HOMELESS = "environments"
"""Folder of environments whose type cannot be told."""
_RESERVED = frozenset({*FOLDERS.values(), SCHEMAS, HOMELESS})
_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")

Json = Any


@dataclass(frozen=True, slots=True)
class Composed:
    """Files by path, and the path each object was written to, those left out included."""

    files: Mapping[str, str]
    paths: Mapping[ResourceRef, str]


class Folders:
    """Gives each object a path, no two the same, on file systems that take upper and lower case for the same too."""

    def __init__(self, documents: Iterable[Written]) -> None:
        """Take all documents, left out ones first: what belongs to an environment is written beside it."""
        self._types = {
            document.ref.key: str(document.spec.get("environmentType") or "")
            for document in documents
            if document.ref.kind == "Environment"
        }
        self._taken: set[str] = set()

    def path_of(self, document: Written) -> str:
        """Return a new path for a document."""
        folder, name, kind = self.folder_of(document), _clean(document.name), document.ref.kind
        if kind == "Environment":
            folder, name = f"{folder}/{name}", "environment"
        elif kind in ROUTES:
            inside = _clean(str(document.spec.get("environmentName") or "unknown"))
            folder = f"{folder}/{inside}/{ROUTES[kind]}"
        elif name == "defaults":
            name = "defaults-1"
        path, number = f"{folder}/{name}.yaml", 1
        while path.lower() in self._taken:
            number += 1
            path = f"{folder}/{name}-{number}.yaml"
        self._taken.add(path.lower())
        return path

    def folder_of(self, document: Written) -> str:
        """Return the folder that shares its Defaults with the document."""
        kind = document.ref.kind
        if kind in FOLDERS:
            return FOLDERS[kind]
        if kind == "Environment":
            return self._type(document.name)
        if kind in ROUTES:
            return self._type(str(document.spec.get("environmentName") or ""))
        return f"{_clean(kind).lower()}s"

    def _type(self, environment: str) -> str:
        name = self._types.get(environment)
        if not name:
            return HOMELESS
        lowered = _clean(name).lower()
        return f"type-{lowered}" if lowered in _RESERVED else lowered


def compose(written: Iterable[Written], left_out: Sequence[LeftOut], kinds: Kinds) -> Composed:
    """Write documents that are right together, and beside them those that are not, under names that are not loaded."""
    documents = sorted(written, key=lambda document: document.ref)
    unfinished = [(left, left.written) for left in left_out if left.written is not None]
    folders = Folders([*(document for _, document in unfinished), *documents])
    specs = {document.ref: _spec(document, kinds) for document in documents}
    shared = _shared(documents, specs, folders)
    files: dict[str, str] = {}
    paths: dict[ResourceRef, str] = {}
    for document in documents:
        path = paths[document.ref] = folders.path_of(document)
        remarks = [*document.comments, *_remarks(document.oddities)]
        files[path] = _text(document, specs[document.ref], path, remarks)
    for folder, by_kind in shared.items():
        path = f"{folder}/defaults.yaml"
        files[path] = _document(path, DEFAULTS, {"name": folder}, by_kind, ())
    for left, document in unfinished:
        path = folders.path_of(document)
        paths[document.ref] = path + LEFT_OUT
        why = [f"left out: {left.reason}", f"to do: {left.decide}"]
        remarks = [*why, *_remarks(document.oddities)]
        files[path + LEFT_OUT] = _text(document, _spec(document, kinds), path, remarks)
    return Composed(dict(sorted(files.items())), paths)


def document_text(document: Written, kinds: Kinds) -> str:
    """Return one document as text that ends in a line's end, with nothing shared and no comment."""
    metadata = {"name": document.name, **document.metadata}
    lines = _lines(document.ref.kind, metadata, _spec(document, kinds))
    return "\n".join(lines) + "\n"


def _spec(document: Written, kinds: Kinds) -> dict[str, Json]:
    spec = tidied(kinds[document.ref.kind], document.spec)
    return extract_role_defaults(spec) if document.ref.kind == "DeploymentMap" else spec


def _shared(
    documents: Sequence[Written], specs: dict[ResourceRef, dict[str, Json]], folders: Folders
) -> dict[str, dict[str, Json]]:
    """Take what a folder's documents of a kind share out of ``specs``; return it by folder and kind."""
    together: dict[tuple[str, str], list[ResourceRef]] = {}
    for document in documents:
        together.setdefault((folders.folder_of(document), document.ref.kind), []).append(
            document.ref
        )
    shared: dict[str, dict[str, Json]] = {}
    for (folder, kind), refs in sorted(together.items()):
        if kind not in OWN or len(refs) < _SHARING_FROM.get(kind, _SHARING_FROM_ELSE):
            continue
        lifted, rest = extract_defaults([specs[ref] for ref in refs], OWN[kind])
        if lifted:
            shared.setdefault(folder, {})[kind] = lifted
            specs.update(zip(refs, rest, strict=True))
    return shared


def _text(document: Written, spec: dict[str, Json], path: str, remarks: Iterable[str]) -> str:
    metadata = {"name": document.name, **document.metadata}
    return _document(path, document.ref.kind, metadata, spec, remarks)


def _document(
    path: str, kind: str, metadata: dict[str, Json], spec: dict[str, Json], remarks: Iterable[str]
) -> str:
    printable = ("".join(c if c.isprintable() else " " for c in remark) for remark in remarks)
    comments = [f"# {remark}".rstrip() for remark in printable]
    up = "../" * path.count("/")
    first = f"# yaml-language-server: $schema={up}{SCHEMAS}/{file_name(kind)}"
    return "\n".join([first, *comments, *_lines(kind, metadata, spec)]) + "\n"


def _lines(kind: str, metadata: dict[str, Json], spec: dict[str, Json]) -> list[str]:
    body = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata}
    # A spec has its fields one to a line, however short it is: that is where people go on writing.
    lines = ["spec:", *yaml_lines(spec, 1)] if spec else ["spec: {}"]
    return [*yaml_lines(body), *lines]


def _remarks(oddities: Iterable[Oddity]) -> Iterator[str]:
    for odd in oddities:
        yield f"found: {odd.found}"
        yield f"  written: {odd.written}"
        if odd.decide:
            yield f"  to decide: {odd.decide}"


def extract_defaults(
    specs: list[dict[str, Json]], own: Collection[str] = frozenset()
) -> tuple[dict[str, Json], list[dict[str, Json]]]:
    """Return what the specs share, and each of them without it. Laying a spec over what is shared gives it again.

    A field is lifted if each spec has it, with the same value, or, from three specs on, with one value that most have;
    a map only as a whole, for maps merge.
    """
    if len(specs) <= 1:
        return {}, specs
    shared: dict[str, Json] = {}
    for name in specs[0]:
        if name not in own and all(name in spec for spec in specs):
            value = _most([spec[name] for spec in specs])
            if value is not None:
                shared[name] = value
    common = {name: canonical_bytes(value) for name, value in shared.items()}
    return shared, [
        {
            name: value
            for name, value in spec.items()
            if name not in common or canonical_bytes(value) != common[name]
        }
        for spec in specs
    ]


def extract_role_defaults(spec: dict[str, Json]) -> dict[str, Json]:
    """Return the spec of a map with what its roles share in roleDefaults."""
    roles = spec.get("roles")
    if "roleDefaults" in spec or not isinstance(roles, list):
        return spec
    shared, rest = extract_defaults(roles, _OWN_OF_A_ROLE)
    if not shared:
        return spec
    return {"roleDefaults": shared, **spec, "roles": rest}


def _most(values: list[Json]) -> Json:
    counted = Counter(map(canonical_bytes, values))
    winner, count = counted.most_common(1)[0]
    if count < len(values):
        if any(isinstance(value, dict) for value in values):
            return None
        if len(values) < FEWEST_FOR_MOST or 2 * count <= len(values):
            return None
    return next(value for value in values if canonical_bytes(value) == winner)


def _clean(name: str) -> str:
    cleaned = _STRANGE.sub("-", name).strip(".-")
    return cleaned[:120] or "unnamed"
