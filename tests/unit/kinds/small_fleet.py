"""A fleet of a few objects that break no rule, and what kinds say of a document held against it."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from controller.catalog import kinds
from controller.kinds.language.fields import merge
from controller.kinds.language.kind import DEFAULT_RULES, Finding, Kind
from controller.kinds.language.spec import merge_derived
from controller.model.ref import ResourceRef
from controller.model.table import Items

Documents = Mapping[tuple[str, str], dict[str, Any]]

SUBNETS = {
    "PrivateApp": {"availabilityZoneA": "subnet-a", "availabilityZoneB": "subnet-b"},
    "PrivateSecure": {
        "availabilityZoneA": "subnet-c",
        "availabilityZoneB": "subnet-d",
        "secure": True,
    },
}
CONSUL = {
    "dataCenter": "staging",
    "servers": ["10.0.0.10"],
    "securityTokenPath": {"bucket": "secrets", "key": "consul.json"},
}
ENVIRONMENT_TYPE = {
    "account": "staging-eu",
    "vpcId": "vpc-1",
    "subnets": SUBNETS,
    "consul": CONSUL,
    "deploymentBucket": "packages",
    "loadBalancers": ["lb1.acme.example"],
}
WEB = {
    "serverRoleName": "Web",
    "owningCluster": "Tango",
    "ami": "web-1.4.2",
    "autoScalingSettings": {"minCapacity": 1, "desiredCapacity": 2, "maxCapacity": 4},
}
ENVIRONMENT = {
    "environmentType": "Staging",
    "owningCluster": "Tango",
    "deploymentMap": "web",
    "alertSettings": "EnvironmentOwner",
}
UPSTREAM = {"environmentName": "c50", "serviceName": "Search"}
VIRTUAL_HOST = {
    "environmentName": "c50",
    "listen": [443],
    "serverName": ["www.c50.acme.example"],
    "frontEnd": True,
    "locations": [{"path": "/search", "proxyPass": "http://c50-Search"}],
}
PERIODS = [{"days": "mon-fri", "from": "08:00", "to": "19:00"}]

FLEET: Documents = {
    ("Account", "staging-eu"): {"accountNumber": "012345670123"},
    ("NotificationSettings", "team-tango"): {"notificationEmail": ["tango@acme.example"]},
    ("Cluster", "Tango"): {
        "shortName": "ta",
        "keyPair": "tango",
        "groupEmailAddress": "tango@acme.example",
        "notificationSettingsId": "team-tango",
    },
    ("EnvironmentType", "Staging"): ENVIRONMENT_TYPE,
    ("EnvironmentType", "Prod"): ENVIRONMENT_TYPE,
    ("EnvironmentType", "Common"): ENVIRONMENT_TYPE,
    ("Service", "Search"): {"owningCluster": "Tango", "bluePort": 40012, "greenPort": 40013},
    ("DeploymentMap", "web"): {"roles": [WEB]},
    ("Environment", "c50"): ENVIRONMENT,
    ("Environment", "pr1"): {**ENVIRONMENT, "environmentType": "Prod"},
    ("Environment", "cm1"): {**ENVIRONMENT, "environmentType": "Common"},
    ("Upstream", "c50-Search"): UPSTREAM,
    ("Upstream", "pr1-Search"): {**UPSTREAM, "environmentName": "pr1"},
    ("Upstream", "cm1-Search"): {**UPSTREAM, "environmentName": "cm1"},
    ("LoadBalancerSetting", "www.c50.acme.example"): VIRTUAL_HOST,
    ("Template", "linux"): {
        "description": "for all",
        "text": "#!/bin/sh\necho {{ environment }}\n",
    },
    ("Calendar", "holidays"): {"dates": [{"date": "2027-03-26", "name": "Good Friday"}]},
    ("Schedule", "office-hours"): {"timezone": "Europe/London", "periods": PERIODS},
    ("Permission", "team-tango"): {"permissions": [{"cluster": "tango"}]},
}
"""(kind, metadata.name) -> spec as authored."""


def without(fleet: Documents, *keys: tuple[str, str]) -> Documents:
    """Return the fleet without some objects."""
    return {key: spec for key, spec in fleet.items() if key not in keys}


def changed(fleet: Documents, kind: str, name: str, **fields: Any) -> Documents:
    """Return the fleet with fields of one object changed; None takes a field away."""
    return {**fleet, (kind, name): merge(fleet[kind, name], fields)}


class FleetWorld:
    """Answers from the facts of a fleet."""

    default_region = "eu-west-1"
    allowed_secrets = DEFAULT_RULES.allowed_secrets
    allowed_role_names = DEFAULT_RULES.allowed_role_names

    def __init__(self, fleet: Documents, compatibility: str = "none") -> None:
        self.compatibility = compatibility
        self._facts: dict[tuple[str, str], Any] = {}
        for (of, name), spec in fleet.items():
            kind = kinds()[of]
            instance = spec_of(kind, spec)
            key = kind.key(name, instance)
            self._facts[of, key] = kind.facts(key, instance)

    def facts(self, kind: str, key: str) -> Any:
        return self._facts.get((kind, key))

    def names(self, kind: str) -> Iterable[str]:
        return [key for of, key in self._facts if of == kind]


def spec_of(kind: Kind[Any], authored: Mapping[str, Any]) -> Any:
    """Return the validated spec of an authored one. Raises pydantic's ValidationError."""
    spec = merge({}, authored)
    return kind.spec.model_validate(kind.expand(spec))


def dumped(spec: Any) -> dict[str, Any]:
    """Return a spec as ``project`` takes it."""
    found: dict[str, Any] = spec.__pydantic_serializer__.to_python(
        spec, by_alias=True, exclude_none=True
    )
    return found


def complaints(
    of: str, name: str, authored: Mapping[str, Any], fleet: Documents = FLEET, *, mode: str = "none"
) -> list[str]:
    """Return everything that is wrong with a document, as ``path: message``, warnings left out."""
    try:
        return [
            f"{_dotted(found.path)}: {found.message}"
            for found in findings(of, name, authored, fleet, mode=mode)
            if not found.warning
        ]
    except ValidationError as error:
        return [
            f"{_dotted(('spec', *detail['loc']))}: {detail['msg']}" for detail in error.errors()
        ]


def findings(
    of: str, name: str, authored: Mapping[str, Any], fleet: Documents = FLEET, *, mode: str = "none"
) -> list[Finding]:
    """Return what the kind's rules find in a valid document."""
    kind = kinds()[of]
    spec = spec_of(kind, authored)
    key = kind.key(name, spec)
    world = FleetWorld(fleet, mode)
    facts = kind.facts(key, spec)
    return list(kind.findings(ResourceRef(of, key), facts, world))


def items(of: str, name: str, authored: Mapping[str, Any], fleet: Documents = FLEET) -> Items:
    """Return the items of a document with what is derived from the fleet."""
    kind = kinds()[of]
    spec = spec_of(kind, authored)
    key = kind.key(name, spec)
    own = kind.project(key, dumped(spec))
    if kind.derive is None:
        return own
    derived = kind.derive(ResourceRef(of, key), kind.facts(key, spec), FleetWorld(fleet))
    merged: Items = merge_derived(own, derived)
    return merged


def _dotted(path: Iterable[Any]) -> str:
    return ".".join(map(str, path))
