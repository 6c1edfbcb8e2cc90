"""What many say alike is said once: in the Defaults of their folder, and in a map's roleDefaults."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from controller.model.canonical import canonical_bytes

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

Json = Any


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
