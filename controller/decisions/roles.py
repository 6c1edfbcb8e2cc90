"""The roles an environment has, as the accepted documents say: those of its map, with what it has otherwise laid over them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from controller.kinds import deployment_map, environment
from controller.kinds.language.kind import Kind
from controller.kinds.parts.role_override import effective_roles
from controller.kinds.parts.server_role import ServerRole
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.ref import ResourceRef


def roles_of(name: str, accepted: AcceptedState) -> Mapping[str, ServerRole] | None:
    """Return an environment's roles by name; None where its map cannot be read back from the tables.

    The environment itself is one that can be read back. Roles that are not enabled are left out.
    """
    ref = ResourceRef("Environment", name)
    of_map = map_of(name, accepted)
    if of_map not in accepted.resources or accepted.specs.get(of_map) is None:
        return None
    shared, own = accepted.resources[of_map].document, accepted.resources[ref].document
    return _laid_over(shared, _own(own))


def map_of(name: str, accepted: AcceptedState) -> ResourceRef:
    """Return the map an environment names; it need not exist."""
    return ResourceRef("DeploymentMap", accepted.spec("Environment", name).deployment_map)


@lru_cache(maxsize=8192)
def _own(document: bytes) -> bytes:
    return canonical_bytes(_expanded(environment.KIND, document).get("roles") or {})


@lru_cache(maxsize=4096)
def _laid_over(of_map: bytes, own: bytes) -> Mapping[str, ServerRole]:
    """Most environments share a map and differ in little: each pair is worked out once."""
    return effective_roles(_expanded(deployment_map.KIND, of_map), parse_canonical(own))


def _expanded(kind: Kind[Any], document: bytes) -> dict[str, Any]:
    """Return a document's spec with its short forms written out."""
    spec: dict[str, Any] = parse_canonical(document)["spec"]
    return kind.expand(spec) if kind.expand else spec
