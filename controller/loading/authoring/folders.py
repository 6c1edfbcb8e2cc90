"""Where the document of an object is written: one file each, in folders people would look in."""

import re
from collections.abc import Iterable

from controller.loading.authoring.found import Written

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


def schema_line(path: str, schema: str) -> str:
    """Return the line that tells an editor which schema a file has, from where it stands."""
    up = "../" * path.count("/")
    return f"# yaml-language-server: $schema={up}{SCHEMAS}/{schema}"


def _clean(name: str) -> str:
    cleaned = _STRANGE.sub("-", name).strip(".-")
    return cleaned[:120] or "unnamed"
